-- A line that is not a person's message: what a moderator did, or the room itself. It takes effect in the same step.
-- KEYS: 1 meta  2 log  3 bans
-- ARGV: 1 line as JSON, without number and time  2 channel  3 epoch, should the room need one
--       4 who did it and why, as JSON, for the books alone; empty for the room itself
--       then pairs: 'hset' field value (of meta) | 'ban' uid until (0: for ever) | 'unban' uid | 'del' number | 'purge' uid
-- Returns {epoch, number, time}
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local epoch = redis.call('HGET', KEYS[1], 'e')
if not epoch then
  epoch = ARGV[3]
  redis.call('HSET', KEYS[1], 'e', epoch, 's', 0)
  redis.call('DEL', KEYS[2])
end
local i = 5
while i <= #ARGV do
  local what = ARGV[i]
  if what == 'hset' then
    redis.call('HSET', KEYS[1], ARGV[i + 1], ARGV[i + 2])
    i = i + 3
  elseif what == 'ban' then
    redis.call('HSET', KEYS[3], ARGV[i + 1], ARGV[i + 2])
    i = i + 3
  elseif what == 'unban' then
    redis.call('HDEL', KEYS[3], ARGV[i + 1])
    i = i + 2
  elseif what == 'del' then
    redis.call('XDEL', KEYS[2], ARGV[i + 1] .. '-0')
    i = i + 2
  elseif what == 'purge' then
    local lines = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 5000)
    for j = 1, #lines do
      if lines[j][2][2] == ARGV[i + 1] then redis.call('XDEL', KEYS[2], lines[j][1]) end
    end
    i = i + 2
  else
    return redis.error_reply('unknown effect ' .. what)
  end
end
local s = redis.call('HINCRBY', KEYS[1], 's', 1)
redis.call('XADD', KEYS[2], s, 'u', '', 'd', ARGV[1], 't', now, 'm', ARGV[4])
redis.call('PUBLISH', ARGV[2], s .. '|' .. epoch .. '|' .. now .. '|' .. ARGV[1])
return {epoch, s, now}

-- A line for a room: who may write, and how often, and its number, in one step.
-- KEYS: 1 meta  2 log  3 bans  4 idempotency  5 rate  6 slow mode  7 what the room has shown this second
-- ARGV: 1 uid  2 rank (0 guest, 1 member, 2 moderator, 3 owner)  3 line as JSON, without number and time
--       4 channel  5 epoch, should the room need one  6 interval ms  7 tolerance ms  8 lines a second of a room
--       9 modes that this person may write this in, as ',all,followers,'
-- Returns {'ok', epoch, number, time} | {'dup', epoch, number} | {'err', code, ms to wait}
--         {'unknown'} when Redis has lost the room's settings and bans: they are brought first
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local rank = tonumber(ARGV[2])
if rank < 1 then return {'err', 'read_only', 0} end
if redis.call('HEXISTS', KEYS[1], 'known') == 0 then return {'unknown'} end
local done = redis.call('GET', KEYS[4])
if done then
  local at = string.find(done, ':')
  return {'dup', string.sub(done, 1, at - 1), tonumber(string.sub(done, at + 1))}
end
local ban = redis.call('HGET', KEYS[3], ARGV[1])
if ban then
  ban = tonumber(ban)
  if ban == 0 then return {'err', 'banned', 0} end
  if ban > now then return {'err', 'timed_out', ban - now} end
  redis.call('HDEL', KEYS[3], ARGV[1])
end
local meta = redis.call('HMGET', KEYS[1], 'e', 'slow', 'frozen', 'mode')
if rank < 2 then
  if meta[3] == '1' then return {'err', 'chat_closed', 0} end
  local mode = meta[4] or 'all'
  if not string.find(ARGV[9], ',' .. mode .. ',', 1, true) then
    return {'err', mode == 'emote' and 'emote_only' or 'not_member', 0}
  end
  local slow = tonumber(meta[2] or '0')
  if slow > 0 then
    local left = redis.call('PTTL', KEYS[6])
    if left > 0 then return {'err', 'slow_mode', left} end
  end
  local tat = tonumber(redis.call('GET', KEYS[5]) or '0')
  if tat < now then tat = now end
  if tat - ARGV[7] > now then return {'err', 'rate_limited', tat - ARGV[7] - now} end
  local shown = redis.call('INCR', KEYS[7])
  if shown == 1 then redis.call('PEXPIRE', KEYS[7], 1000) end
  if shown > tonumber(ARGV[8]) then return {'err', 'room_busy', 1000} end
  redis.call('SET', KEYS[5], tat + ARGV[6], 'PX', ARGV[7] + ARGV[6] + 1000)
  if slow > 0 then redis.call('SET', KEYS[6], '1', 'PX', slow * 1000) end
end
local epoch = meta[1]
if not epoch then
  epoch = ARGV[5]
  redis.call('HSET', KEYS[1], 'e', epoch, 's', 0)
  redis.call('DEL', KEYS[2])
end
local s = redis.call('HINCRBY', KEYS[1], 's', 1)
redis.call('XADD', KEYS[2], s, 'u', ARGV[1], 'd', ARGV[3], 't', now)
redis.call('EXPIRE', KEYS[2], 604800)
redis.call('SET', KEYS[4], epoch .. ':' .. s, 'PX', 300000)
redis.call('PUBLISH', ARGV[4], s .. '|' .. epoch .. '|' .. now .. '|' .. ARGV[3])
return {'ok', epoch, s, now}

-- A line that is not a person's message: what a moderator did, or the room itself. It takes effect in the same step.
-- KEYS: 1 meta  2 log  3 bans  4 idempotency, when a client asked for it and may ask again
-- ARGV: 1 line as JSON, without number and time  2 channel  3 epoch, should the room need one
--       4 who did it and why, as JSON, for the books alone; empty for the room itself
--       then effects: 'set' field value (of the settings; the line tells all of them) | 'pin' number | 'unpin'
--                     'ban' uid until (0: for ever) | 'unban' uid | 'del' number | 'purge' uid
-- Returns {epoch, number, time}, or nothing when what is to be pinned is not there any more
local done = KEYS[4] and redis.call('GET', KEYS[4])
if done then
  local at = string.find(done, ':')
  return {string.sub(done, 1, at - 1), tonumber(string.sub(done, at + 1)), 0}
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local line = ARGV[1]
local told = false

-- How JSON.stringify writes these fields; a person's text has its quotes escaped, so it cannot look like them.
local function isPin(data)
  return string.find(data, '"k":"pin"', 1, true) ~= nil
end
local function has(data, field, value)
  return string.find(data, '"' .. field .. '":' .. value .. ',', 1, true) ~= nil
    or string.find(data, '"' .. field .. '":' .. value .. '}', 1, true) ~= nil
end
-- A message that was pinned stands in the line that said so, too.
local function forget(isMeant)
  local lines = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 5000)
  for j = 1, #lines do
    if isMeant(lines[j][2][2], lines[j][2][4]) then redis.call('XDEL', KEYS[2], lines[j][1]) end
  end
end
local function unpinIf(field, value)
  local pin = redis.call('HGET', KEYS[1], 'pin')
  if pin and has(pin, field, value) then redis.call('HSET', KEYS[1], 'pin', '') end
end

local epoch = redis.call('HGET', KEYS[1], 'e')
if not epoch then
  epoch = ARGV[3]
  redis.call('HSET', KEYS[1], 'e', epoch, 's', 0)
  redis.call('DEL', KEYS[2])
end
local i = 5
while i <= #ARGV do
  local what, first, second = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if what == 'set' then
    redis.call('HSET', KEYS[1], first, second)
    told = true
    i = i + 3
  elseif what == 'pin' then
    local found = redis.call('XRANGE', KEYS[2], first .. '-0', first .. '-0')[1]
    if not found or string.find(found[2][4], '"k":"msg"', 1, true) == nil then return false end
    local message = cjson.decode(found[2][4])
    local pin = '"u":' .. cjson.encode(message.u) .. ',"n":' .. cjson.encode(message.n) .. ',"b":' .. cjson.encode(message.b) .. '}'
    redis.call('HSET', KEYS[1], 'pin', '{"s":' .. first .. ',"ts":' .. found[2][6] .. ',"k":"msg",' .. pin)
    line = '{"k":"pin","of":' .. first .. ',' .. pin
    i = i + 2
  elseif what == 'unpin' then
    redis.call('HSET', KEYS[1], 'pin', '')
    i = i + 1
  elseif what == 'ban' then
    redis.call('HSET', KEYS[3], first, second)
    i = i + 3
  elseif what == 'unban' then
    redis.call('HDEL', KEYS[3], first)
    i = i + 2
  elseif what == 'del' then
    redis.call('XDEL', KEYS[2], first .. '-0')
    forget(function(_, data) return isPin(data) and has(data, 'of', first) end)
    unpinIf('s', first)
    i = i + 2
  elseif what == 'purge' then
    local theirs = cjson.encode(first)
    forget(function(uid, data) return uid == first or (isPin(data) and has(data, 'u', theirs)) end)
    unpinIf('u', theirs)
    i = i + 2
  else
    return redis.error_reply('unknown effect ' .. what)
  end
end
if told then
  local set = redis.call('HMGET', KEYS[1], 'slow', 'mode', 'frozen', 'notices', 'emotes')
  line = string.sub(line, 1, -2) .. ',"set":{"slow":' .. (set[1] or '0') .. ',"mode":"' .. (set[2] or 'all')
    .. '","frozen":' .. (set[3] == '1' and 'true' or 'false') .. ',"notices":"' .. (set[4] or 'moderators')
    .. '","emotes":' .. (set[5] or '0') .. '}}'
end
local s = redis.call('HINCRBY', KEYS[1], 's', 1)
redis.call('XADD', KEYS[2], s, 'u', '', 'd', line, 't', now, 'm', ARGV[4])
redis.call('PUBLISH', ARGV[2], s .. '|' .. epoch .. '|' .. now .. '|' .. line)
redis.call('EXPIRE', KEYS[2], 604800)
if KEYS[4] then redis.call('SET', KEYS[4], epoch .. ':' .. s, 'PX', 300000) end
return {epoch, s, now}

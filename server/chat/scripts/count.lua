-- How many viewers a room has, for everybody, when it is not too soon to say it again.
-- KEYS: 1 viewers of the room  2 said lately  3 what was said last
-- ARGV: 1 channel  2 room  3 pause ms  4 pause of a large room ms  5 how many are large  6 '1' says it now, and even if known
-- Returns the number, or -1 when it is too soon.
if ARGV[6] ~= '1' and redis.call('EXISTS', KEYS[2]) == 1 then return -1 end
local viewers = redis.call('HLEN', KEYS[1])
local pause = ARGV[3]
if viewers > tonumber(ARGV[5]) then pause = ARGV[4] end
redis.call('SET', KEYS[2], '1', 'PX', pause)
if ARGV[6] == '1' or redis.call('GET', KEYS[3]) ~= tostring(viewers) then
  redis.call('SET', KEYS[3], viewers, 'EX', 86400)
  redis.call('PUBLISH', ARGV[1], ARGV[2] .. ' ' .. viewers)
end
return viewers

-- A room whose numbers went back, as after a failover: they go on behind what was already given out, under a new epoch.
-- KEYS: 1 meta. ARGV: 1 epoch that went back  2 highest number that was seen in it  3 new epoch
-- Of all nodes that find out, the first does it. Lines that are left stay readable, and `from` says where the new ones begin.
-- Returns the epoch that holds now.
local meta = redis.call('HMGET', KEYS[1], 'e', 's')
if meta[1] ~= ARGV[1] or tonumber(meta[2] or '0') >= tonumber(ARGV[2]) then return meta[1] end
redis.call('HSET', KEYS[1], 'e', ARGV[3], 's', ARGV[2], 'from', ARGV[2])
return ARGV[3]

-- Viewers are with this node in this room.
-- KEYS: 1 lease  2 viewers of the node  3 viewers of the room (viewer -> nodes)  4 those who were swept a moment ago
-- ARGV: viewers. Without a lease the node was swept: it must take a new name first, or nobody would ever sweep this.
-- Returns how many viewers the room has, or -1, and after it those whom no node had before.
if redis.call('EXISTS', KEYS[1]) == 0 then return {-1} end
local new = {}
for i = 1, #ARGV do
  if redis.call('SADD', KEYS[2], ARGV[i]) == 1 and redis.call('HINCRBY', KEYS[3], ARGV[i], 1) == 1
    and redis.call('SREM', KEYS[4], ARGV[i]) == 0 then
    new[#new + 1] = ARGV[i]
  end
end
redis.call('EXPIRE', KEYS[2], 86400)
redis.call('EXPIRE', KEYS[3], 86400)
return {redis.call('HLEN', KEYS[3]), unpack(new)}

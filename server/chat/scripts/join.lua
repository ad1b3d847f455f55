-- A viewer is with this node in this room. KEYS: lease, viewers of the node, viewers of the room (viewer -> nodes).
-- ARGV[1] viewer. Without a lease the node was swept: it must take a new name first, or nobody would ever sweep this.
-- Returns how many viewers the room has, or -1.
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
for i = 1, #ARGV do
  if redis.call('SADD', KEYS[2], ARGV[i]) == 1 then redis.call('HINCRBY', KEYS[3], ARGV[i], 1) end
end
redis.call('EXPIRE', KEYS[2], 86400)
redis.call('EXPIRE', KEYS[3], 86400)
return redis.call('HLEN', KEYS[3])

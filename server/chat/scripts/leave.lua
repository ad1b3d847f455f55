-- Viewers have left this node. KEYS: viewers of the node, viewers of the room. ARGV: viewers.
-- Returns how many viewers the room has, and after it those whom no node has any more.
local gone = {}
for i = 1, #ARGV do
  if redis.call('SREM', KEYS[1], ARGV[i]) == 1 and redis.call('HINCRBY', KEYS[2], ARGV[i], -1) <= 0 then
    redis.call('HDEL', KEYS[2], ARGV[i])
    gone[#gone + 1] = ARGV[i]
  end
end
return {redis.call('HLEN', KEYS[2]), unpack(gone)}

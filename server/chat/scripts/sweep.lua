-- Takes a dead node's viewers out of a room: nobody saw them leave, and nobody will see them come back.
-- KEYS: lease, viewers of the node, viewers of the room, those who were swept a moment ago. ARGV[1]: how many.
-- Any node may run it, also two at once. Returns how many are left, or -1 while the node lives.
if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
local viewers = redis.call('SPOP', KEYS[2], ARGV[1])
for i = 1, #viewers do
  if redis.call('HINCRBY', KEYS[3], viewers[i], -1) <= 0 then
    redis.call('HDEL', KEYS[3], viewers[i])
    redis.call('SADD', KEYS[4], viewers[i])
  end
end
redis.call('EXPIRE', KEYS[4], 60)
return redis.call('SCARD', KEYS[2])

-- A connection more of somebody, or from somewhere, when all nodes together have room for it.
-- KEYS[1] node -> connections. ARGV: 1 this node  2 its connections with this one  3 how many in all  4… nodes that live
-- Returns 1, or 0 when it is one too many, or the nodes of which nobody said whether they live; then nothing is written.
local live = {}
for i = 4, #ARGV do live[ARGV[i]] = true end
local others, unknown = 0, {}
local seats = redis.call('HGETALL', KEYS[1])
for i = 1, #seats, 2 do
  if seats[i] ~= ARGV[1] then
    if live[seats[i]] then others = others + tonumber(seats[i + 1]) else table.insert(unknown, seats[i]) end
  end
end
if #unknown > 0 then return unknown end
if others + tonumber(ARGV[2]) > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], 86400)
return 1

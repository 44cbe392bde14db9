--[[
  In which state each child of a root is, by name alone: to find those of one state among ten thousand.

  KEYS[1] root job (its children's hashes hang on this name)
  KEYS[2…] lists of active jobs, one for each queue of the run's children
  ARGV[1] start of the ids of the run's children

  Returns { keys of completed children, keys of failed ones, ids of active ones }
]]
local active = {}
for i = 2, #KEYS do
  for _, id in ipairs(redis.call('LRANGE', KEYS[i], 0, -1)) do
    if string.sub(id, 1, #ARGV[1]) == ARGV[1] then active[#active + 1] = id end
  end
end
return { redis.call('HKEYS', KEYS[1] .. ':processed'), redis.call('HKEYS', KEYS[1] .. ':failed'), active }

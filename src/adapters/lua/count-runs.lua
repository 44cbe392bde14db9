--[[
  How many runs stand in each of some indexes.

  KEYS… indexes (sorted sets)

  Returns a number for each.
]]
local counts = {}
-- A producer's user may count members in a range, and not ask for their number.
for i, key in ipairs(KEYS) do counts[i] = redis.call('ZCOUNT', key, '-inf', '+inf') end
return counts

--[[
  Tells which workflows are paused.

  KEYS[1] paused workflows (hash)
  ARGV[1] base of the sets of what is held back (in the same hash slot)

  Returns { workflow, pause (JSON), how many jobs are held back } for each.
]]
local workflows = {}
local known = redis.call('HGETALL', KEYS[1])
for at = 1, #known, 2 do
  -- By its scores: a producer's user may count members in a range, and not ask for their number.
  local held = redis.call('ZCOUNT', ARGV[1] .. known[at], '-inf', '+inf')
  workflows[#workflows + 1] = { known[at], known[at + 1], held }
end
return workflows

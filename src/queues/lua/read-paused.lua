--[[
  Tells which workflows are paused.

  KEYS[1] paused workflows (hash)
  ARGV[1] base of the sets of what is held back (in the same hash slot)

  Returns { workflow, pause (JSON), how many jobs are held back } for each.
]]
local workflows = {}
local known = redis.call('HGETALL', KEYS[1])
for at = 1, #known, 2 do
  workflows[#workflows + 1] = { known[at], known[at + 1], redis.call('ZCARD', ARGV[1] .. known[at]) }
end
return workflows

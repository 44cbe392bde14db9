--[[
  Appends children to a run's root from inside one of its jobs: `append-children.lua`, which stands above this text, fenced.

  KEYS[1] lock of the writing job: the root, or a child of it that has not completed yet
  KEYS[2] root job
  KEYS[3] log of the run (hash)
  KEYS[4] stream of settled runs
  KEYS[5…] the keys of each job to add, in turn
  ARGV[1] the writer's lock token
  ARGV[2] run id
  ARGV[3] phase to enter, or an empty string
  ARGV[4] base of the index keys (in the same hash slot)
  ARGV[5] 'forward' or 'any'
  ARGV[6] jobs to add (JSON)
  ARGV[7…] the arguments of each job to add, in turn

  Returns what `appendChildren` does; { 'fenced-off' } too when another attempt of the writing job has begun
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'fenced-off' } end
local to = { root = KEYS[2], log = KEYS[3], settled = KEYS[4], run = ARGV[2], phase = ARGV[3], index = ARGV[4], way = ARGV[5] }
return appendChildren(to, cjson.decode(ARGV[6]), KEYS, 5, ARGV, 7)

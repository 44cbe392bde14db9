--[[
  Moves a run into a phase that its readers and its index must know: it undoes itself, or it waits for a person. In the
  second case whoever waits for the run is told, as at its end: it will not go on by itself.

  KEYS[1] log of the run (hash)
  KEYS[2] lock of the writing job
  KEYS[3] stream of settled runs
  ARGV[1] the writer's lock token
  ARGV[2] phase
  ARGV[3] base of the index keys (in the same hash slot)
  ARGV[4] run id

  Returns { 'recorded' } | { 'fenced-off' }
]]
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 'fenced-off' } end
local entry = redis.call('HMGET', KEYS[1], 'workflow', 'createdAt', 'phase', 'outcome')
local workflow, createdAt, before = entry[1], entry[2], entry[3] or 'open'
if not workflow or entry[4] or before == ARGV[2] then return { 'recorded' } end
redis.call('HSET', KEYS[1], 'phase', ARGV[2])
for _, name in ipairs({ workflow, '*' }) do
  redis.call('ZREM', ARGV[3] .. ':' .. name .. ':' .. before, ARGV[4])
  redis.call('ZADD', ARGV[3] .. ':' .. name .. ':' .. ARGV[2], createdAt, ARGV[4])
end
if ARGV[2] ~= 'compensating' then
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'run', ARGV[4], 'status', ARGV[2])
end
return { 'recorded' }

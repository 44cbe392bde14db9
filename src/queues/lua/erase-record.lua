--[[
  Erases what we keep of a run, after its jobs: until this is done the run is there, and can be erased again.
  `drop-run.lua` stands above this text.

  KEYS[1] log of the run (hash)
  KEYS[2] set of runs that are to stop
  ARGV[1] run id
  ARGV[2] base of the index keys (in the same hash slot)
  ARGV[3] base of the log keys
  ARGV[4] workflow, as the id has it

  Returns { 'erased' } | { 'not-ended' } (it was begun anew in the meantime)
]]
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HEXISTS', KEYS[1], 'outcome') == 0 then return { 'not-ended' } end
local base, ends = string.match(redis.call('HGET', KEYS[1], 'atEnd') or '', '^(.*%.)(%d+)$')
for delivery = 0, tonumber(ends or -1) do redis.call('ZREM', ARGV[2] .. ':~untold', base .. delivery) end
dropRun(ARGV[2], ARGV[3], redis.call('HGET', KEYS[1], 'workflow') or ARGV[4], ARGV[1])
redis.call('SREM', KEYS[2], ARGV[1])
return { 'erased' }

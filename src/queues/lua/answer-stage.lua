--[[
  Answers a stage that waits: an approval, or a signal. The first answer stands. The stage's job goes, and with it, when it
  was the last, the sleep of the root. `phases.lua` and `wake.lua` stand above this text.

  KEYS[1] log of the run (hash)
  KEYS[2] root job
  KEYS[3] stream of settled runs
  KEYS[4] the stage's job
  ARGV[1] run id
  ARGV[2] stage
  ARGV[3] answer (JSON)
  ARGV[4] what a person said (JSON), or an empty string
  ARGV[5] base of the index keys (in the same hash slot)
  ARGV[6] '1' when it may come before the stage waits for it
  ARGV[7] start of the keys of jobs that ask a person

  Returns { 'answered' } | { 'answered-before', the answer that stands } | { 'ended' } | { 'unknown' } | { 'stopping' }
        | { 'not-asked' }
]]
local log, root, job = KEYS[1], KEYS[2], KEYS[4]
local field = 'answer/' .. ARGV[2]
local entry = redis.call('HMGET', log, 'workflow', 'outcome', 'stop', field, 'phase')
if not entry[1] then return { 'unknown' } end
-- The client sends a script again when its reply was lost: the very same answer is this call's own, no earlier one.
if entry[4] == ARGV[3] then return { 'answered' } end
if entry[4] then return { 'answered-before', entry[4] } end
if entry[2] then return { 'ended' } end
if entry[3] then return { 'stopping' } end
if ARGV[6] ~= '1' and redis.call('SISMEMBER', root .. ':dependencies', job) == 0 then return { 'not-asked' } end
redis.call('HSET', log, field, ARGV[3])
redis.call('HINCRBY', log, cjson.decode(ARGV[3]).error and 'answered/failed' or 'answered/completed', 1)
if ARGV[4] ~= '' then redis.call('HSET', log, 'word/' .. redis.call('HINCRBY', log, 'words', 1), ARGV[4]) end
take(job)
if entry[5] == 'waiting_approval' then
  for _, other in ipairs(redis.call('SMEMBERS', root .. ':dependencies')) do
    if string.sub(other, 1, #ARGV[7]) == ARGV[7] then return { 'answered' } end
  end
  enterPhase(log, KEYS[3], ARGV[5], ARGV[1], '')
end
return { 'answered' }

--[[
  Marks a run as one that is to stop, and tells every worker. The first cause stands. From here on no step of it begins and
  nothing that goes forward is appended. `wake.lua` and `phases.lua` stand above this text.

  KEYS[1] log of the run (hash)
  KEYS[2] root job
  KEYS[3] set of runs that are to stop
  KEYS[4] lock of the writing job, where a job of the run itself stops it
  KEYS[5] stream of settled runs
  ARGV[1] the writer's lock token, or an empty string
  ARGV[2] run id
  ARGV[3] why (JSON)
  ARGV[4] channel on which workers are told
  ARGV[5] base of the index keys (in the same hash slot)

  Returns { 'stopping', runs that stand for its stages… } | { 'ended' } | { 'unknown' } | { 'undoing' } (it undoes itself already)
        | { 'past-pivot', step } (it can only go forward) | { 'fenced-off' }
]]
local log = KEYS[1]
if ARGV[1] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[1] then return { 'fenced-off' } end
local entry = redis.call('HMGET', log, 'workflow', 'outcome', 'phase', 'pivot')
if not entry[1] then return { 'unknown' } end
if entry[2] then return { 'ended' } end
if entry[3] == 'compensating' or entry[3] == 'compensation_stuck' then return { 'undoing' } end
-- Begun is enough: nobody knows whether it has happened until its end is recorded.
if entry[4] and redis.call('HEXISTS', log, 'intent/' .. entry[4]) == 1 then return { 'past-pivot', entry[4] } end
redis.call('HSETNX', log, 'stop', ARGV[3])
redis.call('SADD', KEYS[3], ARGV[2])
redis.call('PUBLISH', ARGV[4], ARGV[2])
-- Its questions are taken away with its other children: whoever waits for it must not be told that it waits for a person.
enterPhase(log, KEYS[5], ARGV[5], ARGV[2], '')
-- One that sleeps until a time, or that nothing would wake, sees at once that it is to stop.
wake(KEYS[2])
local reply = { 'stopping' }
for _, field in ipairs(redis.call('HKEYS', log)) do
  if string.sub(field, 1, 7) == 'nested/' then reply[#reply + 1] = cjson.decode(redis.call('HGET', log, field)).run end
end
return reply

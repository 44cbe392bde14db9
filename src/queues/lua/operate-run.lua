--[[
  Writes down what a person said of a run that asks one, changes the facts by it, takes the question away and so wakes the
  root. `leftovers.lua`, `phases.lua` and `wake.lua` stand above this text.

  KEYS[1] log of the run (hash)
  KEYS[2] root job
  KEYS[3] stream of settled runs
  KEYS[4] job of the question
  ARGV[1] run id
  ARGV[2] phase in which it may be said
  ARGV[3] phase that the run goes back to, or an empty string: it goes forward
  ARGV[4] base of the index keys (in the same hash slot)
  ARGV[5] what was said (JSON)
  ARGV[6] fields of the log to set (JSON object of strings)
  ARGV[7] key of a failed child that is to be forgotten, so that it is appended again; or an empty string

  Returns { 'said' } | { 'moved-on' } (the run has another question by now, or none)
]]
local log, root, question = KEYS[1], KEYS[2], KEYS[4]
if redis.call('HEXISTS', log, 'outcome') == 1 or redis.call('HGET', log, 'phase') ~= ARGV[2] then return { 'moved-on' } end
if redis.call('SISMEMBER', root .. ':dependencies', question) == 0 then return { 'moved-on' } end
redis.call('HSET', log, 'word/' .. redis.call('HINCRBY', log, 'words', 1), ARGV[5])
for field, value in pairs(cjson.decode(ARGV[6])) do redis.call('HSET', log, field, value) end
if ARGV[7] ~= '' then
  redis.call('HDEL', root .. ':failed', ARGV[7])
  forget(ARGV[7])
end
enterPhase(log, KEYS[3], ARGV[4], ARGV[1], ARGV[3])
take(question)
return { 'said' }

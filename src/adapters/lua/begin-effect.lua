--[[
  Records that an effect is about to happen, before it happens: whatever becomes of this attempt, the run knows that it
  may have happened, and how to take it back.

  KEYS[1] log of the run (hash)
  KEYS[2] lock of the writing job
  ARGV[1] the writer's lock token
  ARGV[2] stage
  ARGV[3] intent (JSON)
  ARGV[4] 'forward' for a step, 'back' for an undo

  Returns { 'begun', previous intent or '' } | { 'already-done', record } | { 'stopped' } (the run is to stop, and a step
  may not begin any more) | { 'fenced-off' }
]]
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 'fenced-off' } end
local done = redis.call('HGET', KEYS[1], 'done/' .. ARGV[2])
if done then return { 'already-done', done } end
if redis.call('EXISTS', KEYS[1]) == 0 then return { 'fenced-off' } end
if ARGV[4] == 'forward' and redis.call('HEXISTS', KEYS[1], 'stop') == 1 then return { 'stopped' } end
local field = 'intent/' .. ARGV[2]
local previous = redis.call('HGET', KEYS[1], field)
-- The client sends a script again when its reply was lost: the very same intent is this attempt's own, no earlier one.
if previous == ARGV[3] then previous = false end
redis.call('HSET', KEYS[1], field, ARGV[3])
return { 'begun', previous or '' }

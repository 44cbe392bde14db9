--[[
  Counts how one branch of a fan-out ended, once, and tells how all stand: two that end in the same moment would each see
  the other as running, and nobody would know that the result is decided.

  KEYS[1] log of the run (hash)
  KEYS[2] lock of the writing job
  ARGV[1] the writer's lock token
  ARGV[2] stage
  ARGV[3] how it ended: 'completed' | 'failed'

  Returns { 'counted', completed, failed, planned } | { 'fenced-off' }
]]
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 'fenced-off' } end
if redis.call('HSETNX', KEYS[1], 'vote/' .. ARGV[2], ARGV[3]) == 1 then
  redis.call('HINCRBY', KEYS[1], 'tally/' .. ARGV[3], 1)
end
local counts = redis.call('HMGET', KEYS[1], 'tally/completed', 'tally/failed', 'planned')
return { 'counted', counts[1] or '0', counts[2] or '0', counts[3] or '0' }

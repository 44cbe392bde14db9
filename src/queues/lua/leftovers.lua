--[[
  Jobs of an earlier run of the same id: its key was used, the run ended, and its record went with its retention. BullMQ
  keeps jobs by a count and an age of its own, and may have them still. Taken for the new run's, they would answer with the
  old results, or park the root for ever.
]]
local function hasEnded(job)
  local queue, id = string.match(job, '^(.*:)([^:]+)$')
  return redis.call('ZSCORE', queue .. 'completed', id) or redis.call('ZSCORE', queue .. 'failed', id)
end

local function isLeftover(job, root)
  return redis.call('HGET', job, 'parentKey') == root and hasEnded(job)
end

local function forget(job)
  local queue, id = string.match(job, '^(.*:)([^:]+)$')
  redis.call('ZREM', queue .. 'completed', id)
  redis.call('ZREM', queue .. 'failed', id)
  redis.call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
end

-- The clocks of a run, to be stopped at its end.
local function noteTimer(log, job)
  local known = redis.call('HGET', log, 'timers')
  redis.call('HSET', log, 'timers', (known and known .. ' ' or '') .. job)
end

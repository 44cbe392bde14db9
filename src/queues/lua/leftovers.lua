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
  redis.call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful', job .. ':told')
end

-- When each clock of a run is due, by its job: it is stopped at the run's end, and wound again when its job is lost.
local function clocksOf(log)
  local known = redis.call('HGET', log, 'clocks')
  return known and cjson.decode(known) or {}
end

local function noteClock(log, job, due)
  local clocks = clocksOf(log)
  clocks[job] = due
  redis.call('HSET', log, 'clocks', cjson.encode(clocks))
end

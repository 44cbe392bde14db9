--[[
  Holding a job back while its workflow is paused: it lies among the delayed ones, a year ahead, and its key in the set of
  what is held, from which `release-held.lua` takes it. A job whose year is over is held again by the worker that gets it.
]]
local HELD_FOR_MS = 365 * 86400000

local function holdScore(delayed, now)
  local from = (now + HELD_FOR_MS) * 0x1000
  local last = redis.call('ZREVRANGEBYSCORE', delayed, from + 0xfff, from, 'WITHSCORES', 'LIMIT', 0, 1)
  return last[2] and math.min(tonumber(last[2]) + 1, from + 0xfff) or from
end

-- A job that has just been added and that no worker has. In another's queue it may have no priority.
local function holdWaiting(job, held, now)
  local queue, id = string.match(job, '^(.*:)([^:]+)$')
  if redis.call('ZREM', queue .. 'prioritized', id) + redis.call('LREM', queue .. 'wait', 1, id) == 0 then return end
  redis.call('ZADD', queue .. 'delayed', holdScore(queue .. 'delayed', now), id)
  redis.call('HSET', job, 'delay', HELD_FOR_MS)
  redis.call('ZADD', held, now, job)
end

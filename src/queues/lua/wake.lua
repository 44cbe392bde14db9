--[[
  Taking a job from a root by BullMQ's own removal, which wakes the root when it was the last; and waking a root that sleeps
  without a child, or until a time.
]]
local function parts(key) return string.match(key, '^(.*:)([^:]+)$') end

-- True when it is gone; false when a worker has it.
local function take(job)
  local queue, id = parts(job)
  return bullmq.removeJob({ job, queue .. 'repeat' }, { id, '0', queue }) == 1
end

-- Nothing happens to one that is not delayed.
local function promote(job)
  local queue, id = parts(job)
  local keys = {}
  for at, name in ipairs({ 'delayed', 'wait', 'paused', 'meta', 'prioritized', 'active', 'pc', 'events', 'marker' }) do
    keys[at] = queue .. name
  end
  bullmq.promote(keys, { queue, id })
end

local function wake(root)
  local queue, id = parts(root)
  if redis.call('ZSCORE', queue .. 'waiting-children', id) then
    if redis.call('SCARD', root .. ':dependencies') > 0 then return end
    redis.call('ZREM', queue .. 'waiting-children', id)
    redis.call('ZADD', queue .. 'delayed', 0, id)
  end
  promote(root)
end

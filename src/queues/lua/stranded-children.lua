--[[
  Looks through one page of the runs that have not ended, oldest first, for roots that sleep for a child which has ended, or
  is gone, without its root having been told: BullMQ before 5.7.5 fails a job that stalled too often, and forgets its parent;
  a job's keys may be deleted by hand; and when BullMQ 5 resumes a queue of its own, it overwrites the list in which a job of
  ours waits there, which then is in no list at all. What the child left is written where BullMQ would have written it, and the root is
  woken when that was its last. `wake.lua` and `leftovers.lua` stand above this text.

  KEYS[1] index of open runs
  ARGV[1] rank to begin at
  ARGV[2] how many to look at
  ARGV[3] base of the root keys (in the same hash slot)
  ARGV[4] how many children of one root at most, by chance: of the rest another look takes care
  ARGV[5] prefix of our keys

  Returns { next rank or 0 at the end, run id… }
]]
local from, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local runs = redis.call('ZRANGE', KEYS[1], from, from + count - 1)

-- Looking through a long list takes a while: of those that are left another look takes care.
local searches = 50

-- A job in another's queue that is in none of its lists: nobody would ever run it.
local function isStray(child, queue, id)
  local rest = string.sub(child, 1, #ARGV[5] + 1) == ARGV[5] .. ':' and string.sub(child, #ARGV[5] + 2) or ''
  if string.match(rest, '^[^:]+:[^:]+$') or searches == 0 or redis.call('EXISTS', child .. ':lock') == 1 then return false end
  for _, set in ipairs({ 'prioritized', 'delayed', 'waiting-children' }) do
    if redis.call('ZSCORE', queue .. set, id) then return false end
  end
  searches = searches - 1
  for _, list in ipairs({ 'active', 'wait', 'paused' }) do
    if redis.call('LPOS', queue .. list, id) then return false end
  end
  return true
end

-- True when the root has been told now.
local function tell(root, child)
  local queue, id = parts(child)
  if redis.call('ZSCORE', queue .. 'failed', id) then
    redis.call('HSET', root .. ':failed', child, redis.call('HGET', child, 'failedReason') or 'its job failed')
  elseif redis.call('ZSCORE', queue .. 'completed', id) then
    redis.call('HSET', root .. ':processed', child, redis.call('HGET', child, 'returnvalue') or 'null')
  elseif redis.call('EXISTS', child) == 1 then
    if not isStray(child, queue, id) then return false end
    forget(child)
  end
  return redis.call('SREM', root .. ':dependencies', child) == 1
end

local mended = {}
for _, run in ipairs(runs) do
  local root = ARGV[3] .. run
  local queue, id = parts(root)
  if redis.call('ZSCORE', queue .. 'waiting-children', id) then
    local told = false
    for _, child in ipairs(redis.call('SRANDMEMBER', root .. ':dependencies', ARGV[4])) do
      told = tell(root, child) or told
    end
    if told then
      mended[#mended + 1] = run
      wake(root)
    end
  end
end
return { #runs < count and 0 or from + count, unpack(mended) }

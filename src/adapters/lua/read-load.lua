--[[
  How much there is to do: how many runs stand in some indexes, and of each queue how many jobs wait, for how long, and what
  else it holds. A constant number of reads for each, whatever it holds; only commands that a producer's and a dashboard's user
  may send.

  KEYS… indexes of runs (sorted sets by time of acceptance), then the base of each queue's keys, with its colon
  ARGV[1] number of indexes
  ARGV[2] number of priorities that jobs may have

  Returns [ [ number of runs, time of acceptance of the oldest or '' ]…,
            [ waiting, paused, prioritized, active, delayed, waiting-children, when the oldest waiting one was added or '' ]… ]
]]
local indexes, priorities = tonumber(ARGV[1]), tonumber(ARGV[2])
local counted = {}
for i = 1, indexes do
  local oldest = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  counted[i] = { redis.call('ZCOUNT', KEYS[i], '-inf', '+inf'), oldest[2] or '' }
end

-- In BullMQ a priority's jobs lie between its multiple of 2^32 and the next, in the order in which they came; at the multiple
-- itself are those that `finish-effect.lua` has put before them.
local BAND = 4294967296
local function oldestOf(queue)
  local ids = { redis.call('LINDEX', queue .. 'wait', -1), redis.call('LINDEX', queue .. 'paused', -1) }
  local found = {}
  for n = 1, 2 do if ids[n] then found[#found + 1] = ids[n] end end
  for priority = 1, priorities do
    local from, to = string.format('%.0f', priority * BAND), string.format('(%.0f', (priority + 1) * BAND)
    for _, range in ipairs({ { from, from }, { '(' .. from, to } }) do
      local first = redis.call('ZRANGE', queue .. 'prioritized', range[1], range[2], 'BYSCORE', 'LIMIT', 0, 1)
      if first[1] then found[#found + 1] = first[1] end
    end
  end
  local oldest
  for _, id in ipairs(found) do
    local added = tonumber(redis.call('HGET', queue .. id, 'timestamp') or '')
    if added and (not oldest or added < oldest) then oldest = added end
  end
  return oldest and string.format('%.0f', oldest) or ''
end

local queues = {}
for i = indexes + 1, #KEYS do
  local queue = KEYS[i]
  queues[#queues + 1] = {
    redis.call('LLEN', queue .. 'wait'),
    redis.call('LLEN', queue .. 'paused'),
    redis.call('ZCOUNT', queue .. 'prioritized', '-inf', '+inf'),
    redis.call('LLEN', queue .. 'active'),
    redis.call('ZCOUNT', queue .. 'delayed', '-inf', '+inf'),
    redis.call('ZCOUNT', queue .. 'waiting-children', '-inf', '+inf'),
    oldestOf(queue),
  }
end
return { counted, queues }

--[[
  Erases the jobs of a run that has ended, a page at a time, and what their queues' streams of events tell of them: events
  carry what jobs returned. The root goes last, since it alone knows its children. `leftovers.lua` stands above this text.

  KEYS[1] log of the run (hash); absent for a run whose retention is over, of which BullMQ may have jobs still
  KEYS[2] root job
  ARGV[1] run id
  ARGV[2] how many jobs at most

  Returns { 'more', queue… } | { 'erased', queue… } (those whose jobs were erased, as key prefixes, perhaps repeated)
        | { 'unknown' } | { 'not-ended' } | { 'busy' } (a worker has a job of it)
]]
local log, root = KEYS[1], KEYS[2]
local isKept, hasRoot = redis.call('EXISTS', log) == 1, redis.call('EXISTS', root) == 1
if not isKept and not hasRoot then return { 'unknown' } end
if isKept and redis.call('HEXISTS', log, 'outcome') == 0 then return { 'not-ended' } end
if hasRoot and not hasEnded(root) then return { isKept and 'busy' or 'not-ended' } end

local left, reply = tonumber(ARGV[2]), { 'more' }
local function erase(job)
  reply[#reply + 1] = string.match(job, '^(.*:)[^:]+$')
  forget(job)
  left = left - 1
end
for _, ended in ipairs({ root .. ':processed', root .. ':failed' }) do
  for _, child in ipairs(redis.call('HKEYS', ended)) do
    if left <= 0 then return reply end
    if redis.call('EXISTS', child .. ':lock') == 1 then return { 'busy' } end
    erase(child)
    redis.call('HDEL', ended, child)
  end
end
local timers = {}
for clock in pairs(isKept and clocksOf(log) or {}) do timers[#timers + 1] = clock end
-- Whoever is to be told of its end is told no more. Each retry in its place had a job of its own for that.
local base, ends = string.match(isKept and redis.call('HGET', log, 'atEnd') or '', '^(.*%.)(%d+)$')
for delivery = 0, tonumber(ends or -1) do timers[#timers + 1] = base .. delivery end
for _, timer in ipairs(timers) do
  if redis.call('EXISTS', timer .. ':lock') == 1 then return { 'busy' } end
  local queue, id = string.match(timer, '^(.*:)([^:]+)$')
  redis.call('ZREM', queue .. 'delayed', id)
  redis.call('ZREM', queue .. 'prioritized', id)
  erase(timer)
end
erase(root)
reply[1] = 'erased'
return reply

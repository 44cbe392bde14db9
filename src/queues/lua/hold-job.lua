--[[
  Holds a job back that a worker has just been given, if its workflow is paused and its run has not begun. BullMQ's
  `moveToDelayed` stands above this text as a function.

  A run has begun once anything of it is recorded or has ended, or a worker had a job of it before the pause. When it
  began is the worker's word; when it was paused, the pausing process's.

  KEYS[1] log of the run (hash)
  KEYS[2] root job
  KEYS[3] lock of the job
  KEYS[4] the job
  KEYS[5] what is paused (hash)
  KEYS[6] jobs of the workflow that are held back (sorted set)
  ARGV[1] the worker's lock token
  ARGV[2] workflow
  ARGV[3] time, ms
  ARGV[4] children of a root up to which none of them was appended by the root

  Returns { 'held' } | { 'go-on' } | { 'fenced-off' }
]]
local log, root, job = KEYS[1], KEYS[2], KEYS[4]
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return { 'fenced-off' } end
local paused = redis.call('HGET', KEYS[5], ARGV[2])
if not paused or redis.call('EXISTS', log) == 0 then return { 'go-on' } end

local RECORDED = { intent = true, done = true, attempt = true, asked = true, vote = true }
local function hasBegun()
  for _, field in ipairs(redis.call('HKEYS', log)) do
    if field == 'stop' or field == 'outcome' or field == 'phase' or field == 'decision' then return true end
    if RECORDED[string.match(field, '^(%a+)/') or ''] then return true end
  end
  if redis.call('HLEN', root .. ':processed') + redis.call('HLEN', root .. ':failed') > 0 then return true end
  if redis.call('SCARD', root .. ':dependencies') > tonumber(ARGV[4]) then return true end
  local since = cjson.decode(paused).at
  for _, child in ipairs(redis.call('SMEMBERS', root .. ':dependencies')) do
    local begun = child ~= job and tonumber(redis.call('HGET', child, 'processedOn') or '')
    if begun and begun < since then return true end
  end
  return false
end
if hasBegun() then return { 'go-on' } end

local queue, id = string.match(job, '^(.*:)([^:]+)$')
local keys = {}
for at, name in ipairs({ 'marker', 'active', 'prioritized', 'delayed', id, 'events', 'meta', 'stalled', 'wait', 'limiter', 'pc' }) do
  keys[at] = queue .. name
end
local moved = bullmq.moveToDelayed(keys, { queue, ARGV[3], id, ARGV[1], tostring(365 * 86400000), '1', '', '0', '' })
if moved ~= 0 then return { 'fenced-off' } end
redis.call('ZADD', KEYS[6], ARGV[3], job)
-- As if no worker had ever had it: neither an attempt nor a beginning.
redis.call('HINCRBY', job, 'ats', -1)
redis.call('HDEL', job, 'processedOn')
return { 'held' }

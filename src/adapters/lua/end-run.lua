--[[
  Ends a run once: records its outcome, moves it in the index, starts its retention, tells whoever waits. Then drops a
  few other runs of the same workflow whose retention is over, oldest first, so that no end is slow. `drop-run.lua` stands
  above this text.

  Redis does not take back what a script wrote before it failed. So the numbers are checked before anything is written, and
  the outcome is written last: a run that reads as ended is ended everywhere, one whose end failed can be ended again.

  KEYS[1] log of the run (hash)
  KEYS[2] lock of its root job
  KEYS[3] stream of settled runs
  KEYS[4] set of runs that are to stop
  ARGV[1] the writer's lock token
  ARGV[2] outcome (JSON)
  ARGV[3] status
  ARGV[4] run id
  ARGV[5] base of the index keys (in the same hash slot)
  ARGV[6] base of the log keys
  ARGV[7] time of the end, ms
  ARGV[8] retention: age, ms
  ARGV[9] retention: count of ended runs of one workflow
  ARGV[10] what is told of its end elsewhere (JSON), or an empty string
  ARGV[11] how long that is kept at most, ms

  Returns { 'ended', the outcome that stands } | { 'fenced-off' }
]]
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 'fenced-off' } end
local entry = redis.call('HMGET', KEYS[1], 'workflow', 'createdAt', 'phase', 'outcome', 'atEnd')
local workflow, createdAt, before, outcome = entry[1], entry[2], entry[3] or 'open', entry[4]
if outcome then return { 'ended', outcome } end
if not workflow then return { 'ended', ARGV[2] } end

local finishedAt, age, count = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
for name, number in pairs({ finishedAt = finishedAt or 0.5, age = age or 0.5, count = count or 0.5 }) do
  if number < 1 or number % 1 ~= 0 then
    return redis.error_reply('ERR ' .. name .. ' is no whole number from 1; nothing was written')
  end
end

local index = ARGV[5]
local byEnd = index .. ':' .. workflow .. ':ended'
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'run', ARGV[4], 'status', ARGV[3])
redis.call('ZADD', byEnd, ARGV[7], ARGV[4])
for _, name in ipairs({ workflow, '*' }) do
  redis.call('ZADD', index .. ':' .. name .. ':' .. ARGV[3], createdAt, ARGV[4])
  redis.call('ZREM', index .. ':' .. name .. ':' .. before, ARGV[4])
  redis.call('ZREM', index .. ':' .. name .. ':attention', ARGV[4])
end
redis.call('SREM', KEYS[4], ARGV[4])
-- Its clocks stop: one that still waits would keep its job for nothing, perhaps for months.
-- When they were due is kept with the run, for whoever has it go on.
for timer in pairs(cjson.decode(redis.call('HGET', KEYS[1], 'clocks') or '{}')) do
  local queue, id = string.match(timer, '^(.*:)([^:]+)$')
  if redis.call('ZREM', queue .. 'delayed', id) == 1 then redis.call('DEL', timer) end
end
-- What was to be done at its end is due: the job that tells of it to a program elsewhere. A worker that idles is woken as
-- BullMQ wakes it for a job that it may take at once.
if entry[5] then
  local queue, id = string.match(entry[5], '^(.*:)([^:]+)$')
  -- What it tells is kept beside it: it may be told long after the run's retention is over, or after the run goes on.
  if ARGV[10] ~= '' then
    redis.call('SET', entry[5] .. ':told', ARGV[10], 'PX', ARGV[11])
    redis.call('ZADD', index .. ':~untold', ARGV[7], entry[5])
  end
  if redis.call('ZSCORE', queue .. 'delayed', id) then
    redis.call('ZADD', queue .. 'delayed', 0, id)
    redis.call('ZADD', queue .. 'marker', 0, '0')
  end
end

local function drop(run)
  -- Never the run that is ending, which is the oldest by its clock when that clock is slow: nobody would learn its outcome.
  if run ~= ARGV[4] then dropRun(index, ARGV[6], workflow, run) end
end
for _, run in ipairs(redis.call('ZRANGEBYSCORE', byEnd, '-inf', '(' .. (finishedAt - age), 'LIMIT', 0, 5)) do drop(run) end
local tooMany = redis.call('ZCARD', byEnd) - count
if tooMany > 0 then
  for _, run in ipairs(redis.call('ZRANGE', byEnd, 0, math.min(tooMany, 5) - 1)) do drop(run) end
end

redis.call('PEXPIRE', KEYS[1], ARGV[8])
redis.call('HDEL', KEYS[1], 'phase')
redis.call('HSET', KEYS[1], 'outcome', ARGV[2], 'status', ARGV[3], 'finishedAt', ARGV[7])
return { 'ended', ARGV[2] }

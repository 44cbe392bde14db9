--[[
  Accepts a run, or recognises one that was accepted before: its log, its place in the index, its root job and its first
  children come into being together or not at all. BullMQ's own scripts that add jobs, `leftovers.lua`,
  `drop-run.lua` and `hold.lua` stand above this text as functions. Of a workflow that is paused nothing begins.

  KEYS[1] log of the run (hash)
  KEYS[2] root job
  KEYS[3…] the keys of each job to add, in turn
  ARGV[1] run id
  ARGV[2] digest of the input
  ARGV[3] workflow
  ARGV[4] time of acceptance, ms
  ARGV[5] base of the index keys (in the same hash slot)
  ARGV[6] fields of the log (JSON object of strings), among them perhaps `tags` (a JSON object of strings in turn)
  ARGV[7] base of the log keys
  ARGV[8] of a run that stands for a stage of another: attempts that this stage had had before
  ARGV[9] jobs to add (JSON): [{ script, keys, args, job, timer? }], the root first, `job` being the job's own
          key
  ARGV[10…] the arguments of each job to add, in turn

  Returns { 'accepted' } | { 'duplicate' } | { 'conflict' } (same key, other input)
        | { 'stopped' } (the run of whose stages this is one is to stop, or has ended)
        | { 'blocked', key } (a job of that name is there without the run's log, and has not ended)
]]
local known = redis.call('HGET', KEYS[1], 'inputHash')
if known then return { known == ARGV[2] and 'duplicate' or 'conflict' } end
local root = KEYS[2]
local jobs = cjson.decode(ARGV[9])
local fields = cjson.decode(ARGV[6])
local parent = fields.parent and cjson.decode(fields.parent)
if parent then
  local entry = redis.call('HMGET', ARGV[7] .. parent.run, 'workflow', 'stop', 'outcome')
  if not entry[1] or entry[2] or entry[3] then return { 'stopped' } end
end
for _, job in ipairs(jobs) do
  if redis.call('EXISTS', job.job) == 1 and not job.timer then
    local old = (job.job == root and hasEnded(root)) or isLeftover(job.job, root)
    if not old then return { 'blocked', job.job } end
  end
end
for _, job in ipairs(jobs) do forget(job.job) end
-- An earlier run of the same key may still stand in the index, and would take this one with it when it is dropped.
if redis.call('ZSCORE', ARGV[5] .. ':' .. ARGV[3] .. ':ended', ARGV[1]) then dropRun(ARGV[5], ARGV[7], ARGV[3], ARGV[1]) end

for field, value in pairs(fields) do redis.call('HSET', KEYS[1], field, value) end
if parent then
  local outer, field = ARGV[7] .. parent.run, 'nested/' .. parent.stage
  local nested = { run = ARGV[1], after = tonumber(ARGV[8]) }
  local before = redis.call('HGET', outer, field)
  -- An erasure finds each run that has stood for the stage: they have the same input.
  if before then
    before = cjson.decode(before)
    nested.earlier = before.earlier or {}
    if before.run ~= nested.run then table.insert(nested.earlier, before.run) end
    if #nested.earlier == 0 then nested.earlier = nil end
  end
  redis.call('HSET', outer, field, cjson.encode(nested))
end
if fields.tags then
  redis.call('HSET', ARGV[5] .. ':~tags', ARGV[1], fields.tags)
  for name, value in pairs(cjson.decode(fields.tags)) do
    redis.call('ZADD', ARGV[5] .. ':~tag:' .. name .. '=' .. value, ARGV[4], ARGV[1])
  end
end
for _, name in ipairs({ ARGV[3], '*' }) do
  redis.call('ZADD', ARGV[5] .. ':' .. name .. ':*', ARGV[4], ARGV[1])
  redis.call('ZADD', ARGV[5] .. ':' .. name .. ':open', ARGV[4], ARGV[1])
end

local k, a = 3, 10
for _, job in ipairs(jobs) do
  bullmq[job.script](slice(KEYS, k, job.keys), slice(ARGV, a, job.args))
  if job.timer == 'at-end' then
    redis.call('HSET', KEYS[1], 'atEnd', job.job)
  elseif job.timer then
    noteClock(KEYS[1], job.job, job.timer)
  end
  k, a = k + job.keys, a + job.args
end
if redis.call('HEXISTS', ARGV[5] .. ':~paused', ARGV[3]) == 1 then
  for _, job in ipairs(jobs) do
    if not job.timer then holdWaiting(job.job, ARGV[5] .. ':~held:' .. ARGV[3], tonumber(ARGV[4])) end
  end
end
return { 'accepted' }

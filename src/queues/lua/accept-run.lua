--[[
  Accepts a run, or recognises one that was accepted before: its log, its place in the index, its root job and its first
  children come into being together or not at all. BullMQ's own scripts that add jobs, and `leftovers.lua`, stand above
  this text as functions.

  KEYS[1] log of the run (hash)
  KEYS[2] root job
  KEYS[3…] the keys of each job to add, in turn
  ARGV[1] run id
  ARGV[2] digest of the input
  ARGV[3] workflow
  ARGV[4] time of acceptance, ms
  ARGV[5] base of the index keys (in the same hash slot)
  ARGV[6] fields of the log (JSON object of strings)
  ARGV[7] jobs to add (JSON): [{ script, keys, args, job, timer? }], the root first, `job` being the job's own
          key
  ARGV[8…] the arguments of each job to add, in turn

  Returns { 'accepted' } | { 'duplicate' } | { 'conflict' } (same key, other input)
        | { 'blocked', key } (a job of that name is there without the run's log, and has not ended)
]]
local known = redis.call('HGET', KEYS[1], 'inputHash')
if known then return { known == ARGV[2] and 'duplicate' or 'conflict' } end
local root = KEYS[2]
local jobs = cjson.decode(ARGV[7])
for _, job in ipairs(jobs) do
  if redis.call('EXISTS', job.job) == 1 and not job.timer then
    local old = (job.job == root and hasEnded(root)) or isLeftover(job.job, root)
    if not old then return { 'blocked', job.job } end
  end
end
for _, job in ipairs(jobs) do forget(job.job) end

for field, value in pairs(cjson.decode(ARGV[6])) do redis.call('HSET', KEYS[1], field, value) end
for _, name in ipairs({ ARGV[3], '*' }) do
  redis.call('ZADD', ARGV[5] .. ':' .. name .. ':*', ARGV[4], ARGV[1])
  redis.call('ZADD', ARGV[5] .. ':' .. name .. ':open', ARGV[4], ARGV[1])
end

local k, a = 3, 8
for _, job in ipairs(jobs) do
  bullmq[job.script](slice(KEYS, k, job.keys), slice(ARGV, a, job.args))
  if job.timer == 'clock' then noteTimer(KEYS[1], job.job) end
  if job.timer == 'at-end' then redis.call('HSET', KEYS[1], 'atEnd', job.job) end
  k, a = k + job.keys, a + job.args
end
return { 'accepted' }

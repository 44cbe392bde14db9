--[[
  Begins an ended run anew in its place: the results of the stages that are not done again stand, and its root is added
  again over them. BullMQ's own scripts that add jobs, and `leftovers.lua`, stand above this text.

  KEYS[1] log of the run (hash)
  KEYS[2] root job
  KEYS[3…] the keys of each job to add, in turn
  ARGV[1] run id
  ARGV[2] status with which it ended
  ARGV[3] base of the index keys (in the same hash slot)
  ARGV[4] what a person said (JSON)
  ARGV[5] fields of the log to set (JSON object of strings)
  ARGV[6] stages that are done again (JSON): [{ stage, job }]
  ARGV[7] jobs to add (JSON): [{ script, keys, args, job, timer? }]: the root, clocks that have not run out, what is due at the end
  ARGV[8…] the arguments of each job to add, in turn

  Returns { 'reopened' } | { 'moved-on' } (somebody else was faster, or its retention is over)
        | { 'not-yet' } (its outcome is recorded, but its root has not completed, or waits for a child that a worker has)
]]
local log, root, index, run = KEYS[1], KEYS[2], ARGV[3], ARGV[1]
local entry = redis.call('HMGET', log, 'workflow', 'createdAt', 'status')
local workflow, createdAt = entry[1], entry[2]
if not workflow or entry[3] ~= ARGV[2] or redis.call('HEXISTS', log, 'erasing') == 1 then return { 'moved-on' } end
if redis.call('EXISTS', root) == 1 and not hasEnded(root) then return { 'not-yet' } end

redis.call('PERSIST', log)
redis.call('HDEL', log, 'outcome', 'status', 'finishedAt', 'stop', 'clocks')
redis.call('HSET', log, 'word/' .. redis.call('HINCRBY', log, 'words', 1), ARGV[4])
for field, value in pairs(cjson.decode(ARGV[5])) do redis.call('HSET', log, field, value) end
redis.call('ZREM', index .. ':' .. workflow .. ':ended', run)
for _, name in ipairs({ workflow, '*' }) do
  redis.call('ZREM', index .. ':' .. name .. ':' .. ARGV[2], run)
  redis.call('ZADD', index .. ':' .. name .. ':open', createdAt, run)
end
for _, again in ipairs(cjson.decode(ARGV[6])) do
  local answer = redis.call('HGET', log, 'answer/' .. again.stage)
  if answer then
    redis.call('HINCRBY', log, cjson.decode(answer).error and 'answered/failed' or 'answered/completed', -1)
    redis.call('HDEL', log, 'answer/' .. again.stage)
  end
  redis.call('HDEL', root .. ':failed', again.job)
  redis.call('HDEL', root .. ':processed', again.job)
  forget(again.job)
end
local queue, id = string.match(root, '^(.*:)([^:]+)$')
redis.call('ZREM', queue .. 'completed', id)
redis.call('ZREM', queue .. 'failed', id)
-- The hash alone: the results of its children hang on its name.
redis.call('DEL', root)
local k, a = 3, 8
for _, job in ipairs(cjson.decode(ARGV[7])) do
  local isThere = job.timer == 'at-end' and redis.call('EXISTS', job.job) == 1
  if job.timer == 'at-end' then
    redis.call('HSET', log, 'atEnd', job.job)
  elseif job.timer then
    forget(job.job)
    noteClock(log, job.job, job.timer)
  end
  if not isThere then bullmq[job.script](slice(KEYS, k, job.keys), slice(ARGV, a, job.args)) end
  k, a = k + job.keys, a + job.args
end
return { 'reopened' }

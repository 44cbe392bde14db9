--[[
  Appends children to a run's root, each at most once in the run's life. A stock add would do harm here: added again after
  it failed for good, a child parks its root for ever, and one whose record was removed would run twice. BullMQ's own
  scripts that add jobs, and `leftovers.lua`, stand above this text as functions.

  KEYS[1] lock of the writing job: the root, or a child of it that has not completed yet
  KEYS[2] root job
  KEYS[3…] the keys of each job to add, in turn
  ARGV[1] the writer's lock token
  ARGV[2] jobs to add (JSON): [{ script, keys, args, job }], `job` being the child's own key
  ARGV[3…] the arguments of each job to add, in turn

  Returns { 'appended', how many were new } | { 'blocked', key } (a job of that name exists that is no child of this root)
        | { 'fenced-off' }
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 'fenced-off' } end
local root = KEYS[2]
if redis.call('EXISTS', root) == 0 then return { 'fenced-off' } end

local function isChild(key)
  return redis.call('SISMEMBER', root .. ':dependencies', key) == 1
    or redis.call('HEXISTS', root .. ':processed', key) == 1
    or redis.call('HEXISTS', root .. ':failed', key) == 1
end

local jobs = cjson.decode(ARGV[2])
for _, job in ipairs(jobs) do
  if not isChild(job.job) and redis.call('EXISTS', job.job) == 1 and not isLeftover(job.job, root) then
    return { 'blocked', job.job }
  end
end
local added, k, a = 0, 3, 3
for _, job in ipairs(jobs) do
  if not isChild(job.job) then
    forget(job.job)
    bullmq[job.script](slice(KEYS, k, job.keys), slice(ARGV, a, job.args))
    added = added + 1
  end
  k, a = k + job.keys, a + job.args
end
return { 'appended', added }

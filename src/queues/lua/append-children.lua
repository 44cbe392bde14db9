--[[
  Appends children to a run's root, each at most once in the run's life, and enters the phase that goes with them. A stock
  add would do harm here: added again after it failed for good, a child parks its root for ever, and one whose record was
  removed would run twice. BullMQ's own scripts that add jobs, `leftovers.lua` and `phases.lua` stand above this text.

  to = { root, log, settled = stream of settled runs, index = base of the index keys, run = its id,
         phase = to enter, or an empty string,
         way = 'forward' for work that a run which is to stop does not begin any more; else 'any' }
  jobs: [{ script, keys, args, job, timer?, stage?, asked? }], `job` being the job's own key; `timer`: it is no child but a
        clock, due at this time; `stage` and `asked`: it waits for an answer, and is not added once the log has one
  keys, args: lists that hold those of each job, in turn, from `k` and from `a` on

  Returns { 'appended', how many were new, or are at work for this root again } | { 'blocked', key } (a job of that name
          exists that is no child of this root) | { 'stopped' } | { 'ended' } | { 'fenced-off' } (the root is gone)
]]
local function appendChildren(to, jobs, keys, k, args, a)
  local root, log = to.root, to.log
  if redis.call('EXISTS', root) == 0 then return { 'fenced-off' } end
  if redis.call('HEXISTS', log, 'outcome') == 1 then return { 'ended' } end
  if to.way == 'forward' and redis.call('HEXISTS', log, 'stop') == 1 then return { 'stopped' } end

  local clocks = clocksOf(log)
  local function isThere(job)
    -- One that the log knows and whose job is gone is wound again for the time that the log has.
    if job.timer then return clocks[job.job] or (redis.call('EXISTS', job.job) == 1 and not hasEnded(job.job)) end
    return redis.call('SISMEMBER', root .. ':dependencies', job.job) == 1
      or redis.call('HEXISTS', root .. ':processed', job.job) == 1
      or redis.call('HEXISTS', root .. ':failed', job.job) == 1
      or (job.stage and redis.call('HEXISTS', log, 'answer/' .. job.stage) == 1)
  end

  -- A child of this run whose root was lost, and made again without knowing it. One that ended before the run was accepted
  -- is an earlier run's.
  local createdAt = tonumber(redis.call('HGET', log, 'createdAt'))
  local function isOwn(job)
    if redis.call('HGET', job, 'parentKey') ~= root then return false end
    return not hasEnded(job) or tonumber(redis.call('HGET', job, 'timestamp')) >= createdAt
  end

  -- Written where BullMQ would have written it. True when the root may sleep for it.
  local function adopt(job)
    local queue, id = string.match(job, '^(.*:)([^:]+)$')
    if redis.call('ZSCORE', queue .. 'completed', id) then
      redis.call('HSET', root .. ':processed', job, redis.call('HGET', job, 'returnvalue') or 'null')
    elseif redis.call('ZSCORE', queue .. 'failed', id) then
      redis.call('HSET', root .. ':failed', job, redis.call('HGET', job, 'failedReason') or 'its job failed')
    else
      redis.call('SADD', root .. ':dependencies', job)
      return true
    end
    return false
  end

  for _, job in ipairs(jobs) do
    if not isThere(job) and redis.call('EXISTS', job.job) == 1 then
      if not isLeftover(job.job, root) and not isOwn(job.job) then return { 'blocked', job.job } end
    end
  end
  local added = 0
  for _, job in ipairs(jobs) do
    if isThere(job) then
      -- Nothing to do.
    elseif not job.timer and isOwn(job.job) then
      if adopt(job.job) then added = added + 1 end
    else
      forget(job.job)
      bullmq[job.script](slice(keys, k, job.keys), slice(args, a, job.args))
      if job.timer then
        noteClock(log, job.job, job.timer)
      else
        added = added + 1
      end
      if job.stage then redis.call('HSET', log, 'asked/' .. job.stage, job.asked) end
    end
    k, a = k + job.keys, a + job.args
  end
  -- A question that has been answered already must not leave the run waiting for its answer.
  if to.phase ~= '' and (to.phase ~= 'waiting_approval' or added > 0) then
    enterPhase(log, to.settled, to.index, to.run, to.phase)
  end
  return { 'appended', added }
end

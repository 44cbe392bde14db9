--[[
  Winds those clocks of a run again whose jobs are gone, and adds the job again that is to tell of its end. BullMQ's own scripts that add jobs, and `leftovers.lua`, stand
  above this text as functions.

  KEYS[1] log of the run (hash)
  KEYS[2…] the keys of each job to add, in turn
  ARGV[1] jobs to add (JSON): [{ script, keys, args, job, timer }]
  ARGV[2…] the arguments of each job to add, in turn

  Returns how many were added: none whose job is there, that has rung in the meantime, or whose run has ended.
]]
if redis.call('HEXISTS', KEYS[1], 'outcome') == 1 then return 0 end
local clocks, wound, k, a = clocksOf(KEYS[1]), 0, 2, 2
local function isMissing(job)
  if job.timer == 'at-end' then
    return redis.call('HGET', KEYS[1], 'atEnd') == job.job and redis.call('EXISTS', job.job) == 0
  end
  return clocks[job.job] and (redis.call('EXISTS', job.job) == 0 or hasEnded(job.job))
end
for _, job in ipairs(cjson.decode(ARGV[1])) do
  if isMissing(job) then
    forget(job.job)
    bullmq[job.script](slice(KEYS, k, job.keys), slice(ARGV, a, job.args))
    wound = wound + 1
  end
  k, a = k + job.keys, a + job.args
end
return wound

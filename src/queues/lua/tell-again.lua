--[[
  Adds a job that is to tell of a run's end again, where it is gone. BullMQ's own scripts that add jobs stand above this text
  as functions.

  KEYS[1] jobs that are to tell of an end (sorted set)
  KEYS[2…] the keys of the job to add
  ARGV[1] jobs to add (JSON): [{ script, keys, args, job }], one
  ARGV[2…] its arguments

  Returns 1 when it was added: not when it is there, or has told meanwhile.
]]
local job = cjson.decode(ARGV[1])[1]
if not redis.call('ZSCORE', KEYS[1], job.job) or redis.call('EXISTS', job.job) == 1 then return 0 end
bullmq[job.script](slice(KEYS, 2, job.keys), slice(ARGV, 2, job.args))
return 1

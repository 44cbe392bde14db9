--[[
  Ends the job of an effect: the effect is recorded, what comes next is appended, and the job completes, in one breath. Nobody
  can die in between, and a Redis that forgets its last second forgets all of it or nothing. Where this worker is given the job that was
  appended, the intent of its effect is recorded too. BullMQ's `moveToFinished` and what
  `append-children.lua` needs stand above this text.

  KEYS[1] lock of the job
  KEYS[2] root job
  KEYS[3] log of the run (hash)
  KEYS[4] stream of settled runs
  KEYS[5…18] those of `moveToFinished`
  KEYS[19…] the keys of each job to append, in turn
  ARGV[1] the job's lock token
  ARGV[2] run id
  ARGV[3] phase to enter, or an empty string
  ARGV[4] base of the index keys (in the same hash slot)
  ARGV[5] 'forward' or 'any'
  ARGV[6] field of the log for the effect's end; the first record stands
  ARGV[7] the effect's end (JSON)
  ARGV[8] field of the log for the next effect's intent, or an empty string; then one job is appended
  ARGV[9] that intent (JSON)
  ARGV[10…18] those of `moveToFinished`
  ARGV[19] jobs to append (JSON)
  ARGV[20…] the arguments of each job to append, in turn

  Returns what `moveToFinished` does: 0 or the next job to run, or a negative number by which BullMQ knows an error; behind the
  next job stands 'begun' where its intent was recorded. What could
  not be appended is left to the root, which wakes by this job's end and says why; only where it is gone nothing ends.
]]
local MISSING_KEY, NOT_THE_OWNER = -1, -6
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return NOT_THE_OWNER end
local root, log = KEYS[2], KEYS[3]
-- Of a run that has no record nothing is kept: nobody would ever remove it.
local isKnown = redis.call('HEXISTS', log, 'workflow') == 1
if isKnown then redis.call('HSETNX', log, ARGV[6], ARGV[7]) end
if redis.call('EXISTS', root) == 0 then return MISSING_KEY end
local jobs = cjson.decode(ARGV[19])
local appended
if #jobs > 0 then
  local to = { root = root, log = log, settled = KEYS[4], run = ARGV[2], phase = ARGV[3], index = ARGV[4], way = ARGV[5] }
  appended = appendChildren(to, jobs, KEYS, 19, ARGV, 20)
end
-- What goes on with a run comes before what begins others of its priority in this queue: runs end sooner, fewer are under way, and
-- the worker that knows this one goes on with it. In BullMQ a priority's jobs lie between its multiple of 2^32 and the next.
local BAND = 4294967296
local next = #jobs == 1 and appended[1] == 'appended' and jobs[1].job
local id = next and string.match(next, '([^:]+)$')
local score = id and redis.call('ZSCORE', KEYS[7], id)
if score then
  redis.call('ZADD', KEYS[7], 'XX', string.format('%.0f', math.floor(tonumber(score) / BAND) * BAND), id)
end
local reply = bullmq.moveToFinished(slice(KEYS, 5, 14), slice(ARGV, 10, 9))
-- The job that was appended is mostly the one that this worker has next. BullMQ's add has left a marker for it, by which a
-- worker that sleeps on the queue would wake to find nothing, at three trips to Redis.
local wait, prioritized, marker = KEYS[5], KEYS[7], KEYS[18]
if type(reply) == 'table' and redis.call('LLEN', wait) == 0 and redis.call('ZCARD', prioritized) == 0 then
  redis.call('ZREM', marker, '0')
end
-- By its lock it is this worker's; by its count of starts, nobody's before.
if ARGV[8] ~= '' and next and isKnown and redis.call('GET', next .. ':lock') == ARGV[1]
  and redis.call('HGET', next, 'ats') == '1' and redis.call('HSETNX', log, ARGV[8], ARGV[9]) == 1 then
  reply[#reply + 1] = 'begun'
end
return reply

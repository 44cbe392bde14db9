--[[
  Reads a run as of one moment: its log, and how the jobs under its root stand.

  KEYS[1] log of the run (hash)
  KEYS[2] root job (BullMQ's hash; its children's sets hang on this name)
  ARGV[1] how many pending children to look up the start of; 0 for a decision, which does not need it
  ARGV[2] how many ended children to bring the outputs of; of a run that has more, only their keys are read
  ARGV[3] prefix of our keys: children elsewhere are jobs of other people's queues

  Returns { log, pending, processed, failed, startedAt, 'outputs' | 'states', foreign }: the log is a flat field list; so are
  processed and failed with 'outputs', with 'states' they are lists of keys; for each of the first pending children there
  is the time at which its last attempt began, or an empty string; for each of the first ended children in other people's
  queues whose job is still there, its key, 'processed' or 'failed', when its last attempt began and ended, how many there
  were, and the traces of those that failed. An empty log means that there is no such run.
]]
local log = redis.call('HGETALL', KEYS[1])
local pending = redis.call('SMEMBERS', KEYS[2] .. ':dependencies')
local ended = redis.call('HLEN', KEYS[2] .. ':processed') + redis.call('HLEN', KEYS[2] .. ':failed')
local read = ended > tonumber(ARGV[2]) and 'HKEYS' or 'HGETALL'
local processed = redis.call(read, KEYS[2] .. ':processed')
local failed = redis.call(read, KEYS[2] .. ':failed')
local startedAt = {}
for i = 1, math.min(#pending, tonumber(ARGV[1])) do
  startedAt[i] = redis.call('HGET', pending[i], 'processedOn') or ''
end
local foreign, left = {}, tonumber(ARGV[1])
for how, ended in pairs({ processed = processed, failed = failed }) do
  for i = 1, #ended, read == 'HKEYS' and 1 or 2 do
    local rest = string.sub(ended[i], 1, #ARGV[3] + 1) == ARGV[3] .. ':' and string.sub(ended[i], #ARGV[3] + 2) or ''
    -- Of ours, a queue and an id are left, and neither has a colon.
    if left > 0 and not string.match(rest, '^[^:]+:[^:]+$') then
      left = left - 1
      local job = redis.call('HMGET', ended[i], 'processedOn', 'finishedOn', 'atm', 'stacktrace')
      if job[1] then
        for _, value in ipairs({ ended[i], how, job[1], job[2] or '', job[3] or '', job[4] or '' }) do
          foreign[#foreign + 1] = value
        end
      end
    end
  end
end
return { log, pending, processed, failed, startedAt, read == 'HKEYS' and 'states' or 'outputs', foreign }

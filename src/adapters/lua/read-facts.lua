--[[
  Reads a run as of one moment: its log, and how the jobs under its root stand.

  KEYS[1] log of the run (hash)
  KEYS[2] root job (BullMQ's hash; its children's sets hang on this name)
  ARGV[1] how many pending children to look up the start of; 0 for a decision, which does not need it
  ARGV[2] how many ended children to bring the outputs of; of a run that has more, only their keys are read

  Returns { log, pending, processed, failed, startedAt, 'outputs' | 'states' }: the log is a flat field list; so are
  processed and failed with 'outputs', with 'states' they are lists of keys; for each of the first pending children there
  is the time at which its last attempt began, or an empty string. An empty log means that there is no such run.
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
return { log, pending, processed, failed, startedAt, read == 'HKEYS' and 'states' or 'outputs' }

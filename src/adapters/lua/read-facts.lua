--[[
  Reads a run as of one moment: its log, and how the jobs under its root stand.

  KEYS[1] log of the run (hash)
  KEYS[2] root job (BullMQ's hash; its children's sets hang on this name)
  ARGV[1] how many pending children to look up the start of; 0 for a decision, which does not need it

  Returns { log, pending, processed, failed, startedAt }: flat field lists, and for each of the first pending children
  the time at which its last attempt began, or an empty string. An empty log means that there is no such run.
]]
local log = redis.call('HGETALL', KEYS[1])
local pending = redis.call('SMEMBERS', KEYS[2] .. ':dependencies')
local processed = redis.call('HGETALL', KEYS[2] .. ':processed')
local failed = redis.call('HGETALL', KEYS[2] .. ':failed')
local startedAt = {}
for i = 1, math.min(#pending, tonumber(ARGV[1])) do
  startedAt[i] = redis.call('HGET', pending[i], 'processedOn') or ''
end
return { log, pending, processed, failed, startedAt }

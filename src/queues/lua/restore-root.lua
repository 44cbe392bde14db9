--[[
  Gives a run its root job back. BullMQ's own scripts that add jobs, and `leftovers.lua`, stand above this text as
  functions.

  KEYS[1] log of the run (hash)
  KEYS[2] root job
  KEYS[3…] the keys of the job to add
  ARGV[1] job to add (JSON): [{ script, keys, args, job }]
  ARGV[2…] its arguments

  Returns { 'restored' } | { 'not-needed' } (the root is at work, or the run has ended in the meantime)
]]
if redis.call('EXISTS', KEYS[2]) == 1 and not hasEnded(KEYS[2]) then return { 'not-needed' } end
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'outcome') == 1 then return { 'not-needed' } end
local job = cjson.decode(ARGV[1])[1]
local queue, id = string.match(KEYS[2], '^(.*:)([^:]+)$')
redis.call('ZREM', queue .. 'completed', id)
redis.call('ZREM', queue .. 'failed', id)
-- The hash alone: what is left of its children, and of their results, hangs on its name.
redis.call('DEL', KEYS[2])
bullmq[job.script](slice(KEYS, 3, job.keys), slice(ARGV, 2, job.args))
return { 'restored' }

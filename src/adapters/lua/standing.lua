--[[
  Counts the branches of a fan-out that have ended: by what BullMQ has told its root, and by the answers, whose jobs are gone.

  KEYS[1] log of the run (hash)
  KEYS[2] root job

  Returns { completed, failed, planned }
]]
local counts = redis.call('HMGET', KEYS[1], 'answered/completed', 'answered/failed', 'planned')
return {
  redis.call('HLEN', KEYS[2] .. ':processed') + tonumber(counts[1] or '0'),
  redis.call('HLEN', KEYS[2] .. ':failed') + tonumber(counts[2] or '0'),
  tonumber(counts[3] or '0'),
}

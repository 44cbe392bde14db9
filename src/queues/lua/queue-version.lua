--[[
  Whether somebody has opened a queue, and with which release.

  KEYS[1] settings of the queue (hash), as BullMQ keeps them

  Returns { 1 or 0, what wrote them or '' }
]]
return { redis.call('EXISTS', KEYS[1]), redis.call('HGET', KEYS[1], 'version') or '' }

--[[
  Tells how queues stand, what they are limited to, and whether they are paused.

  KEYS[1] what was said when queues were paused (hash)
  KEYS[2] who set their limits (hash)
  ARGV[1] base of the queues' keys (in the same hash slot)
  ARGV[2…] queues

  Returns for each { queue, '1' when paused or '', pause (JSON) or '', waiting, active, delayed, total or '', max or '',
  span in ms or '', who set the limits or '' }.
]]
local states = {}
for at = 2, #ARGV do
  local name = ARGV[at]
  local queue = ARGV[1] .. name .. ':'
  local meta = redis.call('HMGET', queue .. 'meta', 'paused', 'concurrency', 'max', 'duration')
  local waiting = redis.call('LLEN', queue .. 'wait') + redis.call('ZCARD', queue .. 'prioritized')
  states[#states + 1] = {
    name,
    meta[1] and '1' or '',
    redis.call('HGET', KEYS[1], name) or '',
    waiting,
    redis.call('LLEN', queue .. 'active'),
    redis.call('ZCARD', queue .. 'delayed'),
    meta[2] or '',
    meta[3] or '',
    meta[4] or '',
    redis.call('HGET', KEYS[2], name) or '',
  }
end
return states

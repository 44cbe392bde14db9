--[[
  Keeps a schedule, or drops it with what became of its ticks.

  KEYS[1] schedules (hash)
  KEYS[2] what became of their ticks (hash)
  ARGV[1] name
  ARGV[2] the schedule (JSON), or an empty string: dropped

  Returns 1 when there was one of this name.
]]
local known = redis.call('HEXISTS', KEYS[1], ARGV[1])
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return known

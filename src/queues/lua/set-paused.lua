--[[
  Pauses or resumes a workflow, and tells every worker.

  KEYS[1] what is paused (hash)
  ARGV[1] workflow
  ARGV[2] since when, by whom and why (JSON), or an empty string: resumed
  ARGV[3] channel on which workers are told

  Returns 1 when it was the other way before, else 0.
]]
local changed
if ARGV[2] == '' then
  changed = redis.call('HDEL', KEYS[1], ARGV[1])
else
  changed = redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
end
redis.call('PUBLISH', ARGV[3], ARGV[1])
return changed

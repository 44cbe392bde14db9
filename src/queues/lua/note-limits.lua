--[[
  Notes who sets a queue's limits. A configuration gives way to a command.

  KEYS[1] who set the limits of queues (hash)
  ARGV[1] queue
  ARGV[2] 'command' | 'none' (a command clears them) | 'config' | '' (a configuration without limits)

  Returns who had set them before, or an empty string.
]]
local before = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if ARGV[2] == 'command' or (ARGV[2] == 'config' and before ~= 'command') then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
elseif ARGV[2] == 'none' or (ARGV[2] == '' and before ~= 'command') then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return before

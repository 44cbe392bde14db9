--[[
  Takes children that no worker has begun from the root of a run that is to stop, a page at a time. The last one wakes the
  root. `wake.lua` stands above this text.

  KEYS[1] root job
  KEYS[2] log of the run (hash)
  ARGV[1] how many at most

  Returns how many were taken; 0: the rest are with workers, or there is no stop.
]]
if redis.call('HEXISTS', KEYS[2], 'stop') == 0 then return 0 end
local taken, most = 0, tonumber(ARGV[1])
for _, child in ipairs(redis.call('SMEMBERS', KEYS[1] .. ':dependencies')) do
  if taken >= most then break end
  -- One that sleeps for a run of its own ends with it.
  local sleeps = redis.call('EXISTS', child .. ':dependencies') == 1
  if not sleeps and redis.call('EXISTS', child .. ':lock') == 0 and take(child) then taken = taken + 1 end
end
return taken

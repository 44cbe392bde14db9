--[[
  Lets go of jobs that were held back while their workflow was paused, oldest first, a page at a time. `wake.lua` stands
  above this text.

  KEYS[1] what is paused (hash)
  KEYS[2] jobs of the workflow that are held back (sorted set)
  ARGV[1] workflow
  ARGV[2] how many at most

  Returns how many were taken from the set; 0 too when the workflow is paused (again).
]]
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
local jobs = redis.call('ZRANGE', KEYS[2], 0, tonumber(ARGV[2]) - 1)
for _, job in ipairs(jobs) do
  redis.call('ZREM', KEYS[2], job)
  -- One that is not there any more was taken from its run, or its year is over.
  promote(job)
end
return #jobs

--[[
  Drops runs of one workflow whose retention is over, oldest first. The end of another run does the same for a few; of a
  workflow that nobody starts any more, only this does. `drop-run.lua` stands above this text.

  KEYS[1] ended runs of the workflow by time of end (sorted set)
  ARGV[1] base of the index keys (in the same hash slot)
  ARGV[2] base of the log keys
  ARGV[3] workflow
  ARGV[4] time before which they have ended, ms
  ARGV[5] how many at most

  Returns how many were dropped.
]]
local runs = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[4], 'LIMIT', 0, ARGV[5])
for _, run in ipairs(runs) do dropRun(ARGV[1], ARGV[2], ARGV[3], run) end
return #runs

--[[
  Some of the runs that are to stop, by chance: of the rest another look takes care.

  KEYS[1] set of runs that are to stop
  ARGV[1] how many at most

  Returns their ids.
]]
return redis.call('SRANDMEMBER', KEYS[1], ARGV[1])

--[[
  One worker process of all takes its turn at looking for lost runs.

  KEYS[1] the turn
  ARGV[1] how long it lasts, ms

  Returns { 'taken' } | { 'not-now' } (another process has looked a moment ago)
]]
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then return { 'taken' } end
return { 'not-now' }

--[[
  A clock of a run has rung, or will not ring any more: nobody winds it again.

  KEYS[1] log of the run (hash)
  KEYS[2] lock of the clock's job
  ARGV[1] the writer's lock token
  ARGV[2] the clock's job

  Returns { 'recorded' } | { 'fenced-off' }
]]
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 'fenced-off' } end
local known = redis.call('HGET', KEYS[1], 'clocks')
if known then
  local clocks = cjson.decode(known)
  clocks[ARGV[2]] = nil
  if next(clocks) then
    redis.call('HSET', KEYS[1], 'clocks', cjson.encode(clocks))
  else
    redis.call('HDEL', KEYS[1], 'clocks')
  end
end
return { 'recorded' }

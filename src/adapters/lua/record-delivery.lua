--[[
  Records how the delivery of a run's callback stands: the latest word, over the one before. Of a run that has no record
  nothing is kept.

  KEYS[1] log of the run (hash)
  KEYS[2] lock of the delivering job
  ARGV[1] the writer's lock token
  ARGV[2] how it stands (JSON)

  Returns { 'recorded' } | { 'fenced-off' }
]]
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 'fenced-off' } end
if redis.call('HEXISTS', KEYS[1], 'workflow') == 1 then redis.call('HSET', KEYS[1], 'delivery', ARGV[2]) end
return { 'recorded' }

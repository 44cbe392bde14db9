--[[
  Records how the delivery of a run's callback stands: the latest word of the latest end, over the one before. Once it is
  over, what it tells is kept no longer: of one that was delivered it is known for a while that it was, since its job may be
  taken up again by a worker that has not heard so, and the run's own record may be gone.

  KEYS[1] log of the run (hash)
  KEYS[2] lock of the delivering job
  KEYS[3] what it tells (string)
  KEYS[4] jobs that are to tell of an end (sorted set)
  ARGV[1] the writer's lock token
  ARGV[2] how it stands (JSON)
  ARGV[3] which end it tells of
  ARGV[4] 'delivered' | 'retrying' | 'failed'
  ARGV[5] key of the delivering job

  Returns { 'recorded' } | { 'fenced-off' }
]]
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 'fenced-off' } end
if redis.call('HEXISTS', KEYS[1], 'workflow') == 1 then
  local known = redis.call('HGET', KEYS[1], 'delivery')
  local latest = known and cjson.decode(known).delivery or 0
  if latest <= tonumber(ARGV[3]) then redis.call('HSET', KEYS[1], 'delivery', ARGV[2]) end
end
if ARGV[4] == 'retrying' then return { 'recorded' } end
redis.call('ZREM', KEYS[4], ARGV[5])
if ARGV[4] == 'delivered' then
  redis.call('SET', KEYS[3], ARGV[4], 'PX', 600000)
else
  redis.call('DEL', KEYS[3])
end
return { 'recorded' }

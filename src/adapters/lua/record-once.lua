--[[
  Records one fact about a run: an effect's end, a failed attempt, a router's decision. The first record stands. Of a run
  that has no record nothing is kept: nobody would ever remove it. That an attempt has failed is noted beside: whoever looks
  at a run of ten thousand branches does not read their attempts.

  KEYS[1] log of the run (hash)
  KEYS[2] lock of the writing job
  ARGV[1] the writer's lock token
  ARGV[2] field
  ARGV[3] value (JSON)

  Returns { 'recorded', the value that stands } | { 'fenced-off' }
]]
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 'fenced-off' } end
if redis.call('HEXISTS', KEYS[1], 'workflow') == 0 then return { 'recorded', ARGV[3] } end
if redis.call('HSETNX', KEYS[1], ARGV[2], ARGV[3]) == 1 and string.sub(ARGV[2], 1, 8) == 'attempt/' then
  redis.call('HSET', KEYS[1], 'tried', '1')
end
return { 'recorded', redis.call('HGET', KEYS[1], ARGV[2]) }

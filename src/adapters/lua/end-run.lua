--[[
  Ends a run once: records its outcome, moves it in the index, starts its retention, tells whoever waits. Then drops a
  few runs of the same workflow whose retention is over, oldest first, so that no end is slow.

  KEYS[1] log of the run (hash)
  KEYS[2] lock of its root job
  KEYS[3] stream of settled runs
  ARGV[1] the writer's lock token
  ARGV[2] outcome (JSON)
  ARGV[3] status
  ARGV[4] run id
  ARGV[5] base of the index keys (in the same hash slot)
  ARGV[6] base of the log keys
  ARGV[7] time of the end, ms
  ARGV[8] retention: age, ms
  ARGV[9] retention: count of ended runs of one workflow

  Returns { 'ended', the outcome that stands } | { 'fenced-off' }
]]
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return { 'fenced-off' } end
local entry = redis.call('HMGET', KEYS[1], 'workflow', 'createdAt', 'phase', 'outcome')
local workflow, createdAt, before, outcome = entry[1], entry[2], entry[3] or 'open', entry[4]
if outcome then return { 'ended', outcome } end
if not workflow then return { 'ended', ARGV[2] } end

local index = ARGV[5]
redis.call('HSET', KEYS[1], 'outcome', ARGV[2], 'status', ARGV[3], 'finishedAt', ARGV[7])
redis.call('HDEL', KEYS[1], 'phase')
redis.call('PEXPIRE', KEYS[1], ARGV[8])
for _, name in ipairs({ workflow, '*' }) do
  redis.call('ZREM', index .. ':' .. name .. ':' .. before, ARGV[4])
  redis.call('ZADD', index .. ':' .. name .. ':' .. ARGV[3], createdAt, ARGV[4])
end
local byEnd = index .. ':' .. workflow .. ':ended'
redis.call('ZADD', byEnd, ARGV[7], ARGV[4])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'run', ARGV[4], 'status', ARGV[3])

local function drop(run)
  redis.call('DEL', ARGV[6] .. run)
  redis.call('ZREM', byEnd, run)
  for _, name in ipairs({ workflow, '*' }) do
    for _, status in ipairs({ '*', 'completed', 'partial', 'failed', 'cancelled', 'compensated' }) do
      redis.call('ZREM', index .. ':' .. name .. ':' .. status, run)
    end
  end
end
local tooOld = redis.call('ZRANGEBYSCORE', byEnd, '-inf', '(' .. (tonumber(ARGV[7]) - tonumber(ARGV[8])), 'LIMIT', 0, 5)
for _, run in ipairs(tooOld) do drop(run) end
local tooMany = redis.call('ZCARD', byEnd) - tonumber(ARGV[9])
if tooMany > 0 then
  for _, run in ipairs(redis.call('ZRANGE', byEnd, 0, math.min(tooMany, 5) - 1)) do drop(run) end
end
return { 'ended', ARGV[2] }

--[[
  Tells of many runs of one workflow whether they are there, and what they have recorded about some stages.

  KEYS[1] ended runs of the workflow by time of end (sorted set)
  ARGV[1] base of the log keys (in the same hash slot)
  ARGV[2] what is asked (JSON): [[run, stage, …], …]

  Returns { how many ended runs are kept, end of the oldest of them or '', run, … }, with each run as an empty list where
  there is none, else as { version, status or '', recorded, undone }: the stages whose intent or end is recorded, and those
  whose undo is recorded as done.
]]
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local reply = { redis.call('ZCARD', KEYS[1]), oldest[2] or '' }
for _, asked in ipairs(cjson.decode(ARGV[2])) do
  local log = ARGV[1] .. asked[1]
  local entry = redis.call('HMGET', log, 'version', 'status')
  local known = {}
  if entry[1] then
    local recorded, undone = {}, {}
    for i = 2, #asked do
      local stage = asked[i]
      if redis.call('HEXISTS', log, 'intent/' .. stage) + redis.call('HEXISTS', log, 'done/' .. stage) > 0 then
        recorded[#recorded + 1] = stage
      end
      if redis.call('HEXISTS', log, 'done/' .. stage .. '.undo') == 1 then undone[#undone + 1] = stage end
    end
    known = { entry[1], entry[2] or '', recorded, undone }
  end
  reply[#reply + 1] = known
end
return reply

--[[
  Looks through one page of the runs of one workflow that have not ended, oldest first, for fan-outs of which some branches
  have ended and some have not: whether that decides them is told by their policy.

  KEYS[1] index of open runs of the workflow
  ARGV[1] rank to begin at
  ARGV[2] how many to look at
  ARGV[3] base of the root keys (in the same hash slot)
  ARGV[4] base of the log keys

  Returns { next rank or 0 at the end, run id… }
]]
local from, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local runs = redis.call('ZRANGE', KEYS[1], from, from + count - 1)
local found = {}
for _, run in ipairs(runs) do
  local root, log = ARGV[3] .. run, ARGV[4] .. run
  if redis.call('EXISTS', root .. ':dependencies') == 1 and redis.call('HEXISTS', log, 'stop') == 0 then
    local answers = redis.call('HMGET', log, 'answered/completed', 'answered/failed')
    local ended = answers[1] or answers[2] or redis.call('EXISTS', root .. ':processed', root .. ':failed') > 0
    if ended then found[#found + 1] = run end
  end
end
return { #runs < count and 0 or from + count, unpack(found) }

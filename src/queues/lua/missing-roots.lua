--[[
  Looks through one page of the runs that have not ended, oldest first, for those whose root job is gone or has ended:
  somebody removed it by hand, or another hand than ours ended it, and nothing would ever wake such a run. `leftovers.lua`
  stands above this text.

  KEYS[1] index of open runs
  ARGV[1] rank to begin at
  ARGV[2] how many to look at
  ARGV[3] base of the log keys (in the same hash slot)
  ARGV[4] base of the root keys

  Returns { next rank or 0 at the end, run id… }. An index entry without a log is dropped: its run is gone.
]]
local from, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local runs = redis.call('ZRANGE', KEYS[1], from, from + count - 1)
local missing, kept = {}, 0
for _, run in ipairs(runs) do
  if redis.call('EXISTS', ARGV[3] .. run) == 0 then
    redis.call('ZREM', KEYS[1], run)
  else
    kept = kept + 1
    local root = ARGV[4] .. run
    if redis.call('EXISTS', root) == 0 or hasEnded(root) then missing[#missing + 1] = run end
  end
end
return { #runs < count and 0 or from + kept, unpack(missing) }

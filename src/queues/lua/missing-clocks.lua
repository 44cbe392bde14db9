--[[
  Looks through one page of the runs that have not ended, oldest first, for those of which a clock is gone that has not
  rung, or the job that is to tell of its end: somebody removed it by hand, or another hand than ours ended it.
  `leftovers.lua` stands above this text.

  KEYS[1] index of open runs
  ARGV[1] rank to begin at
  ARGV[2] how many to look at
  ARGV[3] base of the log keys (in the same hash slot)
  ARGV[4] 1 where such jobs can be added again

  Returns { next rank or 0 at the end, run id… }
]]
local from, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local runs = redis.call('ZRANGE', KEYS[1], from, from + count - 1)
local missing = {}
for _, run in ipairs(runs) do
  for clock in pairs(clocksOf(ARGV[3] .. run)) do
    if redis.call('EXISTS', clock) == 0 or hasEnded(clock) then
      missing[#missing + 1] = run
      break
    end
  end
  local atEnd = ARGV[4] == '1' and missing[#missing] ~= run and redis.call('HGET', ARGV[3] .. run, 'atEnd')
  if atEnd and redis.call('EXISTS', atEnd) == 0 then missing[#missing + 1] = run end
end
return { #runs < count and 0 or from + count, unpack(missing) }

--[[
  Looks through one page of the jobs that are to tell of a run's end, oldest end first, for those that are gone: somebody
  removed them by hand. One that has ended without a word, or whose news are not kept any more, is over. `leftovers.lua`
  stands above this text.

  KEYS[1] jobs that are to tell of an end (sorted set)
  ARGV[1] rank to begin at
  ARGV[2] how many to look at

  Returns { next rank or 0 at the end, key of a job that is gone… }
]]
local from, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local jobs = redis.call('ZRANGE', KEYS[1], from, from + count - 1)
local gone, over = {}, 0
for _, job in ipairs(jobs) do
  if redis.call('EXISTS', job) == 1 and not hasEnded(job) then
    -- It will.
  elseif redis.call('EXISTS', job) == 1 or redis.call('EXISTS', job .. ':told') == 0 then
    redis.call('ZREM', KEYS[1], job)
    over = over + 1
  else
    gone[#gone + 1] = job
  end
end
return { #jobs < count and 0 or from + count - over, unpack(gone) }

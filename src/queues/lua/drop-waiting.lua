--[[
  Takes children that no worker has from the root of a run that is to stop, a page at a time. The last one wakes the root.
  `wake.lua` stands above this text.

  One that has lost its worker is left: its effect may be under way, and whoever takes it up next says what became of it.
  A saga's step is taken all the same, since its intent says so already.

  KEYS[1] root job
  KEYS[2] log of the run (hash)
  ARGV[1] how many at most

  Returns how many were taken; 0: the rest are with workers, or to be taken up by one, or there is no stop.
]]
if redis.call('HEXISTS', KEYS[2], 'stop') == 0 then return 0 end
-- Its lock has run out and nobody has noticed yet, or somebody has, and counted it.
local function isLost(child)
  local counts = redis.call('HMGET', child, 'ats', 'stc')
  if (tonumber(counts[1] or '') or 0) == 0 then return false end
  if cjson.decode(redis.call('HGET', child, 'data') or '{}').kind == 'step' then return false end
  if (tonumber(counts[2] or '') or 0) > 0 then return true end
  local queue, id = parts(child)
  return not redis.call('ZSCORE', queue .. 'prioritized', id) and not redis.call('ZSCORE', queue .. 'delayed', id)
end

local taken, most = 0, tonumber(ARGV[1])
for _, child in ipairs(redis.call('SMEMBERS', KEYS[1] .. ':dependencies')) do
  if taken >= most then break end
  -- One that sleeps for a run of its own ends with it.
  local sleeps = redis.call('EXISTS', child .. ':dependencies') == 1
  if not sleeps and redis.call('EXISTS', child .. ':lock') == 0 then
    if isLost(child) then
      promote(child)
    elseif take(child) then
      taken = taken + 1
    end
  end
end
return taken

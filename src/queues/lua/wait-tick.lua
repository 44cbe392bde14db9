--[[
  Notes that a tick of a schedule waits for a worker that has its workflow. One waits; each that comes while its job is there
  is missed, and counted once.

  KEYS[1] schedules (hash)
  KEYS[2] what became of their ticks (hash)
  ARGV[1] name
  ARGV[2] when the tick was due
  ARGV[3] the time, ms
  ARGV[4] base of the keys of ticks' jobs (in the same hash slot)

  Returns 'begins-to-wait' | 'waits' | 'missed' | 'over' (there is no schedule of this name)
]]
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 'over' end
local known = redis.call('HGET', KEYS[2], ARGV[1])
local state = known and cjson.decode(known) or {}
local tick, waits = tonumber(ARGV[2]), state.waits
if waits and waits.tick == tick then return 'waits' end
if waits and redis.call('EXISTS', ARGV[4] .. ':' .. ARGV[1] .. ':' .. string.format('%.0f', waits.tick)) == 1 then
  local missed = state.missed
  if not missed or missed.from < waits.tick then missed = { from = tick, to = 0, count = 0 } end
  if tick > missed.to then
    state.missed = { from = missed.from, to = tick, count = missed.count + 1 }
    redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(state))
  end
  return 'missed'
end
state.waits = { tick = tick, since = tonumber(ARGV[3]) }
redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(state))
return 'begins-to-wait'

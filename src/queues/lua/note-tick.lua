--[[
  Notes what became of a schedule's tick, which waits no more. A later one that is noted already stands.

  KEYS[1] schedules (hash)
  KEYS[2] what became of their ticks (hash)
  ARGV[1] name
  ARGV[2] what became of it (JSON), with `tick`: when it was due
  ARGV[3] ticks that were missed after it (JSON), or an empty string

  Returns 1 when it was noted.
]]
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
local known = redis.call('HGET', KEYS[2], ARGV[1])
local state = known and cjson.decode(known) or {}
local last = cjson.decode(ARGV[2])
local waited = state.waits and state.waits.tick == last.tick
if waited then state.waits = nil end
if state.last and state.last.tick > last.tick then
  if waited then redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(state)) end
  return 0
end
state.last = last
if ARGV[3] ~= '' then state.missed = cjson.decode(ARGV[3]) end
redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(state))
return 1

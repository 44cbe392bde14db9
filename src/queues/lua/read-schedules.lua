--[[
  Reads all schedules, and when BullMQ has them tick next.

  KEYS[1] schedules (hash)
  KEYS[2] what became of their ticks (hash)
  ARGV[1] BullMQ's set of job schedulers (in the same hash slot)

  Returns { name, schedule (JSON), what became of its ticks (JSON) or '', next tick or '', '1' when that tick's job is
  there or '', '1' when the job of a tick that waits for a worker is there or '' } for each.
]]
local schedules = {}
local function hasJob(name, tick) return redis.call('EXISTS', ARGV[1] .. ':' .. name .. ':' .. tick) == 1 and '1' or '' end
local known = redis.call('HGETALL', KEYS[1])
for at = 1, #known, 2 do
  local name = known[at]
  local next = redis.call('ZSCORE', ARGV[1], name) or ''
  local became = redis.call('HGET', KEYS[2], name) or ''
  local waits = became ~= '' and cjson.decode(became).waits
  schedules[#schedules + 1] = {
    name, known[at + 1], became, next,
    next == '' and '' or hasJob(name, next),
    waits and hasJob(name, string.format('%.0f', waits.tick)) or '',
  }
end
return schedules

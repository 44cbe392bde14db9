--[[
  The state of a run between its start and its end: in its log, in the index, and told to whoever waits, when the run will
  not go on without a person. An empty phase is a run that goes forward; the index has it under `open`. A run that waits for
  a person, whatever for, stands under `attention` too.
]]
local ASKS = { waiting_approval = true, in_doubt = true, step_stuck = true, compensation_stuck = true }

local function enterPhase(log, settled, index, run, phase)
  local entry = redis.call('HMGET', log, 'workflow', 'createdAt', 'phase', 'outcome')
  local workflow, createdAt, before = entry[1], entry[2], entry[3] or ''
  if not workflow or entry[4] or before == phase then return end
  if phase == '' then redis.call('HDEL', log, 'phase') else redis.call('HSET', log, 'phase', phase) end
  for _, name in ipairs({ workflow, '*' }) do
    redis.call('ZREM', index .. ':' .. name .. ':' .. (before == '' and 'open' or before), run)
    redis.call('ZADD', index .. ':' .. name .. ':' .. (phase == '' and 'open' or phase), createdAt, run)
    if ASKS[phase] then
      redis.call('ZADD', index .. ':' .. name .. ':attention', createdAt, run)
    else
      redis.call('ZREM', index .. ':' .. name .. ':attention', run)
    end
  end
  if ASKS[phase] then redis.call('XADD', settled, 'MAXLEN', '~', 10000, '*', 'run', run, 'status', phase) end
end

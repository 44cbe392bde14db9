--[[
  One page of the index of runs, newest first.

  KEYS[1] the index to read: a sorted set of run ids by time of acceptance
  ARGV[1] base of the log keys (in the same hash slot)
  ARGV[2] how many
  ARGV[3] id of the last run of the page before, or an empty string
  ARGV[4] its time of acceptance
  ARGV[5] accepted at the earliest, '-inf' for any
  ARGV[6] accepted at the latest, '+inf' for any
  ARGV[7] text that the id must hold, or an empty string
  ARGV[8] how many ids are looked at for the text at most: a page that found fewer runs by then ends there
  ARGV[9] workflow of which a run must be, or *, where this index has runs of all
  ARGV[10] the same of its status

  Returns { last id looked at or '', its time of acceptance, '1' when there may be more behind it, rows… }, a row being
  { id, workflow, createdAt, phase, status, finishedAt } with empty strings for what is not there. A run whose retention is
  over is dropped from this index on the way.
]]
local ASKS = { waiting_approval = true, in_doubt = true, step_stuck = true, compensation_stuck = true }
local function fits(workflow, phase, status)
  if ARGV[9] ~= '*' and workflow ~= ARGV[9] then return false end
  if ARGV[10] == '*' then return true end
  if ARGV[10] == 'attention' then return not status and ASKS[phase] == true end
  return (status or phase or 'open') == ARGV[10]
end

local wanted, text, toLook = tonumber(ARGV[2]), ARGV[7], tonumber(ARGV[8])
local from = ARGV[6] == '+inf' and 0 or redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[6], '+inf')
if ARGV[3] ~= '' then
  local rank = redis.call('ZREVRANK', KEYS[1], ARGV[3])
  from = math.max(from, rank and rank + 1 or redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[4], '+inf'))
end
-- Ranks beyond this are of runs accepted before the window. Dropping runs moves it, as it moves those behind them.
local stop = redis.call('ZCOUNT', KEYS[1], ARGV[5], '+inf')
local page, at, last = {}, from, ''
while #page < wanted and at < stop and toLook > 0 do
  -- With a text most ids will not fit: many are read at once, and only the record of one that does.
  local round = math.min(text == '' and wanted - #page or 500, stop - at, toLook)
  local runs = redis.call('ZREVRANGE', KEYS[1], at, at + round - 1)
  if #runs == 0 then break end
  toLook = toLook - #runs
  for _, run in ipairs(runs) do
    at = at + 1
    local entry
    if text == '' or string.find(run, text, 1, true) then
      entry = redis.call('HMGET', ARGV[1] .. run, 'workflow', 'createdAt', 'phase', 'status', 'finishedAt')
    end
    -- A user who may only read cannot drop a run whose record is gone, and passes over it.
    if entry and not entry[1] and type(redis.pcall('ZREM', KEYS[1], run)) ~= 'table' then
      at, stop = at - 1, stop - 1
    else
      last = run
    end
    if entry and entry[1] and fits(entry[1], entry[3], entry[4]) then
      page[#page + 1] = { run, entry[1], entry[2] or '', entry[3] or '', entry[4] or '', entry[5] or '' }
      if #page == wanted then break end
    end
  end
end
local score = last ~= '' and redis.call('ZSCORE', KEYS[1], last) or '0'
return { last, score or '0', at < stop and '1' or '0', unpack(page) }

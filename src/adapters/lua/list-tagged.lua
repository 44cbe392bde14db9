--[[
  One page of the runs with a tag, newest first, those alone that fit what else is asked.

  KEYS[1] the tag's index: a sorted set of run ids by time of acceptance
  ARGV[1] base of the log keys (in the same hash slot)
  ARGV[2] how many
  ARGV[3] id of the last run that the page before has looked at, or an empty string
  ARGV[4] its time of acceptance
  ARGV[5] how many to look at, at most
  ARGV[6] workflow, or *
  ARGV[7] status, or *

  Returns { last, rows }: the last run looked at and its time of acceptance, or an empty list where there is no more; and for
  each run { id, workflow, createdAt, phase, status, finishedAt }, with empty strings for what is not there. A run whose
  record is gone is dropped from this index on the way.
]]
local ASKS = { waiting_approval = true, in_doubt = true, step_stuck = true, compensation_stuck = true }
local from = 0
if ARGV[3] ~= '' then
  local rank = redis.call('ZREVRANK', KEYS[1], ARGV[3])
  from = rank and rank + 1 or redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[4], '+inf')
end
local wanted, look = tonumber(ARGV[2]), tonumber(ARGV[5])
local runs = redis.call('ZREVRANGE', KEYS[1], from, from + look - 1, 'WITHSCORES')
local rows, last, gone = {}, {}, {}
for at = 1, #runs, 2 do
  local run = runs[at]
  local entry = redis.call('HMGET', ARGV[1] .. run, 'workflow', 'createdAt', 'phase', 'status', 'finishedAt')
  if not entry[1] then
    gone[#gone + 1] = run
  else
    local phase, status = entry[3] or '', entry[4] or ''
    local shown = status ~= '' and status or (phase ~= '' and phase or 'open')
    local fits = ARGV[7] == '*' or shown == ARGV[7] or (ARGV[7] == 'attention' and ASKS[phase] and status == '')
    if fits and (ARGV[6] == '*' or entry[1] == ARGV[6]) then
      rows[#rows + 1] = { run, entry[1], entry[2] or '', phase, status, entry[5] or '' }
    end
  end
  last = { run, runs[at + 1] }
  if #rows == wanted then break end
end
-- A user who may only read cannot drop them, and passes over them.
for _, run in ipairs(gone) do redis.pcall('ZREM', KEYS[1], run) end
local isAll = #rows < wanted and #runs < look * 2
return { isAll and {} or last, rows }

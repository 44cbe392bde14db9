--[[
  One page of the index of runs, newest first.

  KEYS[1] the index to read: a sorted set of run ids by time of acceptance
  ARGV[1] base of the log keys (in the same hash slot)
  ARGV[2] how many
  ARGV[3] id of the last run of the page before, or an empty string
  ARGV[4] its time of acceptance

  Returns { id, workflow, createdAt, phase, status, finishedAt } for each run, with empty strings for what is not there. A
  run whose retention is over is dropped from this index on the way.
]]
local from = 0
if ARGV[3] ~= '' then
  local rank = redis.call('ZREVRANK', KEYS[1], ARGV[3])
  if rank then
    from = rank + 1
  else
    from = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[4], '+inf')
  end
end
local page, wanted, passed = {}, tonumber(ARGV[2]), 0
-- Round by round until the page is full: one that dropped runs has moved those behind them into their places.
repeat
  local start = from + #page + passed
  local runs = redis.call('ZREVRANGE', KEYS[1], start, start + wanted - #page - 1)
  local gone = false
  for _, run in ipairs(runs) do
    local entry = redis.call('HMGET', ARGV[1] .. run, 'workflow', 'createdAt', 'phase', 'status', 'finishedAt')
    if entry[1] then
      page[#page + 1] = { run, entry[1], entry[2] or '', entry[3] or '', entry[4] or '', entry[5] or '' }
    else
      gone = true
      -- A user who may only read cannot drop it, and passes over it.
      if type(redis.pcall('ZREM', KEYS[1], run)) == 'table' then passed = passed + 1 end
    end
  end
until not gone
return page

--[[
  Takes a run's events from the streams of events of queues, each of which keeps about a hundred.

  KEYS… streams of events
  ARGV[1] run id

  Returns how many were taken.
]]
local run, taken = ARGV[1], 0
for _, stream in ipairs(KEYS) do
  for _, event in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 1000)) do
    local fields = event[2]
    for at = 1, #fields, 2 do
      local job = fields[at + 1]
      if fields[at] == 'jobId' and (job == run or string.sub(job, 1, #run + 1) == run .. '-') then
        taken = taken + redis.call('XDEL', stream, event[1])
      end
    end
  end
end
return taken

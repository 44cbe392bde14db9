--[[
  Marks an ended run as one that is being erased: from here on it is not begun anew in its place.

  KEYS[1] log of the run (hash); absent for a run whose retention is over, of which BullMQ may have jobs still
  ARGV[1] base of the log keys (in the same hash slot)

  Returns { 'marked' } | { 'unknown' } | { 'not-ended' } | { 'needed', run } (it stands for a stage of that run, which has
        not ended and may still ask what came of it)
]]
local log = KEYS[1]
if redis.call('EXISTS', log) == 0 then return { 'unknown' } end
local entry = redis.call('HMGET', log, 'outcome', 'parent')
if not entry[1] then return { 'not-ended' } end
local parent = entry[2] and cjson.decode(entry[2]).run
if parent then
  local outer = redis.call('HMGET', ARGV[1] .. parent, 'workflow', 'outcome')
  if outer[1] and not outer[2] then return { 'needed', parent } end
end
redis.call('HSET', log, 'erasing', 1)
return { 'marked' }

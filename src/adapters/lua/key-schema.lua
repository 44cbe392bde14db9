--[[
  Marks what is stored under a prefix with the version of its shape, and brings what an earlier version has stored to ours.
  Above this text `upgrades` maps a version to the function that makes the next one of it.

  Whatever is stored without a mark is version 1, the last that set none. Redis does not take back what a script wrote
  before it failed: the mark follows each step, so that a start after a failed one goes on with the step that failed. A
  step must bear being begun twice.

  KEYS[1] mark (hash)
  KEYS[2] index of all runs
  ARGV[1] our version
  ARGV[2] prefix of all keys (in the same hash slot)
  ARGV[3] our release
  ARGV[4] time, ms

  Returns { 'current' } | { 'marked' } | { 'upgraded', from } | { 'newer', its version, its release }
        | { 'unreadable', what stands in the mark } | { 'no-step', from } (nothing was written)
]]
local ours = tonumber(ARGV[1])
local mark = redis.call('HMGET', KEYS[1], 'version', 'release')
local from = mark[1] and tonumber(mark[1])
if mark[1] and (not from or from < 1 or from % 1 ~= 0) then return { 'unreadable', mark[1] } end
if from and from > ours then return { 'newer', mark[1], mark[2] or '' } end
if from == ours then return { 'current' } end

local function write(version)
  redis.call('HSET', KEYS[1], 'version', version, 'release', ARGV[3], 'at', ARGV[4])
end
if not from and redis.call('EXISTS', KEYS[2]) == 0 then
  write(ours)
  return { 'marked' }
end
from = from or 1
for version = from, ours - 1 do
  if not upgrades[version] then return { 'no-step', version } end
end
write(from)
for version = from, ours - 1 do
  upgrades[version](ARGV[2])
  write(version + 1)
end
return from == ours and { 'marked' } or { 'upgraded', from }

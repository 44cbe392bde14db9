--[[
  What a run is and how it stands, without its stages: as many reads for ten thousand branches as for three.

  KEYS[1] log of the run (hash)
  KEYS[2] root job (its children's sets hang on this name)
  ARGV… fields of the log

  Returns { fields as a flat list, children that are pending, completed, failed }, those among the latter that were answered
  from outside, whose jobs are gone. No fields mean that there is no such run.
]]
local values = redis.call('HMGET', KEYS[1], unpack(ARGV))
local answered = redis.call('HMGET', KEYS[1], 'answered/completed', 'answered/failed')
local fields = {}
for i, value in ipairs(values) do
  if value then
    fields[#fields + 1] = ARGV[i]
    fields[#fields + 1] = value
  end
end
-- Not by SCARD alone: a pending child is in no other set, so the three add up to all that were ever appended.
return {
  fields,
  redis.call('SCARD', KEYS[2] .. ':dependencies'),
  redis.call('HLEN', KEYS[2] .. ':processed') + tonumber(answered[1] or '0'),
  redis.call('HLEN', KEYS[2] .. ':failed') + tonumber(answered[2] or '0'),
}

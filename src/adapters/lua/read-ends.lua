--[[
  Reads how some children of a root ended.

  KEYS[1] the root's hash of ended children, processed or failed
  ARGV… keys of children

  Returns a value for each, or an empty string where there is none.
]]
local values = redis.call('HMGET', KEYS[1], unpack(ARGV))
for i = 1, #ARGV do values[i] = values[i] or '' end
return values

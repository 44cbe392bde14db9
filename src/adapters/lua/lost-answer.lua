--[[
  Tells whether an attempt at a stage has lost its answer, without reading the rest of the run.

  KEYS[1] log of the run (hash)
  ARGV[1] stage
  ARGV[2] attempts up to this one do not count, nor do those that a person has answered for
  ARGV[3] nor this one, nor those after it

  Returns 1 or 0.
]]
local answeredFor = tonumber(redis.call('HGET', KEYS[1], 'answered-for/' .. ARGV[1]) or '0')
for n = math.max(tonumber(ARGV[2]), answeredFor) + 1, tonumber(ARGV[3]) - 1 do
  local attempt = redis.call('HGET', KEYS[1], 'attempt/' .. ARGV[1] .. '/' .. n)
  if attempt and cjson.decode(attempt).error.answered == false then return 1 end
end
return 0

--[[
  In which state each child of a root is, by name alone: to find those of one state among ten thousand.

  KEYS[1] log of the run (hash)
  KEYS[2] root job (its children's hashes hang on this name)
  KEYS[3…] lists of active jobs, one for each queue of the run's children
  ARGV[1] start of the ids of the run's children

  Returns { keys of completed children, keys of failed ones, ids of active ones, stages answered with a value, stages answered
  with an error, stages for which a run stands }
]]
local active = {}
for i = 3, #KEYS do
  for _, id in ipairs(redis.call('LRANGE', KEYS[i], 0, -1)) do
    if string.sub(id, 1, #ARGV[1]) == ARGV[1] then active[#active + 1] = id end
  end
end
local CHUNK = 1000
local answers, nested = {}, {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local kind, stage = string.match(field, '^(%a+)/(.+)$')
  if kind == 'answer' then answers[#answers + 1] = stage end
  if kind == 'nested' then nested[#nested + 1] = stage end
end
local yes, no = {}, {}
for first = 1, #answers, CHUNK do
  local fields = {}
  for i = first, math.min(first + CHUNK - 1, #answers) do fields[#fields + 1] = 'answer/' .. answers[i] end
  for i, answer in ipairs(redis.call('HMGET', KEYS[1], unpack(fields))) do
    local list = answer and cjson.decode(answer).error and no or yes
    list[#list + 1] = answers[first + i - 1]
  end
end
return {
  redis.call('HKEYS', KEYS[2] .. ':processed'),
  redis.call('HKEYS', KEYS[2] .. ':failed'),
  active,
  yes,
  no,
  nested,
}

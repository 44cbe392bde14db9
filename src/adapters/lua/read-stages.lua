--[[
  How some children of a root stand, without what they returned: a page of a wide run is shown while thousands of its
  branches go on, and their outputs may be megabytes.

  KEYS[1] log of the run (hash)
  KEYS[2] root job (its children's hashes hang on this name)
  KEYS[3…] lists of active jobs, one for each queue of the run's children
  ARGV[1] start of the ids of the run's children
  ARGV[2] keys of the children (JSON)
  ARGV[3] fields of the log (JSON): attempts, answers and runs of these children
  ARGV[4] for how many of them that are at work the start is looked up: those that a worker has, and those that a run does
  ARGV[5] bytes of results after which no further ones are read
  ARGV[6] characters at the end of a result that tell when it was made

  Returns { fields as a flat list, ends of the results, failures, ids of all active children of the run, starts as a flat
  list }. Results and failures have an empty string for a child without one, and are as many as were looked at.
]]
local children, names = cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
local CHUNK = 125

local fields, isNested = {}, {}
if #names > 0 then
  for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(names))) do
    if value then
      if string.sub(names[i], 1, 7) == 'nested/' then isNested[string.sub(names[i], 8)] = true end
      fields[#fields + 1] = names[i]
      fields[#fields + 1] = value
    end
  end
end

local results, bytes, limit, tail = {}, 0, tonumber(ARGV[5]), tonumber(ARGV[6])
for first = 1, #children, CHUNK do
  if bytes > limit then break end
  local chunk = redis.call('HMGET', KEYS[2] .. ':processed', unpack(children, first, math.min(first + CHUNK - 1, #children)))
  for _, value in ipairs(chunk) do
    bytes = bytes + #(value or '')
    results[#results + 1] = value and string.sub(value, -tail) or ''
  end
end
local failures = {}
if #results > 0 then
  failures = redis.call('HMGET', KEYS[2] .. ':failed', unpack(children, 1, #results))
  for i = 1, #results do failures[i] = failures[i] or '' end
end

local active, isActive = {}, {}
for i = 3, #KEYS do
  for _, id in ipairs(redis.call('LRANGE', KEYS[i], 0, -1)) do
    if string.sub(id, 1, #ARGV[1]) == ARGV[1] then
      active[#active + 1] = id
      isActive[id] = true
    end
  end
end
local starts, lookups = {}, tonumber(ARGV[4])
for i = 1, #results do
  if lookups == 0 then break end
  local id = string.match(children[i], '([^:]+)$')
  local sleeps = isNested[string.sub(id, #ARGV[1] + 1)] and results[i] == '' and failures[i] == ''
  if isActive[id] or sleeps then
    starts[#starts + 1] = id
    starts[#starts + 1] = redis.call('HGET', children[i], 'processedOn') or ''
    lookups = lookups - 1
  end
end
return { fields, results, failures, active, starts }

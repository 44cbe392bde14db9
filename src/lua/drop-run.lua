--[[
  Everything of ours about one ended run: its log, its places in the index, its tags. Its jobs are BullMQ's.
]]
local function dropRun(index, logs, workflow, run)
  redis.call('DEL', logs .. run)
  redis.call('ZREM', index .. ':' .. workflow .. ':ended', run)
  for _, name in ipairs({ workflow, '*' }) do
    for _, status in ipairs({ '*', 'completed', 'partial', 'failed', 'cancelled', 'compensated' }) do
      redis.call('ZREM', index .. ':' .. name .. ':' .. status, run)
    end
  end
  local tags = redis.call('HGET', index .. ':~tags', run)
  if not tags then return end
  for name, value in pairs(cjson.decode(tags)) do
    redis.call('ZREM', index .. ':~tag:' .. name .. '=' .. value, run)
  end
  redis.call('HDEL', index .. ':~tags', run)
end

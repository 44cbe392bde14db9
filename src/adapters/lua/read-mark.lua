--[[
  Tells whether there is a run, and whether it is to stop, without reading the rest of it.

  KEYS[1] log of the run (hash)

  Returns { 'none' } | { 'goes-on' } | { 'stops' }
]]
if redis.call('HEXISTS', KEYS[1], 'workflow') == 0 then return { 'none' } end
return { redis.call('HEXISTS', KEYS[1], 'stop') == 1 and 'stops' or 'goes-on' }

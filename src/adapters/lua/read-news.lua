--[[
  Reads what the job that tells of a run's end tells.

  KEYS[1] what it tells (string)

  Returns it (JSON), `delivered` where it has been told, or an empty string.
]]
return redis.call('GET', KEYS[1]) or ''

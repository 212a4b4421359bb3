-- Reads a session's current generation.
-- KEYS[1] the session's record (see open-session.lua)
-- Returns the generation, or nil when there is no record.
local record = redis.call('GET', KEYS[1])
return record and string.match(record, '^%d+')

-- Tells a session's current generation and changes nothing.
-- KEYS[1] the session's record (see open-session.lua)
-- Returns the generation, nil when there is no record.
local record = redis.call('GET', KEYS[1])
return record and string.match(record, '^%d+')

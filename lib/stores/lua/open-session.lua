-- Opens the hot record of a new session at its first generation.
-- KEYS[1] the session's record
-- ARGV[1] milliseconds until the record may be forgotten
-- ARGV[2] milliseconds that tests have moved the clock (0 in production)
-- Returns the time of the record's first rotation, which is when its token was issued.
--
-- A record is "generation,base,moment,time,time,…": the current generation; the lowest generation
-- whose issue it knows and the moment it was opened, put back or fast-forwarded there; the times of
-- its rotations, newest first. See rotate-session.lua.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2])
local moment = string.format('%.0f', now)

redis.call('SET', KEYS[1], '1,1,' .. moment .. ',' .. moment, 'PX', ARGV[1])
return moment

-- Tells whether a log has room, and counts nothing.
-- KEYS[1] the log (see sliding-log.lua)
-- ARGV[1] milliseconds that tests have moved the clock (0 in production)
-- ARGV[2] and on: limit and window (ms) of each of its rates
-- Returns { 'free' or 'full', used, milliseconds, … }: for each rate, how many requests count and in how many
-- milliseconds the oldest of them leaves the window.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[1])

local isFull, standing = log.read(KEYS[1], now, 2, (#ARGV - 1) / 2)
return { isFull and 'full' or 'free', unpack(standing) }

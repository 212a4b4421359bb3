-- Something that may happen once in an interval: takes the turn, or answers that it has been taken.
-- KEYS[1] when it happened last, in milliseconds
-- ARGV[1] milliseconds from one turn to the next
-- ARGV[2] milliseconds that tests have moved the clock (0 in production)
-- Returns 'taken' (by this call) or 'gone'.
local interval = tonumber(ARGV[1])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[2])

local last = redis.call('GET', KEYS[1])
if last and now - tonumber(last) < interval then return 'gone' end

redis.call('SET', KEYS[1], string.format('%.0f', now), 'PX', ARGV[1])
return 'taken'

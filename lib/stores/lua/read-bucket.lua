-- Tells how a bucket of guesses stands, and changes nothing.
-- KEYS[1] the bucket's record (see bucket-record.lua)
-- ARGV[1] after as many milliseconds without failures its record is forgotten
-- ARGV[2] milliseconds that tests have moved the clock (0 in production)
-- Returns { word, milliseconds, failures, shuts }. The word is 'open', or 'shut' for that many milliseconds; then the
-- failures since it was last shut, and how often in a row it was shut.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[2])

local failures, shuts, opens = unpack((bucket.read(redis.call('GET', KEYS[1]), now, tonumber(ARGV[1]))))

local function write(number) return string.format('%.0f', number) end

return { now < opens and 'shut' or 'open', write(math.max(opens - now, 0)), write(failures), write(shuts) }

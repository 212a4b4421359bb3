-- Counts a request in every log, or in none of them if one rate of one log is used up.
-- KEYS    the logs (see sliding-log.lua), of one hash tag
-- ARGV[1] milliseconds that tests have moved the clock (0 in production)
-- ARGV[2] and on, for each log: the number of its rates, then limit and window (ms) of each
-- Returns { 'counted' or 'refused', the time of that, used, milliseconds, … }: for each rate, how many requests count
-- (with this one, if it was counted) and in how many milliseconds the oldest of them leaves the window.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[1])

local word = 'counted'
local rates, standings = {}, {}
local at = 2
for place, key in ipairs(KEYS) do
  local count = tonumber(ARGV[at])
  local isFull, standing = log.read(key, now, at + 1, count)
  if isFull then word = 'refused' end
  rates[place], standings[place] = { at + 1, count }, standing
  at = at + 1 + 2 * count
end

local answer = { word, string.format('%.0f', now) }
for place, key in ipairs(KEYS) do
  if word == 'counted' then log.write(key, now, rates[place][1], rates[place][2], standings[place]) end
  for _, number in ipairs(standings[place]) do answer[#answer + 1] = number end
end
return answer

-- Functions for scripts that count by exact sliding windows; put in front of their text.
--
-- A log is a list of the moments (milliseconds) that counted, newest first, as many as the largest
-- limit of its rates. One log serves all of them: a rate asks how many lie within its window. ARGV
-- holds rates as pairs: how many, and the window in milliseconds.
local log = {}

-- Where a log stands. `at` is the place in ARGV of the first of `count` rates.
-- Returns whether one of them is used up, and { used, milliseconds until the oldest leaves, … }.
function log.read(key, now, at, count)
  local isFull, standing = false, {}
  local length = redis.call('LLEN', key)

  for place = at, at + 2 * count - 2, 2 do
    local limit, window = tonumber(ARGV[place]), tonumber(ARGV[place + 1])
    local used, beyond, oldest = 0, math.min(limit, length), now
    while used < beyond do
      local middle = math.floor((used + beyond) / 2)
      local moment = tonumber(redis.call('LINDEX', key, middle))
      if now - moment < window then used, oldest = middle + 1, moment else beyond = middle end
    end

    if used >= limit then isFull = true end
    standing[#standing + 1] = used
    -- A clock that has gone back makes nobody wait for longer than a window.
    standing[#standing + 1] = math.min(oldest + window - now, window)
  end
  return isFull, standing
end

-- Counts this moment; takes what `read` has said along.
function log.write(key, now, at, count, standing)
  local most, longest = 0, 0
  for place = at, at + 2 * count - 2, 2 do
    most, longest = math.max(most, tonumber(ARGV[place])), math.max(longest, tonumber(ARGV[place + 1]))
  end

  redis.call('LPUSH', key, string.format('%.0f', now))
  redis.call('LTRIM', key, 0, most - 1)
  redis.call('PEXPIRE', key, longest)
  for place = 1, #standing, 2 do standing[place] = standing[place] + 1 end
end

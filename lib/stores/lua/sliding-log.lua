-- Functions for scripts that count in exact sliding windows. Their text is appended to this one.
--
-- A log is a list of the times (milliseconds) of what was counted, the newest first, with as many entries as the
-- largest limit of its rates. One log serves all rates: a rate looks how many times lie within its window. ARGV has rates
-- as pairs: the limit, and the window in milliseconds.
local log = {}

-- Reads a log. `at` is the place in ARGV of the first of `count` rates.
-- Returns whether a rate is used up, and { used, milliseconds until the oldest leaves the window, … }.
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
    -- If the clock has gone back, the wait is still no longer than a window.
    standing[#standing + 1] = math.min(oldest + window - now, window)
  end
  return isFull, standing
end

-- Counts the current time. `standing` is what `read` has returned; it is updated.
function log.write(key, now, at, count, standing)
  local limitMax, windowMaxMs = 0, 0
  for place = at, at + 2 * count - 2, 2 do
    limitMax = math.max(limitMax, tonumber(ARGV[place]))
    windowMaxMs = math.max(windowMaxMs, tonumber(ARGV[place + 1]))
  end

  redis.call('LPUSH', key, string.format('%.0f', now))
  redis.call('LTRIM', key, 0, limitMax - 1)
  redis.call('PEXPIRE', key, windowMaxMs)
  for place = 1, #standing, 2 do standing[place] = standing[place] + 1 end
end

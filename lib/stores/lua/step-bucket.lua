-- One atomic step of a bucket of guesses: asks for a try, or records the outcome of one.
-- KEYS[1] the bucket's record (see bucket-record.lua)
-- ARGV[1] the step: 'try', or the outcome of one: 'right', 'wrong', 'dropped' (the password was not looked at)
-- ARGV[2] the id of the try; '' with 'right' opens the bucket without a try
-- ARGV[3] how many failures shut the bucket
-- ARGV[4] milliseconds that it is shut the first time; each further time is twice as long
-- ARGV[5] the most milliseconds that it is shut; after as long without failures its record is forgotten
-- ARGV[6] milliseconds that a try without an outcome takes up a place
-- ARGV[7] milliseconds between two notes of refused tries
-- ARGV[8] milliseconds that tests have moved the clock (0 in production)
-- Returns { word, milliseconds, refused }. The word is 'open', 'busy' (tries without an outcome take up every place) or
-- 'shut', for that many milliseconds. For 'try', `refused` is how many tries were refused since the last note if
-- a note is due, else 0. For 'wrong', 'shut' means that this failure has shut the bucket.
local step, id = ARGV[1], ARGV[2]
local threshold, shutMs, shutMaxMs = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local tryTimeoutMs, noteIntervalMs = tonumber(ARGV[6]), tonumber(ARGV[7])

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[8])

local record = redis.call('GET', KEYS[1])
local numbers, waiting = bucket.read(record, now, shutMaxMs)
local failures, shuts, opens, last, refused, noted = unpack(numbers)

local tries = {}
for _, try in ipairs(waiting) do
  if step == 'try' or try[1] ~= id then tries[#tries + 1] = try end
end

local function shut()
  opens = now + math.min(shutMs * 2 ^ shuts, shutMaxMs)
  failures, shuts, refused, noted = 0, shuts + 1, 0, 0
end

local word, told = 'open', 0

if step == 'right' then
  failures, shuts, opens, last, refused, noted = 0, 0, 0, 0, 0, 0
elseif step == 'wrong' then
  failures, last = failures + 1, now
  if failures >= threshold then
    shut()
    word = 'shut'
  end
elseif step == 'try' then
  -- True only if the threshold has been lowered since the last failure.
  if failures >= threshold then shut() end

  if now < opens then
    word, refused = 'shut', refused + 1
    if now - noted >= noteIntervalMs then told, refused, noted = refused, 0, now end
  elseif failures + #tries >= threshold then
    word = 'busy'
  else
    tries[#tries + 1] = { id, now + tryTimeoutMs }
  end
end

local function write(number) return string.format('%.0f', number) end

local fields = { write(failures), write(shuts), write(opens), write(last), write(refused), write(noted) }
local expiresAt = last > 0 and math.max(last, opens) + shutMaxMs or 0
for _, try in ipairs(tries) do
  fields[#fields + 1] = try[1]
  fields[#fields + 1] = write(try[2])
  expiresAt = math.max(expiresAt, try[2])
end

if expiresAt > now then
  redis.call('SET', KEYS[1], table.concat(fields, ','), 'PX', write(math.ceil(expiresAt - now)))
elseif record then
  redis.call('DEL', KEYS[1])
end

return { word, write(math.max(opens - now, 0)), write(told) }

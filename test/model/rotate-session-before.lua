-- The script of the version before resumption, for hot-record-upgrade.test.ts: nodes of both share a Redis during an
-- upgrade.
-- One atomic step of a session's refresh token: rotates it, replays the newest one, or detects reuse.
-- KEYS[1] the session's record, "generation,base,moment,time,time,…" (see open-session.lua)
-- KEYS[2] the log of its rotations (see sliding-log.lua); left out where no rate limits them
-- ARGV[1] the generation presented, or '' to rotate without one (the password has just been checked)
-- ARGV[2] when the presented token was issued, in milliseconds
-- ARGV[3] the floor: no generation below it is presented here
-- ARGV[4] the grace in milliseconds
-- ARGV[5] milliseconds until the record may be forgotten
-- ARGV[6] milliseconds that tests have moved the clock (0 in production)
-- ARGV[7] the time of Redis after which the caller does not wait any more, '' when that is not known
-- ARGV[8] and on, with KEYS[2]: limit and window (ms) of each rate that limits rotations
-- Returns { outcome, generation, issued at, floor, note }. The outcome is 'rotated' or 'replayed', with generation and
-- time of issue of the newest token; 'reused'; 'limited' when the session has rotated too often; or 'late'. With the
-- last two nothing has changed. The floor is the lowest generation that was still forgiven. The note is '' or the
-- reason of an audit event: 'fast_forward', 'forgiven', 'forked'. With KEYS[2], and unless it is reuse or late, there
-- follow for each rate how many rotations count and in how many milliseconds the oldest leaves the window.

-- The most rotations whose times a record keeps.
local timesMax = 32

local clock = redis.call('TIME')
local time = clock[1] * 1000 + math.floor(clock[2] / 1000)
local now = time + tonumber(ARGV[6])

-- The caller has been answered 503 and still holds the token: a step taken now would use it up.
if time > (tonumber(ARGV[7]) or math.huge) then return { 'late', '0', '0', '0', '' } end

local presented, issued = tonumber(ARGV[1]), tonumber(ARGV[2])
local floor, grace, lifetime = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

local function write(milliseconds) return string.format('%.0f', milliseconds) end

local generation, base, moment
local times = {}
local note = ''

local record = redis.call('GET', KEYS[1])
if record then
  local numbers = {}
  for number in string.gmatch(record, '[^,]+') do numbers[#numbers + 1] = tonumber(number) end
  generation, base, moment = numbers[1], numbers[2], numbers[3]
  for place = 4, #numbers do times[place - 3] = numbers[place] end
end

-- Redis has lost the record or its last writes; the signature of the token proves that its generation was issued. Times
-- of earlier generations, which the record cannot know, count as now. Without a token only the floor shows that
-- writes were lost: a generation issued below it would be reuse at once.
if not record or (not presented and generation < floor) then
  generation = presented or floor + 1000
  base, moment, times = generation, now, { issued or now }
elseif presented and presented > generation then
  generation, base, moment, times = presented, presented, now, { issued }
  note = 'fast_forward'
end
presented = presented or generation

-- When a generation was issued: times[1] belongs to the current one. Nil when the time is not kept any more.
local function issue(n) return times[generation - n + 1] end

local function forgiven(n)
  local superseded = issue(n + 1)
  if n < base then superseded = moment end
  return superseded and now - superseded < grace
end

if note == '' and issued and issue(presented) and issue(presented) ~= issued then note = 'forked' end

local isFull, standing, rates = false, {}, (#ARGV - 7) / 2
if KEYS[2] then isFull, standing = log.read(KEYS[2], now, 8, rates) end

if presented < generation then
  if not forgiven(presented) then return { 'reused', '0', '0', '0', '' } end
  if note == '' and presented < base then note = 'forgiven' end
  return { 'replayed', write(generation), write(times[1]), '0', note, unpack(standing) }
end

-- A replay has been answered above: only rotations are limited.
if isFull then return { 'limited', '0', '0', '0', '', unpack(standing) } end
if KEYS[2] then log.write(KEYS[2], now, 8, rates, standing) end

local lowest = generation
while lowest > floor and forgiven(lowest - 1) do
  lowest = lowest > base and lowest - 1 or floor
end

-- A time is kept while the generation before it may still be forgiven, or a token of it recognised.
local newTimes = { now }
for place = 1, math.min(#times, timesMax - 1) do
  if now - newTimes[place] >= grace then break end
  newTimes[place + 1] = times[place]
end

local fields = { write(generation + 1), write(base), write(moment) }
for place = 1, #newTimes do fields[place + 3] = write(newTimes[place]) end
redis.call('SET', KEYS[1], table.concat(fields, ','), 'PX', lifetime)

return { 'rotated', write(generation + 1), write(now), write(lowest), note, unpack(standing) }

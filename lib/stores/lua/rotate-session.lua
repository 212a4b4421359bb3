-- One atomic step of a session's refresh token: rotates it, replays the newest one, resumes the session from the token
-- before it, or detects reuse.
-- KEYS[1] the session's record, "generation,base,moment,time,time,…" (see open-session.lua) and two marks, each of which
--   may be missing. "u5": the current generation is unconfirmed, so a token of generation 5 or later may resume the
--   session; confirm-generation.lua removes it. "5:7:time": at that time generation 7 was issued to a token of
--   generation 5 that resumed the session; what had been issued between them is burnt. A record without marks, as the
--   version before writes it, is confirmed; that version passes over marks, because they are no numbers.
-- KEYS[2] the log of its rotations (see sliding-log.lua); left out where no rate limits them
-- ARGV[1] the generation presented, or '' to rotate without one (the user has just been authenticated again)
-- ARGV[2] when the presented token was issued, in milliseconds
-- ARGV[3] the floor: no generation below it is presented here
-- ARGV[4] the grace in milliseconds
-- ARGV[5] milliseconds until the record may be forgotten
-- ARGV[6] milliseconds that tests have moved the clock (0 in production)
-- ARGV[7] the time of Redis after which the caller does not wait any more, '' when that is not known
-- ARGV[8] '1' if an unconfirmed generation may be passed over by its parent, '' if not (REFRESH_RESUME)
-- ARGV[9] and on, with KEYS[2]: limit and window (ms) of each rate that limits rotations
-- Returns { outcome, generation, issued at, floor, note }. The outcome is 'rotated' or 'replayed', with generation and
-- time of issue of the newest token; 'reused'; 'limited' when the session has rotated too often; or 'late'. With the
-- last two nothing has changed. The floor is the lowest generation that was still forgiven, never above what may resume.
-- The note is '' or the reason of an audit event: 'fast_forward', 'forgiven', 'forked', 'resumed'. With KEYS[2], and
-- unless it is reuse or late, there follow for each rate how many rotations count and in how many milliseconds the oldest
-- leaves the window.

-- The most rotations whose times a record keeps.
local timesMax = 32

local clock = redis.call('TIME')
local time = clock[1] * 1000 + math.floor(clock[2] / 1000)
local now = time + tonumber(ARGV[6])

-- The caller has been answered 503 and still holds the token: a step taken now would use it up.
if time > (tonumber(ARGV[7]) or math.huge) then return { 'late', '0', '0', '0', '' } end

local presented, issued = tonumber(ARGV[1]), tonumber(ARGV[2])
local floor, grace, lifetime, canResume = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[8] == '1'

local function write(milliseconds) return string.format('%.0f', milliseconds) end

local generation, base, moment
local times = {}
-- parent: the lowest generation that may resume. from, to and resumedAt: the last resumption.
local parent, from, to, resumedAt
local note = ''

local record = redis.call('GET', KEYS[1])
if record then
  local numbers = {}
  for field in string.gmatch(record, '[^,]+') do numbers[#numbers + 1] = tonumber(field) end
  generation, base, moment = numbers[1], numbers[2], numbers[3]
  for place = 4, #numbers do times[place - 3] = numbers[place] end
  parent = tonumber(string.match(record, ',u(%d+)'))
  from, to, resumedAt = string.match(record, ',(%d+):(%d+):(%d+)')
  from, to, resumedAt = tonumber(from), tonumber(to), tonumber(resumedAt)
end

-- Redis has lost the record or its last writes; the signature of the token proves that its generation was issued. Times
-- of earlier generations, which the record cannot know, count as now. Without a token only the floor shows that
-- writes were lost: a generation issued below it would be reuse at once. Then any token from the floor on may be the one
-- that the client still holds if this answer is lost.
if not record or (not presented and generation < floor) then
  generation = presented or floor + 1000
  base, moment, times = generation, now, { issued or now }
  parent = not presented and floor or nil
elseif presented and presented > generation then
  generation, base, moment, times, parent = presented, presented, now, { issued }, nil
  note = 'fast_forward'
end
presented = presented or generation

-- When a generation was issued: times[1] belongs to the current one. Nil when the time is not kept any more.
local function issue(n) return times[generation - n + 1] end

-- A token that was issued after the resumption is another one of its generation, from before Redis lost writes.
local function isBurnt(n, at) return from and n > from and n < to and not (at and at > resumedAt) end

-- A token that may resume. The client may hold it as well as any newer one, up to the one before the current.
local function mayResume(n, at) return canResume and parent and n >= parent and n < generation and not isBurnt(n, at) end

-- `at` is when a token of generation n was issued, if that is known. A token that may resume counts as superseded by the
-- current one: it may be in a request that was on its way when the user was authenticated again. One that has resumed
-- the session counts as superseded by what it was given then.
local function forgiven(n, at)
  if isBurnt(n, at) then return false end
  local superseded = issue(n + 1)
  if n < base then superseded = moment end
  if n == from then superseded = issue(to) or superseded end
  if mayResume(n, at) then superseded = times[1] end
  return superseded and now - superseded < grace
end

if note == '' and issued and issue(presented) and issue(presented) ~= issued then note = 'forked' end

local isFull, standing, rates = false, {}, (#ARGV - 8) / 2
if KEYS[2] then isFull, standing = log.read(KEYS[2], now, 9, rates) end

local isResumed = false
if presented < generation then
  if forgiven(presented, issued) then
    if note == '' and presented < base then note = 'forgiven' end
    return { 'replayed', write(generation), write(times[1]), '0', note, unpack(standing) }
  end
  isResumed = mayResume(presented, issued)
  if not isResumed then return { 'reused', '0', '0', '0', '' } end
  note = 'resumed'
end

-- A replay has been answered above: only rotations are limited.
if isFull then return { 'limited', '0', '0', '0', '', unpack(standing) } end
if KEYS[2] then log.write(KEYS[2], now, 9, rates, standing) end

-- A token that is presented has reached its client, so nothing before it may resume. Without a token the current
-- generation may still be in nobody's hands.
local newParent = ARGV[1] == '' and math.min(parent or generation, generation) or presented

local lowest = presented
while lowest > floor and forgiven(lowest - 1) do
  lowest = lowest > base and lowest - 1 or floor
end
if from and forgiven(from) then lowest = math.min(lowest, from) end
if canResume then lowest = math.min(lowest, newParent) end

-- A time is kept while the generation before it may still be forgiven, or a token of it recognised. After a resumption
-- there is none: what was issued before is burnt, or superseded for longer than the grace.
local newTimes = { now }
if not isResumed then
  for place = 1, math.min(#times, timesMax - 1) do
    if now - newTimes[place] >= grace then break end
    newTimes[place + 1] = times[place]
  end
end

if isResumed then from, to, resumedAt = presented, generation + 1, now end

local fields = { write(generation + 1), write(base), write(moment) }
for place = 1, #newTimes do fields[place + 3] = write(newTimes[place]) end
if canResume then fields[#fields + 1] = 'u' .. write(newParent) end
if from then fields[#fields + 1] = table.concat({ write(from), write(to), write(resumedAt) }, ':') end
redis.call('SET', KEYS[1], table.concat(fields, ','), 'PX', lifetime)

return { 'rotated', write(generation + 1), write(now), write(lowest), note, unpack(standing) }

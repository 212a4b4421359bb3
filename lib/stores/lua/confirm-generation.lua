-- Confirms that the answer with a generation has reached its client: an access token of it has been seen. From then on no
-- older token resumes the session.
-- KEYS[1] the session's record (see rotate-session.lua)
-- ARGV[1] the generation
-- ARGV[2] when the access token was issued, in milliseconds
-- Returns 'confirmed'; 'burnt' when a resumption has passed this generation over although its answer has arrived, so
-- that two clients hold tokens of the session; or 'unchanged' when there is no record, when the generation was confirmed
-- before, or when it is no newer than what may resume. It never makes a record and never moves its expiry.

-- A refresh is answered within this time (ms) or not at all.
local answerMaxMs = 10000

local record = redis.call('GET', KEYS[1])
if not record then return 'unchanged' end

local generation, issued = tonumber(ARGV[1]), tonumber(ARGV[2])
local current, parent = tonumber(string.match(record, '^%d+')), tonumber(string.match(record, ',u(%d+)'))
local from, to, at = string.match(record, ',(%d+):(%d+):(%d+)')

-- A token that was issued after the resumption is another one of its generation, from before Redis lost writes. One that
-- was issued just before it may have been on its way, which shows nothing.
if from and generation > tonumber(from) and generation < tonumber(to) and issued <= tonumber(at) then
  return issued + answerMaxMs <= tonumber(at) and 'burnt' or 'unchanged'
end

local mark
if parent and generation >= current then
  mark = ''
elseif parent and generation > parent then
  mark = ',u' .. ARGV[1]
else
  return 'unchanged'
end

redis.call('SET', KEYS[1], (string.gsub(record, ',u%d+', mark, 1)), 'KEEPTTL')
return 'confirmed'

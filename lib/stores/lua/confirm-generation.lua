-- Confirms that the answer with a generation has reached its client: an access token of it has been seen. From then on no
-- older token resumes the session.
-- KEYS[1] the session's record (see rotate-session.lua)
-- ARGV[1] the generation
-- Returns 'confirmed', or 'unchanged' when there is no record, when the generation was confirmed before, is burnt, or is
-- no newer than what may resume. It never makes a record and never moves its expiry.
local record = redis.call('GET', KEYS[1])
local parent = record and tonumber(string.match(record, ',u(%d+)'))
if not parent then return 'unchanged' end

local generation, current = tonumber(ARGV[1]), tonumber(string.match(record, '^%d+'))
local from, to = string.match(record, ',(%d+):(%d+)')
local isBurnt = from and generation > tonumber(from) and generation < tonumber(to)
local mark

if generation >= current then
  mark = ''
elseif generation > parent and not isBurnt then
  mark = ',u' .. ARGV[1]
else
  return 'unchanged'
end

redis.call('SET', KEYS[1], (string.gsub(record, ',u%d+', mark, 1)), 'KEEPTTL')
return 'confirmed'

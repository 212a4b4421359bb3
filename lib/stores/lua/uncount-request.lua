-- Takes back one request that was counted.
-- KEYS    the logs in which it was (see sliding-log.lua), of one hash tag
-- ARGV[1] the moment of that
for _, key in ipairs(KEYS) do redis.call('LREM', key, 1, ARGV[1]) end

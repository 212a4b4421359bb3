-- Removes one request that was counted.
-- KEYS    the logs in which it was counted (see sliding-log.lua), of one hash tag
-- ARGV[1] the time at which it was counted
for _, key in ipairs(KEYS) do redis.call('LREM', key, 1, ARGV[1]) end

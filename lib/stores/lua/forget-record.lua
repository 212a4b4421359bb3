-- Forgets a record at once, instead of at its expiry.
-- KEYS[1] the record
redis.call('DEL', KEYS[1])

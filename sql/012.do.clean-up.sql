-- Whatever the clean-up removes lies together at the beginning of an index, so that each of its batches
-- reads what it removes and nothing else.
create index sessions_ended_at on sessions (ended_at) where ended_at is not null;
create index changes_passing on changes (at) where kind not in ('user_epoch', 'everyone');
create index known_devices_last_used_at on known_devices (last_used_at);

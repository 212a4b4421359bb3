drop index known_devices_last_used_at;
drop index changes_passing;
drop index sessions_ended_at;

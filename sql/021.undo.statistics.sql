drop table session_counts, daily_counts, user_counts cascade;
drop trigger users_count_added on users;
drop trigger users_count_removed on users;
drop trigger users_count_changed on users;
drop function count_added_users;
drop function count_removed_users;
drop function count_changed_user;

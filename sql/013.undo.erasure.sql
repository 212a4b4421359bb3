drop trigger registrations_erase_subject_key on registrations;
drop trigger users_erase_subject_key on users;
drop function erase_subject_key;

drop index jobs_about;
drop index one_time_tokens_address;
drop index registrations_address;
drop index sessions_user;

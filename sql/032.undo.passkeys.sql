drop table spent_challenges;
drop table passkeys;
alter table users drop column passkey_handle;

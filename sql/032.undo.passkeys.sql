create or replace function has_second_factor (the_user uuid, demanded text)
returns boolean
language sql stable
as $$
  select demanded <> 'phishing_resistant'
    and exists (select from totp_secrets where user_id = the_user and confirmed_at is not null)
$$;

drop table spent_challenges;
drop table passkeys;
alter table users drop column passkey_handle;

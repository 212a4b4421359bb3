-- An account is erased by what names it. Each index keeps a part of that, or the foreign key's own look
-- for rows, from reading a whole table.
create index sessions_user on sessions (user_id, id);
create index registrations_address on registrations (email_canonical);
create index one_time_tokens_address on one_time_tokens (email_canonical) where email_canonical is not null;
create index jobs_about on jobs ((coalesce(data ->> 'userId', data ->> 'registrationId', data ->> 'tokenId')));

-- A registration that becomes an account hands on its id and the key of its audit trail. However either of
-- them goes (erased, cleaned up, refused, together with its role), the key goes with the last of the two. At
-- the end of the transaction, because in between there may be neither.
create function erase_subject_key () returns trigger
language plpgsql as $$
begin
  delete from subject_keys
  where subject_id = old.id
    and not exists (select from users where id = old.id)
    and not exists (select from registrations where id = old.id);
  return null;
end
$$;

create constraint trigger users_erase_subject_key
after delete on users
deferrable initially deferred
for each row execute function erase_subject_key();

create constraint trigger registrations_erase_subject_key
after delete on registrations
deferrable initially deferred
for each row execute function erase_subject_key();

-- Keys of registrations that have gone before.
delete from subject_keys k
where not exists (select from users u where u.id = k.subject_id)
  and not exists (select from registrations r where r.id = k.subject_id);

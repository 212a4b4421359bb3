-- Lists of users, from an index in every order and for every filter: one key a page, whatever the number of
-- users. An index that begins with what is filtered by has the rows of one combination in order; a page is the
-- first of what the few combinations that fit have each.
create index users_created on users (created_at, id);
create index users_among_created on users (role, status, approval, created_at, id);
create index users_among_address on users (role, status, approval, email_canonical, id);
drop index users_role;

-- What is searched for by its beginning, and what by any part or nearly so.
create extension if not exists pg_trgm;
create index users_address on users (email_canonical text_pattern_ops);
create index users_name on users (lower(full_name) text_pattern_ops);
create index users_text on users using gin ((email_canonical || ' ' || lower(full_name)) gin_trgm_ops);

-- The last sign-in once more, apart: an index on the column itself would have every sign-in write all indexes of
-- users anew. So it only writes the row anew, where its page has room. Who has never signed in did so before
-- everybody else.
alter table users set (fillfactor = 90);
create table last_logins (
  user_id  uuid primary key references users (id) on delete cascade,
  role     text not null,
  status   text not null,
  approval text not null,
  at       timestamptz not null
);

insert into last_logins (user_id, role, status, approval, at)
select id, role, status, approval, coalesce(last_login_at, '-infinity')
from users;

create index last_logins_at on last_logins (at, user_id);
create index last_logins_among on last_logins (role, status, approval, at, user_id);

create function add_last_logins () returns trigger
language plpgsql as $$
begin
  insert into last_logins (user_id, role, status, approval, at)
  select id, role, status, approval, coalesce(last_login_at, '-infinity')
  from added;
  return null;
end
$$;

create function update_last_login () returns trigger
language plpgsql as $$
begin
  update last_logins
  set role = new.role, status = new.status, approval = new.approval, at = coalesce(new.last_login_at, '-infinity')
  where user_id = new.id;
  return null;
end
$$;

create trigger users_add_last_logins
after insert on users
referencing new table as added
for each statement execute function add_last_logins();

create trigger users_update_last_login
after update on users
for each row
when ((old.role, old.status, old.approval, old.last_login_at) is distinct from (new.role, new.status, new.approval, new.last_login_at))
execute function update_last_login();

grant select, insert, update, delete on last_logins to latchkey_runtime;

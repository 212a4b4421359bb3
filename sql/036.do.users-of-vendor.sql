-- compatible-with: 32

-- The lists of the users of one vendor, in every order and for every filter. The rows of other users are in none of
-- these indexes.
create index users_of_vendor_created on users (vendor_id, role, status, approval, created_at, id) where vendor_id is not null;
create index users_of_vendor_address on users (vendor_id, role, status, approval, email_canonical, id) where vendor_id is not null;

-- The table of the last sign-ins comes last, because those who write to it have written to users before.
create or replace trigger users_update_last_login
after update on users
for each row
when ((old.role, old.status, old.approval, old.vendor_id, old.last_login_at) is distinct from (new.role, new.status, new.approval, new.vendor_id, new.last_login_at))
execute function update_last_login();

alter table last_logins add column vendor_id uuid;

create or replace function add_last_logins () returns trigger
language plpgsql as $$
begin
  insert into last_logins (user_id, role, status, approval, vendor_id, at)
  select id, role, status, approval, vendor_id, coalesce(last_login_at, '-infinity')
  from added;
  return null;
end
$$;

create or replace function update_last_login () returns trigger
language plpgsql as $$
begin
  update last_logins
  set role = new.role,
      status = new.status,
      approval = new.approval,
      vendor_id = new.vendor_id,
      at = coalesce(new.last_login_at, '-infinity')
  where user_id = new.id;
  return null;
end
$$;

update last_logins l
set vendor_id = u.vendor_id
from users u
where u.id = l.user_id
  and u.vendor_id is not null;

create index last_logins_of_vendor on last_logins (vendor_id, role, status, approval, at, user_id) where vendor_id is not null;

-- compatible-with: 32

-- The last sign-ins say whose vendor they are, for lists of the users of a vendor. Those of before follow in the next
-- migration. The table comes last, because those who write to it have written to users before.
create or replace trigger users_update_last_login
after update on users
for each row
when (
  (old.role, old.status, old.approval, old.vendor_id, old.last_login_at) is distinct from
  (new.role, new.status, new.approval, new.vendor_id, new.last_login_at)
)
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

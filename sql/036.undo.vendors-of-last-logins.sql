create or replace trigger users_update_last_login
after update on users
for each row
when (
  (old.role, old.status, old.approval, old.last_login_at) is distinct from
  (new.role, new.status, new.approval, new.last_login_at)
)
execute function update_last_login();

create or replace function add_last_logins () returns trigger
language plpgsql as $$
begin
  insert into last_logins (user_id, role, status, approval, at)
  select id, role, status, approval, coalesce(last_login_at, '-infinity')
  from added;
  return null;
end
$$;

create or replace function update_last_login () returns trigger
language plpgsql as $$
begin
  update last_logins
  set role = new.role, status = new.status, approval = new.approval, at = coalesce(new.last_login_at, '-infinity')
  where user_id = new.id;
  return null;
end
$$;

alter table last_logins drop column vendor_id;

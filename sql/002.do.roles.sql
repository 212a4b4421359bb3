-- Roles are data. Nobody acts upon a person at or above their own rank.
create table roles (
  name              text primary key check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  rank              integer not null check (rank between 0 and 100),
  user_type         text not null check (user_type ~ '^[a-z][a-z0-9_]{0,39}$'),
  requires_approval boolean not null default false,
  self_registration boolean not null default false
);

-- One kind of user registers into one role.
create unique index roles_self_registration on roles (user_type) where self_registration;

create table role_permissions (
  role       text not null references roles (name) on update cascade on delete cascade,
  permission text not null check (permission in (
    'users:read', 'users:write', 'users:delete', 'users:approve',
    'sessions:revoke', 'audit:read', 'roles:write', 'stats:read'
  )),
  primary key (role, permission)
);

insert into roles (name, rank, user_type, requires_approval, self_registration)
values
  ('super_admin', 100, 'staff', false, false),
  ('admin', 80, 'staff', false, false),
  ('accountant', 60, 'staff', false, false),
  ('vendor', 20, 'vendor', true, true),
  ('user', 10, 'user', false, true);

insert into role_permissions (role, permission)
select 'super_admin', permission
from unnest(array[
  'users:read', 'users:write', 'users:delete', 'users:approve',
  'sessions:revoke', 'audit:read', 'roles:write', 'stats:read'
]) as permission
union all
select 'admin', permission
from unnest(array[
  'users:read', 'users:write', 'users:approve', 'sessions:revoke', 'audit:read', 'stats:read'
]) as permission
union all
select 'accountant', permission
from unnest(array['users:read', 'stats:read']) as permission;

grant select, insert, update, delete on roles, role_permissions to latchkey_runtime;

-- A vendor's organisation; its users carry vendor_id.
create table vendors (
  id         uuid primary key default gen_random_uuid(),
  name       text not null check (length(name) between 1 and 200),
  status     text not null default 'active' check (status in ('active', 'suspended')),
  created_at timestamptz not null default now()
);

-- version counts what a signed-in request must notice (role, status, approval, …),
-- session_epoch counts how often all of the user's sessions were ended at once.
create table users (
  id                   uuid primary key default gen_random_uuid(),
  email                text not null,
  email_canonical      text not null unique,
  email_verified       boolean not null default false,
  password_hash        text,
  full_name            text not null check (length(full_name) between 1 and 200),
  locale               text not null default 'en' check (length(locale) between 2 and 35),
  role                 text not null references roles (name) on update cascade,
  vendor_id            uuid references vendors (id),
  status               text not null default 'active' check (status in ('active', 'disabled')),
  approval             text not null default 'not_required'
                       check (approval in ('not_required', 'pending', 'approved', 'rejected')),
  must_change_password boolean not null default false,
  version              bigint not null default 1,
  session_epoch        bigint not null default 0,
  last_login_at        timestamptz,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now()
);

create index users_role on users (role);
create index users_vendor on users (vendor_id) where vendor_id is not null;

grant select, insert, update, delete on users, vendors to latchkey_runtime;

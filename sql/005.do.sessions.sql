-- What is true of the whole deployment; exactly one row.
create table deployment (
  single        boolean primary key default true check (single),
  session_epoch bigint not null default 0
);
insert into deployment default values;

-- A session lives while ended_at is null, expires_at lies ahead and both epochs, under which its
-- password was checked, are still the current ones. floor is the lowest generation of its refresh
-- token that is not a replay whatever Redis remembers; it is only ever raised.
create table sessions (
  id            uuid primary key,
  user_id       uuid references users (id) on delete set null,
  transport     text not null check (transport in ('bearer', 'cookie')),
  device_id     uuid not null,
  device_name   text check (length(device_name) <= 200),
  user_agent    text check (length(user_agent) <= 512),
  ip            inet,
  amr           text[] not null,
  auth_time     timestamptz not null,
  user_epoch    bigint not null,
  global_epoch  bigint not null,
  floor         bigint not null default 0,
  created_at    timestamptz not null,
  last_seen_at  timestamptz not null,
  expires_at    timestamptz not null,
  ended_at      timestamptz,
  ended_reason  text,
  check ((ended_at is null) = (ended_reason is null))
);

create index sessions_alive on sessions (user_id, user_epoch, last_seen_at) where ended_at is null;
create index sessions_expires_at on sessions (expires_at);

-- A browser or phone that has signed in to an account; at most ten an account.
create table known_devices (
  user_id      uuid not null references users (id) on delete cascade,
  device_id    uuid not null,
  created_at   timestamptz not null,
  last_used_at timestamptz not null,
  primary key (user_id, device_id)
);

grant select, insert, update, delete on sessions, known_devices to latchkey_runtime;
grant select, update on deployment to latchkey_runtime;

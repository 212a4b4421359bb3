-- A sign-up that waits for its code. It becomes an account, under its own id, only when the code
-- comes back with that id; until then nothing else knows of it. The code itself is derived from
-- (id, code_number) and never stored.
create table registrations (
  id              uuid primary key,
  email           text not null,
  email_canonical text not null,
  password_hash   text not null,
  full_name       text not null,
  locale          text not null,
  role            text not null references roles (name) on update cascade on delete cascade,
  code_number     integer not null default 1,
  code_expires_at timestamptz not null,
  tries           integer not null default 0,
  created_at      timestamptz not null default now()
);

create index registrations_created_at on registrations (created_at);

grant select, insert, update, delete on registrations to latchkey_runtime;

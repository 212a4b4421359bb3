-- Keys that sign access tokens. private_key is AES-256-GCM under ENCRYPTION_KEY with the id as
-- additional data; public_key is what the JWKS publishes.
create table signing_keys (
  id           uuid primary key,
  algorithm    text not null,
  public_key   jsonb not null,
  private_key  bytea not null,
  status       text not null check (status in ('next', 'active', 'retired')),
  published_at timestamptz not null,
  activated_at timestamptz,
  retired_at   timestamptz,
  expires_at   timestamptz
);

create unique index signing_keys_next on signing_keys (status) where status = 'next';
create unique index signing_keys_active on signing_keys (status) where status = 'active';

-- The key under which what is personal about one subject is written in the audit trail, wrapped
-- under ENCRYPTION_KEY. Erasing it makes those parts unreadable without touching a row.
create table subject_keys (
  subject_id  uuid primary key,
  wrapped_key bytea not null,
  created_at  timestamptz not null default now()
);

grant select, insert, update, delete on signing_keys to latchkey_runtime;
grant select, insert, delete on subject_keys to latchkey_runtime;

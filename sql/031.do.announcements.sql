-- compatible-with: 24

-- Mails to all users, or to those of a role: who has got one is every user up to after_id, in the order of ids. So a
-- command that was interrupted goes on where it was, and nobody gets two. The digest is that of the role and the texts.
create table announcements (
  id           uuid primary key default gen_random_uuid(),
  digest       bytea not null unique check (octet_length(digest) = 32),
  role         text,
  texts        jsonb not null check (jsonb_typeof(texts) = 'array'),
  after_id     uuid not null default '00000000-0000-0000-0000-000000000000',
  recipients   integer not null default 0,
  created_at   timestamptz not null default now(),
  completed_at timestamptz
);

grant select, insert, update on announcements to latchkey_runtime;

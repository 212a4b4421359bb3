-- What the link in a mail stands for. The token is derived from purpose and id and stored nowhere; a
-- row that is gone is a token that is spent. user_id is null where nobody was to get a mail: asking
-- leaves the same row for every address. email is the address that an email_change brings and an
-- email_undo brings back. Whoever has taken a token has it alone until taken_until, then must spend it.
create table one_time_tokens (
  id              uuid primary key,
  purpose         text not null check (purpose in ('password_reset', 'invitation', 'email_change', 'email_undo')),
  user_id         uuid references users (id) on delete cascade,
  email           text,
  email_canonical text,
  taken_by        uuid,
  taken_until     timestamptz,
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  check ((email is null) = (email_canonical is null)),
  check ((taken_by is null) = (taken_until is null))
);

create index one_time_tokens_user on one_time_tokens (user_id, purpose, created_at);
create index one_time_tokens_expires_at on one_time_tokens (expires_at);

grant select, insert, update, delete on one_time_tokens to latchkey_runtime;

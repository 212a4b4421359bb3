-- compatible-with: 32

-- What the last verification of the audit trail has found that was to be recorded. It tells people what the night's run
-- has said. It proves nothing: whoever can write here can write what they like.
create table audit_verifications (
  the_last boolean primary key default true check (the_last),
  begun_at timestamptz not null,
  ended_at timestamptz not null,
  sound    boolean not null,
  summary  jsonb not null
);

grant select, insert, update on audit_verifications to latchkey_runtime;

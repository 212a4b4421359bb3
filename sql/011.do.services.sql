-- Who may ask about tokens: one row for each credential of a service, so that a new one can be handed
-- out before the old one goes. A row that is gone is a credential that is revoked. The secret has 256
-- random bits, so its SHA-256 says nothing about it; the secret itself is nowhere.
create table services (
  id          uuid primary key,
  name        text not null check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  secret_hash bytea not null check (length(secret_hash) = 32),
  may_revoke  boolean not null,
  created_at  timestamptz not null
);

create index services_name on services (name);

grant select, insert, delete on services to latchkey_runtime;

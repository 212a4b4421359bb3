-- compatible-with: 24

-- The name by which authenticators know the account: 64 random bytes, made when it is first needed and kept for the life
-- of the account, because an authenticator keeps one passkey for each. The index is a partial one: nothing can refer to
-- it, so that writing the column needs no stronger lock than any other.
alter table users add column passkey_handle bytea;
create unique index users_passkey_handle on users (passkey_handle) where passkey_handle is not null;

-- The public keys of passkeys and security keys (WebAuthn). public_key is as COSE has it, algorithm its number there.
-- user_verified says whether the authenticator verified its user when the key was made: only such a key proves two
-- factors by itself. sign_count is only ever raised. backed_up says whether the key exists on more than one device.
-- rp_id is the domain that browsers bound the key to.
create table passkeys (
  id              uuid primary key,
  user_id         uuid not null references users (id) on delete cascade,
  credential_id   bytea not null unique check (length(credential_id) between 16 and 1023),
  public_key      bytea not null,
  algorithm       integer not null,
  sign_count      bigint not null,
  user_verified   boolean not null,
  discoverable    boolean,
  backup_eligible boolean not null,
  backed_up       boolean not null,
  aaguid          uuid,
  transports      text[] not null,
  rp_id           text not null,
  name            text not null,
  created_at      timestamptz not null,
  last_used_at    timestamptz
);

create index passkeys_user on passkeys (user_id);
create index passkeys_rp_id on passkeys (rp_id);

-- The challenges that were answered: each works once. A row is written with what the answer has opened and by nothing
-- else, so strangers write none.
create table spent_challenges (
  nonce      bytea primary key,
  expires_at timestamptz not null
);

create index spent_challenges_over_since on spent_challenges (expires_at);

grant select, insert, update, delete on passkeys, spent_challenges to latchkey_runtime;

-- A passkey satisfies whatever a role demands; an authenticator app does not resist phishing.
create or replace function has_second_factor (the_user uuid, demanded text)
returns boolean
language sql stable
as $$
  select exists (select from passkeys where user_id = the_user)
    or demanded <> 'phishing_resistant'
      and exists (select from totp_secrets where user_id = the_user and confirmed_at is not null)
$$;

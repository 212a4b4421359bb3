-- compatible-with: 24

-- Whether the account's password alone opens no session.
alter table users add column two_step boolean not null default false;

-- When the device last passed a second factor at this account; null if it never did. Guesses at codes count among the
-- strangers' until then: a thief of the mailbox gets a known device with every reset of the password.
alter table known_devices add column second_factor_at timestamptz;

-- The secrets of authenticator apps: at most one that is confirmed, and one that waits for its first code. last_step
-- is the latest time step whose code was used; it is only ever raised. strangers_failures counts the wrong codes of
-- strangers. The secret is ciphertext (AES-256-GCM) in the context of its row, and begins with the id of its key.
create table totp_secrets (
  id                 uuid primary key,
  user_id            uuid not null references users (id) on delete cascade,
  secret             bytea not null,
  last_step          bigint not null default 0,
  strangers_failures integer not null default 0,
  created_at         timestamptz not null,
  confirmed_at       timestamptz,
  last_used_at       timestamptz
);

create unique index totp_secrets_user on totp_secrets (user_id, (confirmed_at is null));
create index totp_secrets_waiting_since on totp_secrets (created_at) where confirmed_at is null;
create index totp_secrets_key on totp_secrets (substring(secret from 1 for 4));

-- The ways back into an account without its second factor: SHA-256 of 120 random bits. A used one is gone.
create table recovery_codes (
  user_id    uuid not null references users (id) on delete cascade,
  hash       bytea not null,
  number     smallint not null,
  created_at timestamptz not null,
  primary key (user_id, hash)
);

grant select, insert, update, delete on totp_secrets, recovery_codes to latchkey_runtime;

-- Nothing opens a session of an account with two steps unless both were proved: nodes of versions before, which do not
-- know of the second one, are refused. The reason of the event comes in a setting of the transaction, as its MAC does.
create or replace function sign_in (
  the_user uuid, the_user_epoch bigint, the_global_epoch bigint,
  the_session uuid, the_transport text, the_device uuid, the_device_name text, the_user_agent text, the_ip inet, the_amr text[],
  moment timestamptz, absolute_end timestamptz, sessions_max integer, devices_max integer,
  the_request text, the_personal bytea
)
returns uuid[]
language plpgsql
set seq_page_cost = 1000
as $$
declare
  signed_in_before boolean;
  is_new_device    boolean;
  evicted          uuid[];
  the_event        bigint;
begin
  select u.last_login_at is not null into signed_in_before
  from users u
  cross join deployment d
  where u.id = the_user
    and u.status = 'active'
    and u.session_epoch = the_user_epoch
    and d.session_epoch = the_global_epoch
    and (not u.two_step or 'mfa' = any(the_amr))
  for no key update of u;

  if not found then
    return null;
  end if;

  update users
  set last_login_at = moment
  where id = the_user;

  update known_devices
  set last_used_at = moment,
      second_factor_at = case when 'mfa' = any(the_amr) then moment else second_factor_at end
  where user_id = the_user
    and device_id = the_device;

  is_new_device := not found;
  if is_new_device then
    insert into known_devices (user_id, device_id, created_at, last_used_at, second_factor_at)
    values (the_user, the_device, moment, moment, case when 'mfa' = any(the_amr) then moment end);

    delete from known_devices
    where user_id = the_user
      and device_id in (
        select device_id
        from known_devices
        where user_id = the_user
          and device_id <> the_device
        order by last_used_at desc
        offset devices_max - 1
      );
  end if;

  insert into sessions (id, user_id, transport, device_id, device_name, user_agent, ip, amr, auth_time,
                        user_epoch, global_epoch, created_at, last_seen_at, expires_at)
  values (the_session, the_user, the_transport, the_device, the_device_name, the_user_agent, the_ip, the_amr, moment,
          the_user_epoch, the_global_epoch, moment, moment, absolute_end);

  with surplus as (
    select id
    from sessions
    where user_id = the_user
      and user_epoch = the_user_epoch
      and global_epoch = the_global_epoch
      and ended_at is null
      and expires_at > moment
    order by last_seen_at desc, created_at desc
    offset sessions_max
  ), locked as (
    select id
    from sessions
    where id in (select id from surplus)
    order by id
    for no key update
  ), ended as (
    update sessions
    set ended_at = moment, ended_reason = 'evicted'
    where id in (select id from locked)
      and ended_at is null
    returning id
  ), told as (
    insert into changes (kind, subject_id, reason)
    select 'session_ended', id, 'evicted'
    from ended
  )
  select coalesce(array_agg(id), '{}') into evicted
  from ended;

  insert into audit_events (event, outcome, reason, actor_id, subject_id, session_id, request_id, personal)
  values ('authn_login_success', 'success', nullif(current_setting('latchkey.audit_reason', true), ''),
          the_user, the_user, the_session, the_request, the_personal)
  returning id into the_event;

  -- The first sign-in of an account is news to nobody.
  if is_new_device and signed_in_before then
    insert into jobs (queue, data)
    values ('mail', jsonb_build_object('kind', 'new_device', 'userId', the_user, 'sessionId', the_session, 'eventId', the_event));
  end if;

  return evicted;
end
$$;

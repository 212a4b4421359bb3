-- compatible-with: 32

-- A sign-in by a passkey that is just as it was read: the challenge is used up, the use recorded and the session opened
-- in one statement. Returns what sign_in() does; null, and nothing is written, if the challenge has been answered or the
-- passkey is not what was read. Everything else about the use of a passkey is decided in a transaction of the server.
create function sign_in_by_passkey (
  the_user uuid, the_user_epoch bigint, the_global_epoch bigint,
  the_session uuid, the_transport text, the_device uuid, the_device_name text, the_user_agent text, the_ip inet, the_amr text[],
  moment timestamptz, absolute_end timestamptz, sessions_max integer, devices_max integer,
  the_request text, the_personal bytea,
  the_passkey uuid, the_count_before bigint, the_count bigint, is_backup_eligible boolean, is_backed_up boolean,
  the_nonce bytea, the_expiry timestamptz
)
returns uuid[]
language plpgsql
set seq_page_cost = 1000
as $$
declare
  evicted uuid[];
begin
  -- Whatever else uses, adds or removes a passkey of the account waits for this lock.
  perform
  from users
  where id = the_user
  for no key update;

  with known as materialized (
    select id
    from passkeys
    where id = the_passkey
      and user_id = the_user
      and sign_count = the_count_before
      and backup_eligible = is_backup_eligible
    for no key update
  ), spent as (
    insert into spent_challenges (nonce, expires_at)
    select the_nonce, the_expiry
    from known
    on conflict (nonce) do nothing
    returning nonce
  )
  update passkeys p
  set sign_count = the_count,
      backed_up = is_backed_up,
      last_used_at = moment
  from known, spent
  where p.id = known.id;

  if not found then
    return null;
  end if;

  evicted := sign_in(the_user, the_user_epoch, the_global_epoch, the_session, the_transport, the_device, the_device_name,
                     the_user_agent, the_ip, the_amr, moment, absolute_end, sessions_max, devices_max, the_request,
                     the_personal);
  -- The account has changed since it was read: the challenge is not used up for that.
  if evicted is null then
    raise exception 'the account has changed since it was read' using errcode = 'LK001';
  end if;
  return evicted;
end
$$;

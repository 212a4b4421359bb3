-- compatible-with: 32

-- A session that a remembered device opens by the password alone was authenticated in full when the device passed both
-- factors: its auth_time is that moment, so whatever needs a recent sign-in asks for both.
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
  the_reset         uuid := nullif(current_setting('latchkey.factor_reset', true), '');
  remembered_since  timestamptz := nullif(current_setting('latchkey.remembered_since', true), '');
  remembers         boolean := 'mfa' = any(the_amr) and current_setting('latchkey.remember_device', true) = 'on';
  signed_in_before  boolean;
  needs_both        boolean;
  may_be_remembered boolean;
  proved_at         timestamptz := moment;
  is_new_device     boolean;
  evicted           uuid[];
  the_event         bigint;
begin
  select u.last_login_at is not null,
         u.two_step or r.second_factor <> 'optional' and r.second_factor_from <= moment and has_second_factor(u.id, r.second_factor),
         r.second_factor = 'optional' or r.second_factor_from > moment
  into signed_in_before, needs_both, may_be_remembered
  from users u
  cross join deployment d
  join roles r on r.name = u.role
  where u.id = the_user
    and u.status = 'active'
    and u.session_epoch = the_user_epoch
    and d.session_epoch = the_global_epoch
  for no key update of u;

  if not found then
    return null;
  end if;

  -- This is read under the lock: a sign-in by both factors uses up resets, and whatever ends sessions moves an epoch.
  if needs_both and not 'mfa' = any(the_amr) then
    if the_reset is not null then
      perform
      from one_time_tokens
      where id = the_reset
        and user_id = the_user
        and purpose = 'second_factor_reset'
        and expires_at > moment;
    else
      select remembered_at into proved_at
      from known_devices
      where user_id = the_user
        and device_id = the_device
        and remembered_at >= remembered_since
        and remembered_user_epoch = the_user_epoch
        and remembered_global_epoch = the_global_epoch
        and may_be_remembered;
    end if;

    if not found then
      return null;
    end if;
  end if;

  update users
  set last_login_at = moment
  where id = the_user;

  update known_devices
  set last_used_at = moment,
      second_factor_at = case when 'mfa' = any(the_amr) then moment else second_factor_at end,
      remembered_at = case when remembers then moment else remembered_at end,
      remembered_user_epoch = case when remembers then the_user_epoch else remembered_user_epoch end,
      remembered_global_epoch = case when remembers then the_global_epoch else remembered_global_epoch end
  where user_id = the_user
    and device_id = the_device;

  is_new_device := not found;
  if is_new_device then
    insert into known_devices (user_id, device_id, created_at, last_used_at, second_factor_at,
                               remembered_at, remembered_user_epoch, remembered_global_epoch)
    values (the_user, the_device, moment, moment, case when 'mfa' = any(the_amr) then moment end,
            case when remembers then moment end, case when remembers then the_user_epoch end,
            case when remembers then the_global_epoch end);

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
                        user_epoch, global_epoch, created_at, last_seen_at, expires_at, factor_reset)
  values (the_session, the_user, the_transport, the_device, the_device_name, the_user_agent, the_ip, the_amr, proved_at,
          the_user_epoch, the_global_epoch, moment, moment, absolute_end, the_reset);

  -- A user who can still sign in by both factors needs no reset: another person may have asked for it.
  if 'mfa' = any(the_amr) then
    delete from one_time_tokens
    where user_id = the_user
      and purpose = 'second_factor_reset';
  end if;

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

-- For whoever is to look and nothing else: auditors, support, reports. A member of latchkey_readonly sees
-- the rows of the one user whose id is in the setting latchkey.user_id, none while it is not set, and
-- neither a password's hash nor a key. Made like latchkey_runtime, and for the same reasons.
do $$
begin
  if not exists (select from pg_roles where rolname = 'latchkey_readonly') then
    create role latchkey_readonly nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
end
$$;

-- Column by column, so that what is added later stays out of sight until somebody decides otherwise.
grant usage on schema public to latchkey_readonly;
grant select (
  id, email, email_canonical, email_verified, full_name, locale, role, vendor_id, status, approval,
  must_change_password, version, session_epoch, last_login_at, created_at, updated_at
) on users to latchkey_readonly;
grant select (
  id, user_id, transport, device_id, device_name, user_agent, ip, amr, auth_time, user_epoch, global_epoch,
  created_at, last_seen_at, expires_at, ended_at, ended_reason
) on sessions to latchkey_readonly;
grant select (
  id, at, event, outcome, reason, actor_id, subject_id, session_id, request_id
) on audit_events to latchkey_readonly;
grant select on roles, deployment, active_sessions, session_stats to latchkey_readonly;

-- Null while the setting is missing or empty; what is not a UUID is an error.
create function latchkey_user_id () returns uuid
language sql stable parallel safe
return nullif(current_setting('latchkey.user_id', true), '')::uuid;

-- The server goes on seeing everything; so does the owner, whom row security does not bind.
alter table users enable row level security;
create policy users_runtime on users to latchkey_runtime using (true) with check (true);
create policy users_own on users for select to latchkey_readonly using (id = latchkey_user_id());

alter table sessions enable row level security;
create policy sessions_runtime on sessions to latchkey_runtime using (true) with check (true);
create policy sessions_own on sessions for select to latchkey_readonly using (user_id = latchkey_user_id());

alter table audit_events enable row level security;
create policy audit_events_runtime on audit_events to latchkey_runtime using (true) with check (true);
create policy audit_events_own on audit_events for select to latchkey_readonly using (subject_id = latchkey_user_id());

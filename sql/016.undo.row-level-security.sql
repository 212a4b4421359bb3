-- The role stays: other databases of the cluster may use it.
drop policy audit_events_own on audit_events;
drop policy audit_events_runtime on audit_events;
alter table audit_events disable row level security;

drop policy sessions_own on sessions;
drop policy sessions_runtime on sessions;
alter table sessions disable row level security;

drop policy users_own on users;
drop policy users_runtime on users;
alter table users disable row level security;

drop function latchkey_user_id;
revoke select on roles, deployment, active_sessions, session_stats from latchkey_readonly;
revoke select (
  id, at, event, outcome, reason, actor_id, subject_id, session_id, request_id
) on audit_events from latchkey_readonly;
revoke select (
  id, user_id, transport, device_id, device_name, user_agent, ip, amr, auth_time, user_epoch, global_epoch,
  created_at, last_seen_at, expires_at, ended_at, ended_reason
) on sessions from latchkey_readonly;
revoke select (
  id, email, email_canonical, email_verified, full_name, locale, role, vendor_id, status, approval,
  must_change_password, version, session_epoch, last_login_at, created_at, updated_at
) on users from latchkey_readonly;
revoke usage on schema public from latchkey_readonly;

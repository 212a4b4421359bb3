-- For people who look. Whoever asks sees through a view what they may see in its tables, and no more
-- (security_invoker). There is no token in any of them: a refresh token is sealed and stored nowhere.

-- The sessions that live. One unused for longer than REFRESH_TOKEN_TTL, which only the server knows, can
-- no longer be refreshed although it is shown: its last_seen_at tells.
create view active_sessions with (security_invoker = true) as
select s.id, s.user_id, s.transport, s.device_id, s.device_name, s.user_agent, s.ip, s.amr,
       s.auth_time, s.created_at, s.last_seen_at, s.expires_at
from sessions s
join users u on u.id = s.user_id and u.session_epoch = s.user_epoch
join deployment d on d.session_epoch = s.global_epoch
where s.ended_at is null
  and s.expires_at > now()
  and u.status = 'active';

-- How many there are, of which kind. It reads every living session, which takes a second or two for each
-- million: for a look or a dashboard, not for a request. Counted by user first: so nothing has to be sorted
-- to tell users apart.
create view session_stats with (security_invoker = true) as
select r.user_type, p.transport,
       sum(p.sessions)::bigint as sessions,
       count(*) as users,
       sum(p.seen_last_hour)::bigint as seen_last_hour,
       sum(p.seen_last_day)::bigint as seen_last_day,
       sum(p.opened_last_day)::bigint as opened_last_day,
       min(p.oldest) as oldest
from (
  select user_id, transport,
         count(*) as sessions,
         count(*) filter (where last_seen_at > now() - interval '1 hour') as seen_last_hour,
         count(*) filter (where last_seen_at > now() - interval '1 day') as seen_last_day,
         count(*) filter (where created_at > now() - interval '1 day') as opened_last_day,
         min(created_at) as oldest
  from active_sessions
  group by user_id, transport
) p
join users u on u.id = p.user_id
join roles r on r.name = u.role
group by r.user_type, p.transport;

grant select on active_sessions, session_stats to latchkey_runtime;

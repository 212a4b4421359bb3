drop function audit_event_id_near;
drop function make_audit_partitions;

alter table audit_events rename to audit_events_by_month;
alter table audit_events_by_month rename constraint audit_events_pkey to audit_events_by_month_pkey;
alter index audit_events_subject rename to audit_events_by_month_subject;
alter index audit_events_actor rename to audit_events_by_month_actor;
alter index audit_events_event rename to audit_events_by_month_event;
alter sequence audit_events_id_seq rename to audit_events_by_month_id_seq;

create table audit_events (
  id           bigint generated always as identity primary key,
  at           timestamptz not null default clock_timestamp(),
  event        text not null,
  outcome      text not null constraint audit_events_outcome_check check (outcome in ('success', 'failure')),
  reason       text,
  actor_id     uuid,
  subject_id   uuid,
  session_id   uuid,
  request_id   text,
  address_hmac bytea,
  personal     bytea
);

insert into audit_events (id, at, event, outcome, reason, actor_id, subject_id, session_id, request_id, address_hmac, personal)
overriding system value
select id, at, event, outcome, reason, actor_id, subject_id, session_id, request_id, address_hmac, personal
from audit_events_by_month
order by id;

select setval(pg_get_serial_sequence('audit_events', 'id'), nextval('audit_events_by_month_id_seq'), false);
drop table audit_events_by_month;

create index audit_events_subject on audit_events (subject_id, id);
create index audit_events_actor on audit_events (actor_id, id);
create index audit_events_event on audit_events (event, id);

create trigger audit_events_append_only
before update or delete or truncate on audit_events
for each statement execute function refuse_change();

grant select, insert on audit_events to latchkey_runtime;
grant select (
  id, at, event, outcome, reason, actor_id, subject_id, session_id, request_id
) on audit_events to latchkey_readonly;

alter table audit_events enable row level security;
create policy audit_events_runtime on audit_events to latchkey_runtime using (true) with check (true);
create policy audit_events_own on audit_events for select to latchkey_readonly using (subject_id = latchkey_user_id());

-- The audit trail by months, so that a month can go as a whole, and with the transaction of each event.
--
-- xid is the first column and its default is worked out first: an event gets its id and its time after its
-- transaction got a number. So whoever knows which numbers a snapshot had given out knows which ids and
-- times can still come. The sequence hands out one id at a time for the same reason.
alter table audit_events rename to audit_events_first;
alter table audit_events_first drop constraint audit_events_pkey;
alter index audit_events_subject rename to audit_events_first_subject;
alter index audit_events_actor rename to audit_events_first_actor;
alter index audit_events_event rename to audit_events_first_event;
alter table audit_events_first alter column id drop identity;
drop policy audit_events_own on audit_events_first;
drop policy audit_events_runtime on audit_events_first;
alter table audit_events_first disable row level security;
revoke all on audit_events_first from latchkey_runtime, latchkey_readonly;
revoke select (
  id, at, event, outcome, reason, actor_id, subject_id, session_id, request_id
) on audit_events_first from latchkey_readonly;

-- What is there already counts as written by this migration.
alter table audit_events_first add column xid xid8 not null default pg_current_xact_id();

create sequence audit_events_id_seq as bigint;
select setval('audit_events_id_seq', coalesce(max(id), 0) + 1, false)
from audit_events_first;

create table audit_events (
  xid          xid8 not null default pg_current_xact_id(),
  id           bigint not null default nextval('audit_events_id_seq'),
  at           timestamptz not null default clock_timestamp(),
  event        text not null,
  outcome      text not null constraint audit_events_outcome_check check (outcome in ('success', 'failure')),
  reason       text,
  actor_id     uuid,
  subject_id   uuid,
  session_id   uuid,
  request_id   text,
  address_hmac bytea,
  personal     bytea,
  primary key (id, at)
) partition by range (at);

alter sequence audit_events_id_seq owned by audit_events.id;
create index audit_events_subject on audit_events (subject_id, id);
create index audit_events_actor on audit_events (actor_id, id);
create index audit_events_event on audit_events (event, id);
create index audit_events_xid on audit_events (xid, id);

create trigger audit_events_append_only
before update or delete or truncate on audit_events
for each statement execute function refuse_change();

-- Where a month has no partition of its own, because nobody made one, its events go here. They stay here.
create table audit_events_rest partition of audit_events default;

create trigger audit_events_rest_append_only
before update or delete or truncate on audit_events_rest
for each statement execute function refuse_change();

-- The months from the first that has no partition up to so many after this one get theirs. Attaching does
-- not keep anybody from writing. Whoever runs Latchkey may have it done, and owns nothing by it.
create function make_audit_partitions (months_ahead integer) returns integer
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
set lock_timeout = '1s'
as $$
declare
  this_month timestamptz := date_trunc('month', now());
  starts     timestamptz;
  made       integer := 0;
begin
  if not pg_try_advisory_xact_lock(5282439207) then
    return 0;
  end if;

  select greatest(this_month, max(substring(pg_get_expr(c.relpartbound, c.oid) from $bound$TO \('([^']+)'\)$bound$)::timestamptz)) into starts
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'public.audit_events'::regclass;

  while starts <= this_month + make_interval(months => least(greatest(months_ahead, 0), 12)) loop
    begin
      execute format('create table public.%I (like public.audit_events including defaults including constraints)', 'audit_events_' || to_char(starts, 'YYYY_MM'));
      execute format('create trigger %I before update or delete or truncate on public.%I for each statement execute function public.refuse_change()',
                     'audit_events_' || to_char(starts, 'YYYY_MM') || '_append_only', 'audit_events_' || to_char(starts, 'YYYY_MM'));
      execute format('alter table public.audit_events attach partition public.%I for values from (%L) to (%L)',
                     'audit_events_' || to_char(starts, 'YYYY_MM'), starts, starts + interval '1 month');
      made := made + 1;
    exception
      -- Events of that month are in the rest already.
      when check_violation then null;
    end;
    starts := starts + interval '1 month';
  end loop;
  return made;
end
$$;

-- What has been written so far becomes the partition of this month and all before.
do $$
begin
  execute format(
    'alter table audit_events attach partition audit_events_first for values from (minvalue) to (%L)',
    (select date_trunc('month', greatest(now(), max(at)), 'UTC') + interval '1 month' from audit_events_first)
  );
  perform make_audit_partitions(3);
end
$$;

-- Neither the id nor the time nor the transaction of an event is the writer's to choose.
grant usage on sequence audit_events_id_seq to latchkey_runtime;
grant select, insert (event, outcome, reason, actor_id, subject_id, session_id, request_id, address_hmac, personal) on audit_events to latchkey_runtime;
grant select (
  id, at, event, outcome, reason, actor_id, subject_id, session_id, request_id
) on audit_events to latchkey_readonly;
revoke execute on function make_audit_partitions from public;
grant execute on function make_audit_partitions to latchkey_runtime;

alter table audit_events enable row level security;
create policy audit_events_runtime on audit_events to latchkey_runtime using (true) with check (true);
create policy audit_events_own on audit_events for select to latchkey_readonly using (subject_id = latchkey_user_id());

-- About where the events of a time begin, found by halving: ids and times rise together, save for clocks
-- that are set and for what came in together. Whoever asks leaves room for that and looks at the times.
create function audit_event_id_near (moment timestamptz) returns bigint
language plpgsql stable as $$
declare
  low    bigint := 0;
  high   bigint := (select coalesce(max(id), 0) + 1 from audit_events);
  middle bigint;
  found_at timestamptz;
begin
  while low < high loop
    middle := low + (high - low) / 2;
    select at into found_at
    from audit_events
    where id >= middle
    order by id
    limit 1;

    if found_at is null or found_at >= moment then
      high := middle;
    else
      low := middle + 1;
    end if;
  end loop;
  return low;
end
$$;

revoke execute on function audit_event_id_near from public;
grant execute on function audit_event_id_near to latchkey_runtime;

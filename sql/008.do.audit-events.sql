-- Who did what to whom, when and with what outcome. Append-only: the runtime role may insert and
-- read, and a trigger refuses the rest to everybody, in case one role does everything.
-- personal is ciphertext under the subject's key; address_hmac stands for an address without account.
create table audit_events (
  id           bigint generated always as identity primary key,
  at           timestamptz not null default clock_timestamp(),
  event        text not null,
  outcome      text not null check (outcome in ('success', 'failure')),
  reason       text,
  actor_id     uuid,
  subject_id   uuid,
  session_id   uuid,
  request_id   text,
  address_hmac bytea,
  personal     bytea
);

create index audit_events_subject on audit_events (subject_id, id);
create index audit_events_actor on audit_events (actor_id, id);
create index audit_events_event on audit_events (event, id);

create function refuse_change () returns trigger
language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_events_append_only
before update or delete or truncate on audit_events
for each statement execute function refuse_change();

grant select, insert on audit_events to latchkey_runtime;

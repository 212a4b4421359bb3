-- Who may write SQL as the server, without the server's key, can add to the trail and lose nothing of it unnoticed.
--
-- mac authenticates an event: 8 bytes that name the key, 16 that no other event has, 32 of HMAC-SHA-256. The key is
-- derived from ENCRYPTION_KEY and is not in the database. It is null in events from before. sign_in() inserts without
-- naming the column: the statement that calls it leaves the value in a setting of its transaction.
alter table audit_events add column mac bytea;
alter table audit_events alter column mac set default decode(nullif(current_setting('latchkey.audit_mac', true), ''), 'hex');
grant insert (mac) on audit_events to latchkey_runtime;

-- A seal's number is the next one. A number near the end of what fits would keep every later seal out.
create function check_seal_number () returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if new.number <> 1 + coalesce((select number from audit_seals order by number desc limit 1), 0) then
    raise exception 'the number of a seal is that of the one before plus 1' using errcode = 'check_violation';
  end if;
  return new;
end
$$;

create trigger audit_seals_number
before insert on audit_seals
for each row execute function check_seal_number();

-- The key of a subject goes when its account or registration has gone, and the server cannot delete it otherwise. The key
-- of an account goes only together with the event that says so: an account that was removed in silence leaves its key,
-- and its part of the trail stays readable.
create or replace function erase_subject_key () returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  delete from subject_keys
  where subject_id = old.id
    and not exists (select from users where id = old.id)
    and not exists (select from registrations where id = old.id)
    and (
      exists (
        select from audit_events
        where xid = pg_current_xact_id()
          and subject_id = old.id
          and event = 'user_deleted'
      )
      or not exists (
        select from audit_events
        where subject_id = old.id
          and event in ('user_created', 'vendor_created')
      )
    );
  return null;
end
$$;

revoke execute on function erase_subject_key from public;
revoke delete on subject_keys from latchkey_runtime;

-- How long events are kept, as the owner of the trail has said (`latchkey migrate` writes AUDIT_RETENTION into it). Without
-- a row they are kept for ever, whatever the server says.
create table audit_retention (
  only_row boolean primary key default true check (only_row),
  days     integer not null check (days >= 90)
);

grant select on audit_retention to latchkey_runtime;

alter function drop_audit_partitions (timestamptz) rename to drop_announced_audit_partitions;
revoke execute on function drop_announced_audit_partitions from latchkey_runtime;

create function drop_audit_partitions (before timestamptz) returns integer
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  dropped integer := public.drop_announced_audit_partitions(before);
begin
  -- The exception takes the drop back.
  if dropped > 0 and not exists (select from public.audit_retention where before <= now() - make_interval(days => days)) then
    raise exception 'the owner of the trail keeps these events' using errcode = 'insufficient_privilege';
  end if;
  return dropped;
end
$$;

revoke execute on function drop_audit_partitions from public;
grant execute on function drop_audit_partitions to latchkey_runtime;

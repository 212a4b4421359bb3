-- The audit trail's hash chain. A seal covers the events that were there when it was made and in no seal
-- before it. leaves names each of them: its id, its time (microseconds since 1970) and the SHA-256 of the
-- rest, 8 + 8 + 32 bytes. hash is that of the seal with the hash of the one before; signature is by a key
-- that the database does not have.
--
-- snapshot says which transactions' events have been sealed by then; of the transaction at its end those up
-- to the id in through, where a batch had to stop in its midst. xid is the number of the seal's own
-- transaction: one that is higher began later. floor is where the numbers of transactions began anew, in a
-- database that was restored: events up to that id are in seals before.
create table audit_seals (
  number    bigint primary key check (number > 0),
  events    integer not null,
  total     bigint not null,
  last_id   bigint not null,
  xid       xid8 not null,
  snapshot  pg_snapshot not null,
  through   bigint,
  floor     bigint not null,
  kept_from timestamptz,
  sealed_at timestamptz not null,
  leaves    bytea not null,
  previous  bytea not null check (length(previous) = 32),
  hash      bytea not null unique check (length(hash) = 32),
  key_id    bytea not null,
  signature bytea not null
);

-- Hashes do not become shorter.
alter table audit_seals alter column leaves set storage external;

create trigger audit_seals_append_only
before update or delete or truncate on audit_seals
for each statement execute function refuse_change();

grant select, insert on audit_seals to latchkey_runtime;

-- Drops the months of the trail that are over before a time. Nobody but the owner of a table may drop it, and
-- whoever runs Latchkey is not to own the trail: so this does it for them, and only what
--   has been over for 90 days at least, whatever the caller thinks,
--   a seal has announced in its kept_from, which says in the chain, signed, that it may be gone, and
--   is in the chain to its last event.
-- Somebody who calls it behind the server's back can announce with a seal that has no signature, and lose
-- old months; audit-verify finds the seal, and each event that is gone.
create function drop_audit_partitions (before timestamptz) returns integer
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
set lock_timeout = '1s'
as $$
declare
  month    record;
  latest   record;
  is_whole boolean;
  dropped  integer := 0;
begin
  if before > now() - interval '90 days' then
    raise exception 'events of the last 90 days stay' using errcode = 'insufficient_privilege';
  end if;
  if not exists (select from public.audit_seals where kept_from >= before) then
    raise exception 'no seal has announced it' using errcode = 'insufficient_privilege';
  end if;
  if not pg_try_advisory_xact_lock(5282439207) then
    return 0;
  end if;

  select snapshot, floor into latest
  from public.audit_seals
  order by number desc
  limit 1;

  for month in
    select c.oid::regclass as name
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.audit_events'::regclass
      and substring(pg_get_expr(c.relpartbound, c.oid) from $bound$TO \('([^']+)'\)$bound$)::timestamptz <= before
  loop
    execute format(
      'select not exists (select from %1$s where id > $1 and xid >= pg_snapshot_xmax($2))
          and not exists (select from pg_snapshot_xip($2) x (xid) cross join lateral (select from %1$s e where e.id > $1 and e.xid = x.xid limit 1) e)',
      month.name
    )
    into is_whole
    using latest.floor, latest.snapshot;

    if is_whole then
      execute format('drop table %s', month.name);
      dropped := dropped + 1;
    end if;
  end loop;
  return dropped;
end
$$;

revoke execute on function drop_audit_partitions from public;
grant execute on function drop_audit_partitions to latchkey_runtime;

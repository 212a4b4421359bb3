-- The change feed: what every node must know at once. Written in the transaction of its cause.
-- Rows commit out of the order of seq, so a row carries its transaction: a reader that asks for
-- xid >= the snapshot's xmin of its last read misses nothing, however late a row commits.
create table changes (
  seq        bigint generated always as identity primary key,
  xid        xid8 not null default pg_current_xact_id(),
  kind       text not null check (kind in (
    'session_ended', 'user_epoch', 'everyone', 'user_changed', 'vendor_changed', 'roles_changed', 'keys_changed'
  )),
  subject_id uuid,
  except_id  uuid,
  number     bigint,
  reason     text,
  at         timestamptz not null default clock_timestamp()
);

create index changes_xid on changes (xid);
create index changes_at on changes (at);
create index changes_subject on changes (subject_id, number) where kind in ('user_epoch', 'everyone');

grant select, insert, delete on changes to latchkey_runtime;

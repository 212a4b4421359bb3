-- A row of signing_keys counts only if its public half, its status and its times are authenticated: mac is the id of a
-- key that is derived from ENCRYPTION_KEY (4 bytes), and an HMAC-SHA-256 under that key. Who can write to this table
-- cannot write such a mac.
alter table signing_keys add column mac bytea;

-- The rows that were there before the column, as the owner found them. Such a row counts without a mac as long as it
-- equals its entry here. The first node that starts writes its mac and empties this table, which nobody but the owner
-- can fill again.
create table signing_keys_inherited as
select id, public_key, status, published_at, activated_at, retired_at, expires_at
from signing_keys;
alter table signing_keys_inherited add primary key (id);
grant select, delete on signing_keys_inherited to latchkey_runtime;

-- A mac proves that a state was written by a node, not that it is the newest one. So the furthest stage that a key has
-- reached is kept, also after its removal, where the runtime role cannot change it: a key goes from next to active to
-- retired to removed, and never back.
create table signing_key_stages (
  key_id uuid primary key,
  stage  integer not null
);

insert into signing_key_stages (key_id, stage)
select id, array_position(array['next', 'active', 'retired'], status)
from signing_keys;

-- One statement reads and writes the stage: of two transactions the second one waits, and then sees what the first did.
create function advance_signing_key () returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  key_id uuid := case when tg_op = 'DELETE' then old.id else new.id end;
  stage integer := case when tg_op = 'DELETE' then 4
                        else array_position(array['next', 'active', 'retired'], new.status) end;
begin
  if tg_op = 'UPDATE' and new.id <> old.id then
    raise exception 'the id of a signing key does not change';
  end if;

  insert into public.signing_key_stages as reached
  values (key_id, stage)
  on conflict on constraint signing_key_stages_pkey do update
  set stage = excluded.stage
  where reached.stage <= excluded.stage;

  if not found then
    raise exception 'signing key % does not go back to an earlier stage', key_id;
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;

revoke execute on function advance_signing_key from public;

create trigger signing_keys_stage
before insert or update or delete on signing_keys
for each row execute function advance_signing_key();

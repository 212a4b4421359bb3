drop function drop_audit_partitions;
alter function drop_announced_audit_partitions (timestamptz) rename to drop_audit_partitions;
grant execute on function drop_audit_partitions to latchkey_runtime;
drop table audit_retention;

grant delete on subject_keys to latchkey_runtime;
create or replace function erase_subject_key () returns trigger
language plpgsql as $$
begin
  delete from subject_keys
  where subject_id = old.id
    and not exists (select from users where id = old.id)
    and not exists (select from registrations where id = old.id);
  return null;
end
$$;
grant execute on function erase_subject_key to public;

drop trigger audit_seals_number on audit_seals;
drop function check_seal_number;

revoke insert (mac) on audit_events from latchkey_runtime;
alter table audit_events drop column mac;

-- What the running server may do is granted to this group; the role in DATABASE_URL is a member of it
-- and owns nothing. Roles belong to the whole cluster: somebody who may make them can have made it
-- before, and so can another database at this very moment.
do $$
begin
  if not exists (select from pg_roles where rolname = 'latchkey_runtime') then
    create role latchkey_runtime nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
end
$$;

grant usage on schema public to latchkey_runtime;

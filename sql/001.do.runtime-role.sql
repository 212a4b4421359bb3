-- What the running server may do is granted to this group; the role in DATABASE_URL is a member of it
-- and owns nothing. Roles belong to the whole cluster, so another database may have made it already.
do $$
begin
  create role latchkey_runtime nologin;
exception
  when duplicate_object or unique_violation then null;
end
$$;

grant usage on schema public to latchkey_runtime;

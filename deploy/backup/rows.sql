-- How many rows each table has, as `schema.table number`. Both scripts use it, so that what they count is the same.
-- Row-level security must hide nothing: a role that it applies to gets an error instead of a smaller number.
set row_security = off;
select format('select %L, count(*) from %I.%I', format('%I.%I', n.nspname, c.relname), n.nspname, c.relname)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r'
  and n.nspname <> 'information_schema'
  and n.nspname not like 'pg\_%'
  and not exists (
    select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  )
order by n.nspname collate "C", c.relname collate "C" \gexec

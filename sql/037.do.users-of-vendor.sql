-- compatible-with: 32
-- in steps

-- The lists of the users of one vendor, in every order and for every filter. The rows of other users are in none of
-- these indexes. An index that was not finished is left behind, and begun anew.

drop index concurrently if exists users_of_vendor_created;

create index concurrently users_of_vendor_created
on users (vendor_id, role, status, approval, created_at, id)
where vendor_id is not null;

drop index concurrently if exists users_of_vendor_address;

create index concurrently users_of_vendor_address
on users (vendor_id, role, status, approval, email_canonical, id)
where vendor_id is not null;

-- Some users at a time, who are locked first, as whoever changes them does: nobody waits for more than a moment, and
-- what is written is what they are then.
do $$
declare
  beyond uuid = '00000000-0000-0000-0000-000000000000';
begin
  loop
    with part as (
      select id, vendor_id
      from users
      where id > beyond
        and vendor_id is not null
      order by id
      limit 500
      for no key update
    ), filled as (
      update last_logins l
      set vendor_id = part.vendor_id
      from part
      where l.user_id = part.id
        and l.vendor_id is distinct from part.vendor_id
    )
    select id into beyond
    from part
    order by id desc
    limit 1;
    exit when not found;
    commit;
  end loop;
end
$$;

drop index concurrently if exists last_logins_of_vendor;

create index concurrently last_logins_of_vendor
on last_logins (vendor_id, role, status, approval, at, user_id)
where vendor_id is not null;

-- The first of these indexes answers what this one did.
drop index concurrently if exists users_vendor_role;

-- in steps

drop index concurrently if exists users_vendor_role;

create index concurrently users_vendor_role on users (vendor_id, role) where vendor_id is not null;

drop index concurrently if exists last_logins_of_vendor;

drop index concurrently if exists users_of_vendor_address;

drop index concurrently if exists users_of_vendor_created;

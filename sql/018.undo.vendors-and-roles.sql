alter table registrations
  drop constraint registrations_role_fkey,
  add constraint registrations_role_fkey foreign key (role) references roles (name) on update cascade on delete cascade;

create index users_vendor on users (vendor_id) where vendor_id is not null;
drop index users_vendor_role;
drop index vendors_name;
alter table vendors drop column version;

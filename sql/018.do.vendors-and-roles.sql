-- version counts how often a vendor's status has changed. The change feed tells it, so that nodes know which of
-- two changes came last.
alter table vendors add column version bigint not null default 1;

-- The list of vendors: by name, whatever the case. In C the names with one beginning lie side by side.
create index vendors_name on vendors ((lower(name) collate "C"), id);

-- Whether a vendor has a user of some role, without a look at all of its users.
create index users_vendor_role on users (vendor_id, role) where vendor_id is not null;
drop index users_vendor;

-- Whoever is registering into a role uses it as well: it is not pulled away from under them.
alter table registrations
  drop constraint registrations_role_fkey,
  add constraint registrations_role_fkey foreign key (role) references roles (name) on update cascade;

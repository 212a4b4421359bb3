-- compatible-with: 24

-- Whether a role is in use, which the removal of a role asks twice (by itself and for the foreign key), was answered by
-- reading every registration.
create index registrations_role on registrations (role);

drop index registrations_role;

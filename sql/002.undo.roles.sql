drop table role_permissions;
drop table roles;

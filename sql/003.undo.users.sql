drop table users;
drop table vendors;

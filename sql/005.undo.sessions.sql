drop table known_devices;
drop table sessions;
drop table deployment;

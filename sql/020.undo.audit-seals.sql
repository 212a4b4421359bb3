drop function drop_audit_partitions;
drop table audit_seals;

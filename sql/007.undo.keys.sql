drop table subject_keys;
drop table signing_keys;

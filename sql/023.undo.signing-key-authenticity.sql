drop trigger signing_keys_stage on signing_keys;
drop function advance_signing_key;
drop table signing_key_stages, signing_keys_inherited;
alter table signing_keys drop column mac;

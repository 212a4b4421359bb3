-- Names in NFC are right for every version.
select 1;

-- compatible-with: 24

-- Names are compared and searched for as texts, and are written in NFC from now on. These were written before, by
-- clients that type letters decomposed, as macOS does. A name of the version before that still runs may come later: it
-- is found as it was typed, and becomes NFC with the next change of it.
update users
set full_name = normalize(full_name, nfc)
where full_name is not nfc normalized;

update registrations
set full_name = normalize(full_name, nfc)
where full_name is not nfc normalized;

update vendors
set name = normalize(name, nfc)
where name is not nfc normalized;

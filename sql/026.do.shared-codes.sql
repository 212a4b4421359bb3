-- compatible-with: 24

-- Somebody who clicks on sign-up twice has two registrations, and must not have two codes in their mailbox of which
-- each confirms only one of the two. A registration may have the code of an earlier one for the same address: the code
-- is derived from (code_id, code_number), and from the id of the registration itself where code_id is null. The earlier
-- one may be gone. Code of version 24 does not know the column and refuses a shared code.
alter table registrations add column code_id uuid;

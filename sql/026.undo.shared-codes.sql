alter table registrations drop column code_id;

alter table services drop column may_follow;

-- How many users there are of a role, a status and an approval: the sum of these rows. Whatever adds a user,
-- changes one of the three or removes one adds rows here and waits for nobody; a counter that is changed in
-- place would have every registration wait for the one before. The schedule folds them together.
create table user_counts (
  id       bigint generated always as identity primary key,
  role     text not null,
  status   text not null,
  approval text not null,
  users    bigint not null
);

insert into user_counts (role, status, approval, users)
select role, status, approval, count(*)
from users
group by role, status, approval;

create function count_added_users () returns trigger
language plpgsql as $$
begin
  insert into user_counts (role, status, approval, users)
  select role, status, approval, count(*)
  from added
  group by role, status, approval;
  return null;
end
$$;

create function count_removed_users () returns trigger
language plpgsql as $$
begin
  insert into user_counts (role, status, approval, users)
  select role, status, approval, -count(*)
  from removed
  group by role, status, approval;
  return null;
end
$$;

create function count_changed_user () returns trigger
language plpgsql as $$
begin
  insert into user_counts (role, status, approval, users)
  values (old.role, old.status, old.approval, -1), (new.role, new.status, new.approval, 1);
  return null;
end
$$;

create trigger users_count_added
after insert on users
referencing new table as added
for each statement execute function count_added_users();

create trigger users_count_removed
after delete on users
referencing old table as removed
for each statement execute function count_removed_users();

-- A sign-in changes none of the three, so it does not get as far as this.
create trigger users_count_changed
after update on users
for each row
when ((old.role, old.status, old.approval) is distinct from (new.role, new.status, new.approval))
execute function count_changed_user();

-- How many events of a kind a day has seen, as they were sealed into the audit trail.
create table daily_counts (
  day     date not null,
  event   text not null,
  outcome text not null,
  reason  text not null default '',
  events  bigint not null,
  primary key (day, event, outcome, reason)
);

-- What has been sealed before is counted once.
insert into daily_counts (day, event, outcome, reason, events)
select (e.at at time zone 'UTC')::date, e.event, e.outcome, coalesce(e.reason, ''), count(*)
from audit_events e
where e.id <= coalesce((select max(last_id) from audit_seals), 0)
group by 1, 2, 3, 4;

-- The living sessions when they were counted last; where there are many, that takes a while.
create table session_counts (
  transport  text primary key,
  sessions   bigint not null,
  counted_at timestamptz not null
);

grant select, insert, update, delete on user_counts, daily_counts, session_counts to latchkey_runtime;

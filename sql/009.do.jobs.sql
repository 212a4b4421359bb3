-- Work that a request leaves behind: written in the transaction that needs it, done by any node.
-- Taking a job counts an attempt and moves due_at to the end of the lease, so a job whose worker
-- died becomes due again by itself. A job that is done is deleted; one whose last attempt failed
-- stays with failed_at and error. To try it again: update jobs set attempts = 0, failed_at = null.
create table jobs (
  id           bigint generated always as identity primary key,
  queue        text not null check (queue ~ '^[a-z][a-z-]{0,39}$'),
  data         jsonb not null default '{}' check (jsonb_typeof(data) = 'object'),
  attempts     integer not null default 0,
  attempts_max integer not null default 3 check (attempts_max between 1 and 20),
  due_at       timestamptz not null default now(),
  failed_at    timestamptz,
  error        text,
  created_at   timestamptz not null default now()
);

create index jobs_due on jobs (queue, due_at) where failed_at is null;
create index jobs_failed on jobs (failed_at) where failed_at is not null;

-- When a queue that works by the clock gets its next job, from whichever node notices first.
create table job_schedules (
  queue  text primary key,
  due_at timestamptz not null
);

grant select, insert, update, delete on jobs, job_schedules to latchkey_runtime;

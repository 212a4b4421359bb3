-- compatible-with: 32

-- The failed jobs of one queue, for those that count them up to a bound and for those that begin them again.
create index jobs_failed_of_queue on jobs (queue, failed_at) where failed_at is not null;

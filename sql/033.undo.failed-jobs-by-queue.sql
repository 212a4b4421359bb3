drop index jobs_failed_of_queue;

drop table one_time_tokens;

drop view session_stats;
drop view active_sessions;

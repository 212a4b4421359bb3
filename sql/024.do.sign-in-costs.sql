-- compatible-with: 23

-- `enable_seqscan = off` adds 10^10 to the cost of a plan that has no index to take, as for the one row of `deployment`:
-- Postgres then compiled each statement of sign_in() for its machine (jit_above_cost), 70 ms of a processor for each
-- sign-in where compiling is on, as it is by default.
--
-- A plan that was made while there was little to read is still kept for as long as nobody analyzes the tables, and none
-- may read a whole one. So a page that is read in a row costs a thousand times as much for the planner: enough that an
-- index always costs less, and too little to reach jit_above_cost.
alter function sign_in reset enable_seqscan;
alter function sign_in set seq_page_cost = 1000;

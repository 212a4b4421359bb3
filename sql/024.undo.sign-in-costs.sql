alter function sign_in reset seq_page_cost;
alter function sign_in set enable_seqscan = off;

-- compatible-with: 24

-- Which services may follow what has ended (GET /auth/revocations). Credentials from before may not.
alter table services add column may_follow boolean not null default false;

-- The newest format that all nodes know that are alive or may come back; none without nodes. One that lost its lease an hour ago at most may
-- have been cut off only.
create or replace function common_format() returns smallint language sql stable as $$
    select min(format) from nodes where dead_at is null or (expires_at < dead_at and dead_at > now() - interval '1 hour')
$$;

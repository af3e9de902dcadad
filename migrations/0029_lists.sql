-- Runs that did not end well, whatever they ran, newest or oldest first.
create index if not exists runs_unhappy_by_status on runs (status, id) where status in ('compensated', 'cancelled', 'faulted');

-- The newest format that all nodes know that are alive or may come back; none without nodes. One that lost its lease an hour ago at most may
-- have been cut off only.
create or replace function common_format() returns smallint language sql stable as $$
    select min(format) from nodes where dead_at is null or (expires_at < dead_at and dead_at > now() - interval '1 hour')
$$;

-- Which archive has a run or an event is found by its id, however many archives overlap in time. Without a list of what is not sorted in
-- yet, which every look would go through.
create index if not exists archives_by_each_run on archives using gin (runs) with (fastupdate = off);
create index if not exists archives_by_each_event on archives using gin (events) with (fastupdate = off);

-- Ids of the archives that have it. Such an index is only read through a bitmap, and the alternative is to read all rows: so the engine's
-- connections, which do neither, would not care which.
create or replace function archives_with_run(run uuid) returns setof uuid language sql stable set enable_bitmapscan = on set enable_seqscan = off as $$
    select a.id from archives a where a.runs @> array[run]
$$;
create or replace function archives_with_event(event uuid) returns setof uuid language sql stable set enable_bitmapscan = on set enable_seqscan = off as $$
    select a.id from archives a where a.events @> array[event]
$$;

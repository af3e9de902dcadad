-- Runs that move to another version of their workflow: a record of kind `run.moved` holds the run as the new version has it, so folding its
-- journal begins there.
--
-- Format 4: a row with such a record. What is shown of it stays the same.
comment on column journal.format is '1: a record; 2: the records of a decision, as an array in data; 3: as 2, with values held elsewhere; 4: as 3, with a record of kind run.moved';
comment on column runs.base is 'the record of kind run.continued or run.moved from which folding its journal begins; null: the first record';
comment on column runs.definition_id is 'the version that it runs; another one than before once it moved';

create or replace view journal_records as
select shard, run_id, seq, at, kind, task, attempt, actor, data
from journal where format = 1
union all
select j.shard, j.run_id, (j.seq - json_array_length(t.data) + r.place)::integer,
       coalesce((r.record ->> 'at')::timestamptz, j.at), r.record ->> 'kind', r.record ->> 'task',
       (r.record ->> 'attempt')::integer, coalesce(r.record ->> 'actor', 'engine'), r.record -> 'data'
from journal j
cross join lateral (select journal_text(j.shard, j.run_id, j.data, j.held)::json as data offset 0) t
cross join lateral json_array_elements(t.data) with ordinality as r (record, place)
where j.format in (2, 3, 4);

-- Formats. What a node writes names its format, and a node leaves alone what is newer than itself; so nodes of two versions work on
-- one database, during an upgrade and after a rollback.
--
-- Format 1: a journal row is one record. Format 2: a journal row is one decision; `data` is an array of its records.

-- In the order in which nodes lock them: some may be writing.
lock table runs, definitions, journal, nodes in access exclusive mode;

alter table journal add column format smallint not null default 1;
alter table journal alter column kind drop not null;
alter table journal alter column actor drop not null;
comment on column journal.format is '1: a record; 2: the records of a decision, as an array in data';
comment on column journal.seq is 'number of the row''s last record, from 1';

alter table runs add column format smallint not null default 1;
comment on column runs.format is 'the newest format in its journal: only nodes that know it drive the run';
comment on column runs.seq is 'number of the last record';

alter table definitions add column format smallint;
comment on column definitions.format is 'how to read it; null: 1';
alter table nodes add column format smallint not null default 1;
comment on column nodes.format is 'the newest format that it knows';

create table compatibility (
    only_row      boolean  not null primary key default true check (only_row),
    oldest_format smallint not null
);
comment on table compatibility is 'who may use these tables: versions that know this format. Later migrations raise it only if earlier versions must stay away';
insert into compatibility (oldest_format) values (1);

-- How a long run stood after some record, so that waking it does not fold its whole journal. A copy: the journal is what counts.
create table snapshots (
    shard  smallint not null,
    run_id uuid     not null,
    seq    integer  not null,
    format smallint not null,
    head   bytea    not null,
    data   bytea    not null,
    primary key (shard, run_id)
);
comment on table snapshots is 'a cache of folded journals: may be emptied at any time';
comment on column snapshots.seq is 'the last record that it includes';
comment on column snapshots.head is 'hash of the journal row that ends with that record';

-- One row for each record, whatever the format: for people who look.
create view journal_records as
select shard, run_id, seq, at, kind, task, attempt, actor, data
from journal where format = 1
union all
select j.shard, j.run_id, (j.seq - json_array_length(j.data) + r.place)::integer,
       coalesce((r.record ->> 'at')::timestamptz, j.at), r.record ->> 'kind', r.record ->> 'task',
       (r.record ->> 'attempt')::integer, coalesce(r.record ->> 'actor', 'engine'), r.record -> 'data'
from journal j cross join lateral json_array_elements(j.data) with ordinality as r (record, place)
where j.format = 2;

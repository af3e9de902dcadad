-- Steps that wait for a person. A row is written in the transaction in which the step begins to wait, and closed in the one in which it
-- stops; both follow from records of the run's journal, which is what counts.
--
-- Format 5: a journal row with such a step. Nodes that do not know it leave the run alone. What is shown of it stays the same.
comment on column journal.format is '1: a record; 2: the records of a decision, as an array in data; 3: as 2, with values held elsewhere; 4: as 3, with a record of kind run.moved; 5: as 4, with a step that asks a person, or a record of kind run.restarted';

create table if not exists tasks (
    id            uuid        not null primary key,
    shard         smallint    not null,
    run_id        uuid        not null,
    execution     integer     not null,
    definition_id integer     not null,
    workflow      text        not null,
    step          text        not null,
    key           text,
    title         text        not null,
    description   text,
    users         text[]      not null,
    roles         text[]      not null,
    input         json,
    created_at    timestamptz not null,
    due_at        timestamptz,
    outcome       text        check (outcome in ('done', 'timeout', 'skipped', 'cancelled', 'undone', 'moved', 'faulted', 'ended')),
    closed_at     timestamptz,
    closed_by     text,
    answer        json,
    reason        text,
    foreign key (shard, run_id) references runs (shard, id) on delete cascade,
    check ((outcome is null) = (closed_at is null)),
    check ((answer is null) or outcome = 'done')
);
create unique index if not exists tasks_waiting on tasks (shard, run_id, execution) where closed_at is null;
create index if not exists tasks_by_run on tasks (shard, run_id, id);
create index if not exists tasks_open on tasks (id) where closed_at is null;
create index if not exists tasks_by_workflow on tasks (workflow, id);
create index if not exists tasks_by_key on tasks (key, id) where key is not null;
comment on table tasks is 'what steps ask people; follows from journals';
comment on column tasks.execution is 'the step, as the run numbers it';
comment on column tasks.workflow is 'namespace/name';
comment on column tasks.users is 'who may decide; if this and roles are empty, everyone who may operate';
comment on column tasks.roles is 'scopes, of which a person who may decide needs one';
comment on column tasks.input is 'what the step was given; null if it is large';
comment on column tasks.due_at is 'when the step ends by itself; a pause of the run moves it';
comment on column tasks.outcome is 'none while it waits; done: a person decided; otherwise why the step stopped waiting';
comment on column tasks.closed_by is 'who decided, skipped or cancelled';

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
where j.format in (2, 3, 4, 5);

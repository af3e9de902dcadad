-- Runs that wait for each other (`serialize: key`): one at a time for each key of a workflow, in the order of their commits.

-- One row for each key with unfinished runs. Who holds its lock moves the queue.
create table lanes (
    namespace text   not null,
    name      text   not null,
    key       text   not null,
    tail      bigint not null default 0,
    primary key (namespace, name, key)
);
comment on column lanes.tail is 'tickets given so far';

-- One row for each unfinished run; the lowest ticket of a key has its turn.
create table turns (
    namespace text    not null,
    name      text    not null,
    key       text    not null,
    ticket    bigint  not null,
    run_id    uuid    not null,
    called    boolean not null default false,
    primary key (namespace, name, key, ticket)
);
create unique index turns_of_run on turns (run_id);
comment on column turns.called is 'the run was told that it is its turn';

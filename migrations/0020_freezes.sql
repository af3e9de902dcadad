-- Freezes: work that events start waits while somebody closes the books, and goes on afterwards in the order in which it came.

create table freezes (
    id          uuid        not null primary key,
    workflows   text[]      not null,
    connections text[]      not null,
    reason      text        not null,
    actor       text        not null,
    created_at  timestamptz not null default now(),
    until       timestamptz,
    ended_at    timestamptz,
    ended_by    text,
    end_reason  text,
    released_at timestamptz,
    check (cardinality(workflows) + cardinality(connections) > 0)
);
create index freezes_unreleased on freezes (id) where released_at is null;
comment on column freezes.workflows is 'namespace/name';
comment on column freezes.connections is 'workflows that call one of these, or start others that do, are frozen too';
comment on column freezes.until is 'ends by itself; null: when a person ends it';
comment on column freezes.released_at is 'every run that waited for it goes on';

-- One row for each run that waits for the end of a freeze. Run ids are in the order in which the runs came.
create table frozen (
    run_id uuid not null primary key,
    freeze_id uuid not null,
    told_at   timestamptz
);
create index frozen_by_freeze on frozen (freeze_id, run_id);
comment on column frozen.told_at is 'the freeze is over and the run was told to go on; the row goes when it does';

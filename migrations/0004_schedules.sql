-- Workflows that start by themselves. One row for each, made from its latest version.

create table schedules (
    namespace  text        not null,
    name       text        not null,
    version    text        not null,
    signature  text        not null,
    anchor     timestamptz not null,
    next_at    timestamptz,
    last_at    timestamptz,
    run_id     uuid,
    paused_at  timestamptz,
    paused_by  text,
    reason     text,
    primary key (namespace, name)
);
create index schedules_due on schedules (next_at) where next_at is not null and paused_at is null;
create index schedules_waiting on schedules (run_id) where next_at is null and run_id is not null;
comment on column schedules.signature is 'the timing; another one begins anew';
comment on column schedules.anchor is 'where `every` counts from';
comment on column schedules.next_at is 'none while `after` waits for the end of its run';
comment on column schedules.run_id is 'the run that was started last';

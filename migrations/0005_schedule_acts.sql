-- Who paused, resumed or fired a schedule, and why. Only ever added to; it outlives the schedule itself.

create table schedule_acts (
    id        uuid        not null primary key,
    namespace text        not null,
    name      text        not null,
    act       text        not null check (act in ('pause', 'resume', 'fire')),
    actor     text        not null,
    reason    text,
    run_id    uuid,
    at        timestamptz not null default now()
);
create index schedule_acts_of on schedule_acts (namespace, name, id);
comment on column schedule_acts.run_id is 'the run that `fire` started';

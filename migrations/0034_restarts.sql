-- Runs that do the work of ended runs again, as new runs: which one does whose work, for the how many-th time.

create table if not exists restarts (
    shard   smallint    not null,
    run_id  uuid        not null,
    of_run  uuid        not null,
    number  integer     not null check (number > 0),
    at      timestamptz not null default now(),
    primary key (shard, run_id),
    foreign key (shard, run_id) references runs (shard, id) on delete cascade
);
create unique index if not exists restarts_of on restarts (of_run, number);
comment on table restarts is 'which run does the work of an ended run again; both journals say so too, with who and why';
comment on column restarts.of_run is 'the run that had ended; it may be in an archive by now';
comment on column restarts.number is 'how often it was started again: the idempotency key of the start, so that a repeated call starts nothing';

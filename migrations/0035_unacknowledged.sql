-- Runs that undid their work after a fault: a business process did not happen, and nobody has said yet what becomes of it.

create table if not exists unacknowledged_runs (
    shard    smallint    not null,
    run_id   uuid        not null primary key,
    ended_at timestamptz,
    foreign key (shard, run_id) references runs (shard, id) on delete cascade
);
create index if not exists unacknowledged_runs_ended on unacknowledged_runs (ended_at) where ended_at is not null;
comment on table unacknowledged_runs is 'a list of work: a row goes when its run is acknowledged or started again; `acts` says by whom and why';
comment on column unacknowledged_runs.ended_at is 'null while the run still undoes its work';

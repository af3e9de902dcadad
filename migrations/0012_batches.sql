-- Passes over many records: how far each is, and which rows failed.

create table batches (
    id         uuid        not null primary key,
    name       text        not null,
    mode       text        not null,
    run_id     uuid        not null,
    total      bigint      check (total >= 0),
    done       bigint      not null default 0,
    failed     bigint      not null default 0,
    busy_ms    bigint      not null default 0,
    began_at   timestamptz not null,
    changed_at timestamptz not null,
    ended_at   timestamptz,
    constraint batches_run unique (run_id, name)
);
create index batches_by_name on batches (name, id);
comment on column batches.busy_ms is 'milliseconds between reports, without the pauses; done through this is the rate';

create table batch_reports (
    batch_id uuid not null references batches on delete cascade,
    cursor   text not null,
    primary key (batch_id, cursor)
);
comment on table batch_reports is 'what a batch that has not ended was told, so that nothing counts twice';

create table batch_rows (
    name      text        not null,
    key       text        collate "C" not null,
    message   text        not null,
    row       json        not null,
    batch_id  uuid        not null,
    attempts  int         not null default 1,
    first_at  timestamptz not null,
    failed_at timestamptz not null,
    primary key (name, key)
);
comment on table batch_rows is 'rows that failed and have not succeeded since';
comment on column batch_rows.row is 'what it takes to do it again';

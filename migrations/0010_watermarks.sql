-- How far sweeps and batches have read, under names that their workflows give.

create table watermarks (
    name       text        not null primary key,
    value      json        not null,
    written_at timestamptz not null default now()
);
comment on column watermarks.value is 'json, not jsonb: a number comes out with the digits that went in';

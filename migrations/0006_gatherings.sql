-- Events that start a run together (`schedule.on` with `all` or `until`), until it is started.

create table gatherings (
    id        uuid        not null primary key,
    namespace text        not null,
    name      text        not null,
    signature text        not null,
    key       bytea       not null,
    met       smallint[]  not null default '{}',
    taken     integer     not null default 0,
    begun_at  timestamptz not null default now(),
    run_id    uuid
);
create index gatherings_open on gatherings (namespace, name, signature, key, id) where run_id is null;
create index gatherings_complete on gatherings (id) where run_id is not null;
comment on column gatherings.signature is 'hash of the `on`: a version with another one begins anew';
comment on column gatherings.key is 'hash of the values that the events have in common';
comment on column gatherings.met is 'filters of which an event is there';
comment on column gatherings.taken is 'events in the input of the run';
comment on column gatherings.run_id is 'the run to start, once all events are there';

-- One row for each key with open gatherings. Who holds its lock adds to them.
create table gathering_keys (
    namespace text  not null,
    name      text  not null,
    signature text  not null,
    key       bytea not null,
    primary key (namespace, name, signature, key)
);

create table gathered (
    gathering uuid     not null references gatherings on delete cascade,
    event     uuid     not null,
    filter    smallint not null,
    primary key (gathering, event)
);

alter table events drop constraint events_outcome_check;
alter table events add constraint events_outcome_check
    check (outcome in ('run', 'resumed', 'gathered', 'unmatched', 'rejected'));
comment on column events.outcome is 'gathered: it waits for the others with which it starts a run';

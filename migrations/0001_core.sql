-- The tables of Stepwell. How they work together is told in docs/architecture.md.
--
-- `shard` is a stable hash (0 to 255) of what a run must share a place with: on one Postgres it costs nothing,
-- on Citus it is the distribution column. It is the first column of every key of what hangs on a run.

create table definitions (
    id          integer generated always as identity primary key,
    namespace   text        not null,
    name        text        not null,
    version     text        not null,
    hash        bytea       not null,
    source      text        not null,
    functions   json        not null,
    deployed_by text        not null,
    deployed_at timestamptz not null default now(),
    unique (namespace, name, version)
);
comment on column definitions.functions is 'the catalog functions that it uses, as they were at deploy: a run never sees a later catalog';

create table runs (
    shard         smallint    not null,
    id            uuid        not null,
    definition_id integer     not null references definitions (id),
    status        text        not null check (status in ('pending', 'running', 'waiting', 'suspended', 'compensating',
                                                         'completed', 'compensated', 'cancelled', 'faulted')),
    attention     text check (attention in ('faulted', 'compensation_stuck', 'poison', 'unknown_outcome')),
    key           text collate "C",
    event_id      uuid,
    parent_id     uuid,
    task          text,
    owner         uuid,
    fence         bigint      not null,
    seq           integer     not null,
    attempts      smallint    not null,
    wake_at       timestamptz,
    head          bytea       not null,
    created_at    timestamptz not null,
    finished_at   timestamptz,
    primary key (shard, id)
) with (fillfactor = 70);
comment on column runs.key is 'collated "C", so that its index finds what starts with a text';
comment on column runs.task is 'reference of the task where it stands';
comment on column runs.owner is 'incarnation of the node that drives it; none while it waits, or when it has ended';
comment on column runs.fence is 'goes up with every change of owner; every write names the fence it was made under';
comment on column runs.seq is 'number of journal rows';
comment on column runs.attempts is 'claims since the last recorded progress: a payload that kills its node is seen';
comment on column runs.head is 'hash of the last journal row: the chain is anchored here';

-- Only the live part of the table is indexed by what changes while a run lives, so cost does not grow with history
-- and the updates between a run's first and last row stay HOT.
create index runs_by_id on runs (id);
create index runs_by_key on runs (key, id) where key is not null;
create index runs_by_definition on runs (definition_id, id);
create index runs_due on runs (wake_at) where owner is null and wake_at is not null;
create index runs_owned on runs (owner) where owner is not null;
create index runs_live on runs (status, id) where finished_at is null;
create index runs_attention on runs (id) where attention is not null;
create index runs_unhappy on runs (status, id) where status in ('compensated', 'cancelled', 'faulted');

-- Partitioned by time through the run's id (UUIDv7), so that a run's rows share a partition and their key stays unique.
create table journal (
    shard   smallint    not null,
    run_id  uuid        not null,
    seq     integer     not null,
    at      timestamptz not null,
    kind    text        not null,
    task    text,
    attempt integer,
    actor   text        not null,
    data    json        not null,
    hash    bytea       not null,
    primary key (shard, run_id, seq)
) partition by range (run_id);
comment on column journal.data is 'json, not jsonb: what was hashed is what is stored, byte for byte';

create table journal_default partition of journal default;

create table events (
    id          uuid        not null primary key,
    source      text        not null,
    event_id    text        not null,
    type        text        not null,
    received_at timestamptz not null,
    headers     json        not null,
    body        bytea       not null,
    attributes  json        not null,
    outcome     text        not null check (outcome in ('run', 'unmatched', 'rejected')),
    runs        uuid[]      not null,
    detail      json
) partition by range (id);
create index events_without_run on events (outcome, id) where outcome <> 'run';
comment on column events.attributes is 'the CloudEvents attributes under which it was matched';

create table events_default partition of events default;

create table event_keys (
    source      text        not null,
    event_id    text        not null,
    event       uuid        not null,
    body_hash   bytea       not null,
    runs        uuid[]      not null,
    received_at timestamptz not null,
    primary key (source, event_id)
);
create index event_keys_by_age on event_keys (received_at);
comment on table event_keys is 'who was here before: outlives the retry window of every sender';

create table nodes (
    id           uuid        not null primary key,
    name         text        not null,
    version      text        not null,
    started_at   timestamptz not null default now(),
    heartbeat_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    dead_at      timestamptz
);
comment on table nodes is 'one row is one incarnation of one process; it is never reused or revived';

create table commands (
    id          uuid        not null primary key,
    shard       smallint    not null,
    run_id      uuid        not null,
    act         json        not null,
    actor       text        not null,
    reason      text,
    created_at  timestamptz not null default now(),
    answered_at timestamptz,
    refusal     text
);
create index commands_open on commands (run_id) where answered_at is null;
comment on table commands is 'what operators want done: recorded first, answered in the transaction that does it';

create table users (
    id         uuid        not null primary key,
    name       text        not null unique,
    scopes     text[]      not null,
    password   text,
    created_at timestamptz not null default now()
);

create table tokens (
    id           uuid        not null primary key,
    name         text        not null,
    hash         bytea       not null unique,
    scopes       text[]      not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    revoked_at   timestamptz
);

create table login_links (
    hash       bytea       not null primary key,
    user_name  text        not null,
    scopes     text[]      not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz
);

create table sessions (
    hash       bytea       not null primary key,
    user_name  text        not null,
    scopes     text[]      not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);

-- Creates the daily partitions of journal and events from yesterday to `days` ahead. Ids outside go to the default.
create function ensure_partitions(days integer) returns void language plpgsql as $$
declare
    day   date;
    low   uuid;
    high  uuid;
    parent text;
begin
    perform pg_advisory_xact_lock(7238421);
    for day in select (current_date - 1) + n from generate_series(0, days) as n loop
        low  := uuid_floor(day::timestamptz at time zone 'utc');
        high := uuid_floor((day + 1)::timestamptz at time zone 'utc');
        foreach parent in array array['journal', 'events'] loop
            if to_regclass(parent || '_' || to_char(day, 'YYYYMMDD')) is null then
                execute format('create table %I partition of %I for values from (%L) to (%L)',
                               parent || '_' || to_char(day, 'YYYYMMDD'), parent, low, high);
            end if;
        end loop;
    end loop;
end $$;

-- The smallest UUIDv7 of an instant (UTC).
create function uuid_floor(instant timestamp) returns uuid language sql immutable as $$
    select (lpad(to_hex((extract(epoch from instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

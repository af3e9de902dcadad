-- What links runs to events and to each other: who waits for which event, and what goes out.

alter table events
    add column routed  boolean not null default true,
    add column resumed uuid[]  not null default '{}',
    add column data    json;
comment on column events.routed is 'false until the runs that wait for it have been told; true from the start where none could wait';
comment on column events.resumed is 'runs that waited for it';
comment on column events.data is 'its data where that is not the body itself';
alter table events drop constraint events_outcome_check;
alter table events add constraint events_outcome_check check (outcome in ('run', 'resumed', 'unmatched', 'rejected'));
create index events_unrouted on events (id) where not routed;
create index events_by_type on events (type, id);

-- One row is one filter of one `listen` under way.
create table listeners (
    shard      smallint    not null,
    run_id     uuid        not null,
    execution  integer     not null,
    filter     smallint    not null,
    event_type text        not null,
    kind       text        not null,
    key        bytea       not null,
    checked    boolean     not null default false,
    settles    bigint,
    primary key (shard, run_id, execution, filter)
);
create index listeners_by_event on listeners (event_type, kind, key);
create index listeners_unchecked on listeners (run_id) where not checked;
comment on column listeners.event_type is 'empty where any type, or a pattern, is waited for';
comment on column listeners.kind is 'definition, number of the filter and task: what all runs at this task have in common';
comment on column listeners.key is 'hash of what this run alone waits for: an event of ten thousand waiting runs finds its one by index';
comment on column listeners.checked is 'events that came before it were looked at';
comment on column listeners.settles is 'transaction below which all must have ended before the last look: they may bring an event that saw nobody wait';

-- Messages to runs travel as commands; those that bring an event name it, so that it comes once.
alter table commands
    add column execution integer,
    add column event_id  uuid;
create unique index commands_by_event on commands (run_id, execution, event_id) where event_id is not null;

-- Events on their way out: to this hub itself (no sink), or to a sink of hub.yaml. Written with the step that sent them.
create table outgoing (
    id         uuid        not null primary key,
    event      json        not null,
    sink       text,
    attempts   integer     not null default 0,
    due_at     timestamptz not null default now(),
    created_at timestamptz not null default now(),
    error      text
);
create index outgoing_due on outgoing (due_at);

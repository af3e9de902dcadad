-- Numbers with which senders count their events, and which of them are missing (`event.sequence` of hub.yaml).

-- Written with the event; whoever takes them brings `sequences` up to them in the same transaction.
create table sequence_arrivals (
    id            bigint           generated always as identity primary key,
    source        text             not null,
    channel       text             not null,
    number        bigint           not null,
    grace_seconds double precision not null
);
comment on column sequence_arrivals.grace_seconds is 'what the number jumps over may be late by so much';

create table sequences (
    source     text        not null,
    channel    text        not null,
    state      json,
    gaps       integer     not null default 0,
    next_at    timestamptz,
    changed_at timestamptz not null default now(),
    primary key (source, channel)
);
create index sequences_due on sequences (next_at) where next_at is not null;
create index sequences_open on sequences (source) where gaps > 0;
comment on column sequences.channel is 'what the sender counts in; empty where it counts in one';
comment on column sequences.state is 'the highest number and the ranges that are missing below it: memory/sequences.rs';
comment on column sequences.gaps is 'number of those ranges';
comment on column sequences.next_at is 'when a gap is to be told of, or given up';

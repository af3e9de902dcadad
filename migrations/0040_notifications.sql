-- Telling people: what each channel of `notify:` knows, and which connections are down.

create table if not exists notified (
    channel text        not null,
    subject text        not null,
    title   text        not null,
    count   bigint      not null,
    told_at timestamptz not null default now(),
    primary key (channel, subject)
);
comment on table notified is 'problems that a channel was told about and that are not over';
comment on column notified.subject is 'topic:key; empty: the row of the channel itself, whose told_at is its last message';
comment on column notified.count is 'runs or events when it was told; it is told again once there are twice as many';

create table if not exists connections_down (
    connection text        not null,
    node_id    uuid        not null,
    since      timestamptz not null default now(),
    primary key (connection, node_id)
);
comment on table connections_down is 'breakers that are open, by node; rows of dead nodes do not count';

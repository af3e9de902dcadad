-- What all nodes together use of a connection whose target limits an account.

create table connection_limits (
    connection  text             not null primary key,
    tokens      double precision not null,
    refilled_at timestamptz      not null default clock_timestamp()
);
comment on column connection_limits.tokens is 'requests that may go out at once; grows with time up to the limit';

create table connection_slots (
    connection text    not null,
    node_id    uuid    not null,
    used       integer not null,
    primary key (connection, node_id)
);
comment on column connection_slots.used is 'calls under way from a node; those of a dead one do not count';

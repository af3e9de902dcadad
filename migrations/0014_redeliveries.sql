-- Deliveries of an event that is here already, under its id and its sender's proof, but with other bytes: duplicates, of
-- which the difference is kept. A sender's own counter of deliveries is the usual one.

create table redeliveries (
    event      uuid        not null,
    body_hash  bytea       not null,
    body       bytea       not null,
    deliveries integer     not null,
    first_at   timestamptz not null,
    last_at    timestamptz not null,
    primary key (event, body_hash)
);
comment on column redeliveries.event is 'the event that came first; it alone started runs';
comment on column redeliveries.deliveries is 'how often it came with these bytes';

-- Topics that sources subscribe to themselves (`kind: salesforce-pubsub` of hub.yaml), and how far each has come.

create table topics (
    source        text        not null,
    topic         text        not null,
    owner         uuid,
    fence         bigint      not null default 0,
    seq           bigint      not null default 0,
    replay_id     bytea,
    positioned_at timestamptz,
    begun_at      timestamptz,
    connected_at  timestamptz,
    problem       text,
    problem_at    timestamptz,
    connects      bigint      not null default 0,
    event_at      timestamptz,
    received_at   timestamptz,
    events        bigint      not null default 0,
    rejected      bigint      not null default 0,
    rejected_at   timestamptz,
    losses        bigint      not null default 0,
    lost_at       timestamptz,
    primary key (source, topic)
) with (fillfactor = 50);
comment on column topics.owner is 'the node (incarnation) that subscribes; it may as long as its lease holds';
comment on column topics.fence is 'counts owners: who lost the topic writes nothing';
comment on column topics.seq is 'counts writes of the position, so that a late one changes nothing';
comment on column topics.replay_id is 'the last event that was stored; opaque';
comment on column topics.positioned_at is 'when that was last known to be the newest one delivered';
comment on column topics.begun_at is 'when a node subscribed for the first time';
comment on column topics.problem is 'why the subscription does not work now; null while it does';
comment on column topics.event_at is 'when the last event happened, as Salesforce says';
comment on column topics.losses is 'how often the replay id was refused: events before may be missing';

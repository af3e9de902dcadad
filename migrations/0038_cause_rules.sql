-- Rules of people on causes of attention: the runs of a cause are retried by themselves when the connection answers again.

create table if not exists cause_rules (
    fingerprint text        collate "C" not null primary key,
    connection  text        not null,
    rate        float8      check (rate > 0),
    actor       text        not null,
    reason      text        not null,
    user_id     uuid,
    token_id    uuid,
    set_at      timestamptz not null default now(),
    retried_at  timestamptz,
    times       integer     not null default 0,
    bulk_id     uuid
);
comment on table cause_rules is 'a row while a rule stands; `acts` keeps who set and ended it, and why';
comment on column cause_rules.connection is 'once a call of it succeeds after the last run stopped, the runs are retried';
comment on column cause_rules.rate is 'acts a second';
comment on column cause_rules.user_id is 'the user who must still be allowed to act';
comment on column cause_rules.token_id is 'the token that must still count';
comment on column cause_rules.retried_at is 'the last healing that was acted on, and by which bulk act';

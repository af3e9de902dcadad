-- Acts that need a second person: one proposes, another approves. Nodes see only what was approved, as a command with the same id.

create table proposals (
    id              uuid        not null primary key,
    shard           smallint    not null,
    run_id          uuid        not null,
    act             json        not null,
    digest          bytea       not null,
    step            text,
    before          json,
    actor           text        not null,
    reason          text,
    created_at      timestamptz not null default now(),
    expires_at      timestamptz not null,
    decision        text        check (decision in ('approved', 'declined', 'withdrawn', 'lapsed', 'ended')),
    decided_by      text,
    decided_at      timestamptz,
    decision_reason text,
    check ((decision is null) = (decided_at is null) and (decision is null) = (decided_by is null)),
    constraint proposals_two_people check (decision <> 'approved' or decided_by <> actor)
);
create index proposals_by_run on proposals (run_id, id);
-- Also leads to those that are open.
create unique index proposals_once on proposals (run_id, actor, digest) where decision is null;
comment on table proposals is 'acts that a second person must approve before any node does them';
comment on column proposals.digest is 'hash of the act: the same person proposes the same act of a run once, however often the request is repeated';
comment on column proposals.step is 'where the run stood, with its execution';
comment on column proposals.before is 'what the step is given now, of an act that replaces it';
comment on column proposals.decision is 'none while it waits; lapsed: nobody decided in time; ended: the run did';

alter table commands add column approval json;
comment on column commands.approval is 'who approved it and why, of an act that needs a second person';

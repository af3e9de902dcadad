-- Why a run stopped stands on its row: lists say it, and what has one cause is one group.
alter table runs
    add column error        json,
    add column fingerprint  text collate "C",
    add column attention_at timestamptz;
comment on column runs.error is 'the error of a run that stopped, or ended otherwise than well; for a run that needs a person, what stopped it';
comment on column runs.fingerprint is 'the same for runs that need a person for one cause: workflow, step, reason and error without ids and values';
comment on column runs.attention_at is 'since when it needs a person';

create index runs_by_cause on runs (fingerprint, id) where attention is not null;

-- A list of what did not end well goes through it definition by definition.
drop index runs_unhappy;
create index runs_unhappy on runs (definition_id, status, id) where status in ('compensated', 'cancelled', 'faulted');

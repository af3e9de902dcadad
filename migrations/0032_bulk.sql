-- Bulk acts: one act over many runs, which goes on after the death of any node. The runs are those that fitted the filter when it was
-- asked for; each is acted on once, by the command (or the proposal) that has the item's id.

create table if not exists bulk_acts (
    id            uuid        not null primary key,
    act           json        not null,
    filter        json        not null,
    more          boolean     not null,
    actor         text        not null,
    reason        text,
    trial         integer     check (trial > 0),
    rate          float8      check (rate > 0),
    status        text        not null check (status in ('running', 'trial', 'paused', 'stopped', 'done')),
    total         integer     not null,
    told          integer     not null default 0,
    done          integer     not null default 0,
    refused       integer     not null default 0,
    proposed      integer     not null default 0,
    next_at       timestamptz not null default now(),
    acts_as       text        not null,
    user_id       uuid,
    token_id      uuid,
    created_at    timestamptz not null default now(),
    changed_at    timestamptz not null default now(),
    changed_by    text        not null,
    change_reason text,
    finished_at   timestamptz,
    check (told <= total and done + refused + proposed <= told),
    check ((status in ('stopped', 'done')) = (finished_at is not null))
);
create index if not exists bulk_acts_running on bulk_acts (status, id) where finished_at is null;
create index if not exists bulk_acts_finished on bulk_acts (finished_at) where finished_at is not null;
comment on table bulk_acts is 'one act over many runs';
comment on column bulk_acts.more is 'more runs fitted than one bulk act takes';
comment on column bulk_acts.trial is 'it waits for a person after so many runs';
comment on column bulk_acts.rate is 'acts a second';
comment on column bulk_acts.told is 'runs that were told, in the order of their places';
comment on column bulk_acts.next_at is 'when the rate allows the next act';
comment on column bulk_acts.acts_as is 'who started it or let it go on last: the acts are in their name';
comment on column bulk_acts.user_id is 'the user who must still be allowed to act';
comment on column bulk_acts.token_id is 'the token that must still count';

create table if not exists bulk_items (
    bulk_id  uuid        not null references bulk_acts (id) on delete cascade,
    place    integer     not null,
    id       uuid        not null,
    run_id   uuid        not null,
    seq      integer,
    told_at  timestamptz,
    result   text        check (result in ('done', 'refused', 'proposed')),
    detail   text,
    proposal uuid,
    primary key (bulk_id, place)
);
create index if not exists bulk_items_open on bulk_items (bulk_id, told_at) where told_at is not null and result is null;
comment on table bulk_items is 'the runs of a bulk act and what became of each';
comment on column bulk_items.id is 'its command has the same';
comment on column bulk_items.seq is 'number of journal rows when it was chosen, of a run that needed a person: one that has moved on since is left alone';
comment on column bulk_items.told_at is 'its command or proposal is written; in the same transaction';
comment on column bulk_items.result is 'none until its run has answered';

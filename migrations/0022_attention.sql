-- What must not pass quietly: events that somebody wanted and refused, topics that stand still, and freezes that a late commit would
-- have missed.

-- One row for each event that waits for a person: a workflow wanted it and did not take it. It goes when the event is replayed or
-- dismissed; `acts` says by whom.
create table event_attention (
    event     uuid        not null primary key,
    of_source text        not null,
    asked_at  timestamptz not null default now()
);
create index event_attention_by_source on event_attention (of_source, event);
comment on column event_attention.of_source is 'the event''s source, so that counting reads no event';

insert into event_attention (event, of_source, asked_at) select id, source, received_at from events where outcome = 'rejected';

-- A rejected event reaches nobody: those that still waited for their turn do not get it.
update events set routed = true where not routed and outcome = 'rejected';

alter table topics add column stopped_at timestamptz;
comment on column topics.stopped_at is 'since when it stands still before an event that cannot be read safely; null while it goes on';

-- The freezes that hold runs back. Until the transaction ends no freeze begins: whoever wants to begin one waits for it. A function of its
-- own statements, so that what it reads is as of after the lock.
create function freezes_in_force() returns uuid[] language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(7238424);
    return array(select id from freezes where released_at is null order by id);
end $$;
comment on function freezes_in_force() is 'for the transaction that starts runs: see store/freezes.rs';

-- Freezes that pause a workflow: they hold back every start, or also stop the runs that are in progress.

alter table freezes
    add column if not exists holds        text check (holds in ('starts', 'steps')),
    add column if not exists suspended_at timestamptz;
comment on column freezes.holds is 'null: runs that events start; starts: every new run of the workflows; steps: also runs in progress, which are suspended';
comment on column freezes.suspended_at is 'when every run that was in progress had been told to wait';

-- Connections that people paused: their calls wait, on every node, until somebody resumes them.

create table if not exists connection_pauses (
    connection text        not null primary key,
    actor      text        not null,
    reason     text        not null,
    paused_at  timestamptz not null default now()
);
comment on table connection_pauses is 'a row while a connection is paused; `acts` keeps who paused and resumed it, and why';

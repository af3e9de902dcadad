-- Who may do what, and what they did. Sessions and login links say whose they are, so that they end with their user or token.

alter table users add column disabled_at timestamptz;
alter table users add column deleted_at timestamptz;
comment on column users.deleted_at is 'the row stays: a name that stands in journals is never given to somebody else';

alter table tokens add column user_id uuid;
comment on column tokens.user_id is 'whose it is; none for a program of its own. No foreign key: a token never outlives its user by losing the reference';

alter table login_links add column kind text check (kind in ('user', 'local'));
alter table login_links add column user_id uuid;

alter table sessions add column id uuid not null default gen_random_uuid();
alter table sessions add column kind text check (kind in ('user', 'token', 'local'));
alter table sessions add column user_id uuid;
alter table sessions add column token_id uuid;
create unique index sessions_by_id on sessions (id);
create index sessions_by_user on sessions (user_id) where user_id is not null;
create index sessions_by_token on sessions (token_id) where token_id is not null;
comment on column sessions.kind is 'whose it is; none in a session that an earlier version began, which ends with the upgrade';

create table acts (
    id      uuid        not null primary key,
    at      timestamptz not null default now(),
    actor   text        not null,
    act     text        not null,
    subject text        not null,
    reason  text,
    detail  json
);
create index acts_by_subject on acts (subject, id);
comment on table acts is 'append-only: what people and programs did that no journal of a run tells: written in the transaction that does it, only ever added to';

create table refusals (
    id      uuid        not null primary key,
    at      timestamptz not null default now(),
    kind    text        not null,
    peer    text        not null,
    subject text        not null,
    count   bigint      not null check (count > 0)
);
comment on table refusals is 'who was turned away: at most one row a minute for each kind and peer, the last 10,000 are kept; no secret, no body';
comment on column refusals.count is 'attempts that this row stands for';

-- What lets `stepwell audit verify` prove that rows which mean rights, rules and decisions are as the last act left them.

create table audit_chain (
    seq      bigint      not null primary key,
    at       timestamptz not null,
    kind     text        not null check (kind in ('act', 'adopted')),
    of_table text        not null,
    key      text        not null collate "C",
    digest   bytea,
    ends_at  timestamptz,
    hash     bytea       not null
);
create index audit_chain_by_row on audit_chain (of_table, key, seq);
comment on table audit_chain is 'append-only: what each act left of each row that it wrote, hash-chained; written in the transaction of the act';
comment on column audit_chain.kind is 'adopted: the row was there before the chain, or somebody accepted it as it is';
comment on column audit_chain.key is 'key of the row, as text';
comment on column audit_chain.digest is 'SHA-256 of the row after the act; none if the act removed it';
comment on column audit_chain.ends_at is 'from then on the row means nothing any more and may be removed';
comment on column audit_chain.hash is 'SHA-256 over the entry and the hash before';

-- Signed summaries of the database, which are kept elsewhere. The last one stays here as a whole, so that the next can go on from it.
create table audit_anchors (
    seq      bigint      not null primary key,
    at       timestamptz not null,
    digest   bytea       not null,
    document text
);
comment on column audit_anchors.document is 'as it was written; only of the last one. Its signature says whether it is ours';

create table audit_turn (
    one   boolean     not null primary key default true check (one),
    until timestamptz not null
);
comment on table audit_turn is 'the node that writes an anchor now has it until then';

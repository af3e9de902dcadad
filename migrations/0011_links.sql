-- Which record of the CRM and which of the ERP stand for the same thing, and what only a person can decide about them.

create table links (
    id         uuid        not null primary key,
    entity     text        not null,
    crm_id     text,
    erp_id     text,
    holder     uuid,
    state      json        not null,
    changed_at timestamptz not null default now(),
    constraint links_crm unique (entity, crm_id),
    constraint links_erp unique (entity, erp_id),
    check (crm_id is not null or erp_id is not null)
);
comment on column links.holder is 'the run that works on the pair; one that has ended holds nothing';
comment on column links.state is 'hashes of the fields that each side had after the last sync, and what is about to be written';

create table conflicts (
    id         uuid        not null primary key,
    link_id    uuid        not null,
    entity     text        not null,
    crm_id     text,
    erp_id     text,
    row_name   text,
    kind       text        not null,
    crm        json        not null,
    erp        json        not null,
    state      text        not null default 'open' check (state in ('open', 'chosen', 'settled', 'gone')),
    run_id     uuid        not null,
    chosen     text        check (chosen in ('crm', 'erp')),
    chosen_by  text,
    reason     text,
    chosen_at  timestamptz,
    opened_at  timestamptz not null default now(),
    changed_at timestamptz not null default now()
);
create unique index conflicts_open on conflicts (link_id, (coalesce(row_name, ''))) where state in ('open', 'chosen');
create index conflicts_by_state on conflicts (state, id);
comment on column conflicts.row_name is 'the row of the mapping; null where it is about the record';
comment on column conflicts.run_id is 'the run that found it last';

-- Totals: won deals against orders by day, currency and company, the periods that people signed off, and what changed in them since.

create table totals_passes (
    id         uuid        not null primary key,
    run_id     uuid        not null,
    from_day   date        not null,
    until_day  date        not null,
    today      date        not null,
    began_at   timestamptz not null,
    ended_at   timestamptz,
    result     json,
    constraint totals_passes_run unique (run_id),
    check (from_day <= until_day)
);
create index totals_passes_open on totals_passes (id) where ended_at is null;
comment on column totals_passes.today is 'the day on which it began, where the company is: that day was not over';

create table totals_lines (
    day          date    not null,
    currency     text    collate "C" not null,
    company      text    collate "C" not null,
    key          text    collate "C" not null,
    deal_id      text,
    deal_name    text,
    deal_amount  numeric,
    order_id     text,
    order_number text,
    order_amount numeric,
    state        smallint not null,
    note         text,
    primary key (day, currency, company, key)
);
-- An expression, so that no statement about one place takes this index for the primary key.
create index totals_lines_by_key on totals_lines ((key || ''));
create index totals_lines_by_state on totals_lines (state, day, currency, company, key);
comment on column totals_lines.company is 'id in the ERP; empty where there is only one, or nobody knows';
comment on column totals_lines.key is 'id of the deal; of an order without one order: and its id';
comment on column totals_lines.state is 'place in memory/totals State: 0 no order, 1 cancelled, 2 differs, 3 order without deal, 4 unknown, 5 agrees';

create table totals_staged (
    pass_id      uuid    not null references totals_passes on delete cascade,
    day          date    not null,
    currency     text    collate "C" not null,
    company      text    collate "C" not null,
    key          text    collate "C" not null,
    deal_id      text,
    deal_name    text,
    deal_amount  numeric,
    order_id     text,
    order_number text,
    order_amount numeric,
    state        smallint not null,
    note         text,
    primary key (pass_id, key)
);
create index totals_staged_by_day on totals_staged (pass_id, day);
comment on table totals_staged is 'what a pass that has not ended has found so far; nobody sees it';

create table totals_days (
    day       date        not null primary key,
    pass_id   uuid        not null,
    is_over   boolean     not null,
    looked_at timestamptz not null
);
comment on table totals_days is 'the last complete pass over each day';
comment on column totals_days.is_over is 'the day had ended where the company is when that pass began';

create table totals_companies (
    id   text collate "C" not null primary key,
    name text not null
);

create table totals_sign_offs (
    id        uuid        not null primary key,
    at        timestamptz not null default now(),
    from_day  date        not null,
    until_day date        not null,
    currency  text,
    company   text,
    actor     text        not null,
    reason    text,
    totals    json        not null,
    check (from_day <= until_day)
);
create index totals_sign_offs_by_day on totals_sign_offs (until_day, from_day);
comment on table totals_sign_offs is 'append-only: periods that people signed off; null is every currency or company';
comment on column totals_sign_offs.totals is 'counts, amounts and problems as they were then';

create table totals_changes (
    id       uuid        not null primary key,
    at       timestamptz not null default now(),
    day      date        not null,
    currency text        collate "C" not null,
    company  text        collate "C" not null,
    key      text        collate "C" not null,
    kind     text        not null check (kind in ('new', 'vanished', 'changed')),
    before   json,
    after    json,
    run_id   uuid        not null,
    sign_off uuid
);
create index totals_changes_open on totals_changes (day, currency, company, key, id) where sign_off is null;
create index totals_changes_by_day on totals_changes (day, id);
comment on table totals_changes is 'what became of lines after somebody had signed their period off';
comment on column totals_changes.run_id is 'the run of the pass that found it';
comment on column totals_changes.sign_off is 'the later sign-off that took it in; none while it is marked';

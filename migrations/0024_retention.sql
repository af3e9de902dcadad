-- Retention: what has ended long ago is written to an archive outside of the database, then removed. And partitions by month: a
-- statement without a time locks every partition, so a year of daily ones is more than a server has locks for.

-- What each archive holds. The rows stay: they say what was removed, when, and how to tell whether a file is as it was written.
create table archives (
    id         uuid        not null primary key,
    file       text        not null,
    version    text        not null,
    sha256     bytea       not null,
    digest     bytea       not null,
    bytes      bigint      not null,
    rows       bigint      not null,
    events     uuid[]      not null,
    runs       uuid[]      not null,
    first_run  uuid,
    last_run   uuid,
    written_by text        not null,
    written_at timestamptz not null default now()
);
create index archives_by_run on archives (last_run, first_run) where last_run is not null;
comment on table archives is 'append-only: what was archived and removed, and what its files must hash to';
comment on column archives.file is 'name in the folder of archives';
comment on column archives.sha256 is 'of the file as it is on disk';
comment on column archives.digest is 'over all lines but the last: it outlives another compression';
comment on column archives.runs is 'sorted; tells a removed run from one that never was';
comment on column archives.events is 'sorted';
create index archives_by_event on archives ((events[1]), (events[cardinality(events)])) where events <> '{}';

-- What is in an archive and still in the database. A row goes with what it names; families of runs go as a whole.
create table removals (
    kind       text    not null check (kind in ('run', 'event')),
    item       uuid    not null,
    archive_id uuid    not null references archives (id),
    family     uuid    not null,
    seq        integer not null,
    head       bytea   not null,
    primary key (kind, item)
);
create index removals_by_archive on removals (archive_id, kind, family);
comment on column removals.family is 'the run at the top of its family; of an event, itself';
comment on column removals.seq is 'as archived: journal rows of the run; runs of the event. What changed since is not removed';

-- One node at a time archives and removes.
create table retention_lease (
    one     boolean     not null primary key default true check (one),
    holder  uuid,
    until   timestamptz not null default '-infinity',
    writing text
);
insert into retention_lease default values;
comment on column retention_lease.until is 'by the clock of the database';
comment on column retention_lease.writing is 'name of the archive being written; whoever finds it later, without its row in archives, deletes the file';

-- Due runs are found by when they ended, families through their parents, and what hangs on a run through the run.
create index runs_closed on runs (definition_id, status, finished_at, id) where finished_at is not null and attention is null;
create index runs_by_parent on runs (parent_id) where parent_id is not null;
create index commands_by_run on commands (run_id);
create index conflicts_by_run on conflicts (run_id);

-- The partitions of a table, without the default one.
create function partition_bounds(parent regclass) returns table (name text, low uuid, high uuid) language sql stable as $$
    select c.relname::text, b[1]::uuid, b[2]::uuid
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    cross join lateral regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') as b
    where i.inhparent = parent and b is not null
$$;

-- Adds one partition of journal or events. Rows that came before it lie in the default partition and move into it. It is made beside
-- its parent and attached, since that lets everybody else read and write meanwhile.
create function add_partition(parent text, low uuid, high uuid) returns void language plpgsql as $$
declare
    begins timestamp := to_timestamp(('x' || left(replace(low::text, '-', ''), 12))::bit(48)::bigint / 1000.0) at time zone 'utc';
    key    text      := case parent when 'journal' then 'run_id' else 'id' end;
    range  text      := format('%I >= %L and %I < %L', key, low, key, high);
    name   text      := parent || '_' || to_char(begins, case when low = uuid_floor(date_trunc('month', begins))
                            and high = uuid_floor(date_trunc('month', begins) + interval '1 month') then 'YYYYMM' else 'YYYYMMDD' end);
    has_rows boolean;
begin
    -- A row that is on its way into the default partition while another one is attached for it would be refused. Rows of the future are not.
    if low < uuid_floor((now() + interval '1 day') at time zone 'utc') then
        execute format('lock table only %I in access exclusive mode', parent);
    end if;
    while to_regclass(quote_ident(name)) is not null loop
        name := name || '_';
    end loop;
    execute format('create table %I (like %I including all)', name, parent);
    execute format('select exists (select from %I where %s)', parent || '_default', range) into has_rows;
    if has_rows then
        execute format('lock table %I in access exclusive mode', parent || '_default');
        execute format('with moved as (delete from %I where %s returning *) insert into %I select * from moved',
                       parent || '_default', range, name);
    end if;
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, name, low, high);
end $$;
revoke execute on function add_partition(text, uuid, uuid) from public;

-- Makes sure that journal and events have partitions from yesterday to `days` ahead: one for each month (UTC). Where an earlier version
-- made daily ones, what they leave of their month becomes one partition.
create or replace function ensure_partitions(days integer) returns void language plpgsql as $$
declare
    today  date := (now() at time zone 'utc')::date;
    month  timestamp;
    parent text;
    part   record;
    starts uuid;
    ends   uuid;
begin
    perform pg_advisory_xact_lock(7238421);
    for month in select m from generate_series(date_trunc('month', (today - 1)::timestamp), (today + days)::timestamp, interval '1 month') m loop
        foreach parent in array array['journal', 'events'] loop
            starts := uuid_floor(month);
            ends := uuid_floor(month + interval '1 month');
            for part in
                select b.low, b.high from partition_bounds(parent::regclass) b where b.high > starts and b.low < ends order by b.low
            loop
                if part.low > starts then
                    perform add_partition(parent, starts, part.low);
                end if;
                starts := greatest(starts, part.high);
            end loop;
            if starts < ends then
                perform add_partition(parent, starts, ends);
            end if;
        end loop;
    end loop;
end $$;

-- Partitions that end after this stay, even if they are empty: those of the last seven days, and those of a month for which
-- ensure_partitions would make them again.
create function droppable_until(instant timestamptz) returns uuid language sql stable as $$
    select uuid_floor(least((instant - interval '7 days') at time zone 'utc', date_trunc('month', ((instant at time zone 'utc')::date - 1)::timestamp)))
$$;

-- Drops one partition that ended over a week ago and before the month of yesterday, and has no rows; gives its name, or none. Only what vacuum has made small is looked at,
-- so that looking costs nothing. `detach partition concurrently` is not allowed beside a default partition: the lock that this takes is
-- held for a moment, and not waited for longer than that.
create function drop_empty_partition() returns text language plpgsql as $$
declare
    parent   text;
    part     record;
    is_empty boolean;
begin
    perform pg_advisory_xact_lock(7238421);
    foreach parent in array array['journal', 'events'] loop
        for part in
            select b.name from partition_bounds(parent::regclass) b
            where b.high <= droppable_until(now())
              and pg_relation_size(to_regclass(quote_ident(b.name))) < 16 << 20 order by b.low
        loop
            execute format('select not exists (select from %I)', part.name) into is_empty;
            continue when not is_empty;
            execute format('lock table only %I in access exclusive mode', parent);
            execute format('lock table %I in access exclusive mode', part.name);
            execute format('select not exists (select from %I)', part.name) into is_empty;
            if is_empty then
                execute format('drop table %I', part.name);
                return part.name;
            end if;
        end loop;
    end loop;
    return null;
end $$;
revoke execute on function drop_empty_partition() from public;

-- Removes runs that an archive has, with all that hangs on them, family by family: at most so many runs and journal rows, but always one
-- family. A family stays, and leaves the list, if anything about it is not as archived: a run that lives again, or that somebody wants
-- something of. This is the only way in which journal rows go.
create function remove_archived_runs(of_archive uuid, runs_max integer, rows_max integer,
                                     out removed integer, out kept integer, out is_done boolean) language plpgsql as $$
declare
    picked uuid[];
    sound  uuid[];
    one    record;
begin
    picked := array(
        select f.family from (
            select m.family, row_number() over w as place, sum(count(*)) over w as runs, sum(sum(m.seq)) over w as rows
            from removals m where m.archive_id = of_archive and m.kind = 'run'
            group by m.family window w as (order by m.family)) f
        where f.place = 1 or (f.runs <= runs_max and f.rows <= rows_max));
    perform from removals m where m.archive_id = of_archive and m.kind = 'run' and m.family = any(picked) order by m.item for update;
    perform from removals m join runs r on r.shard = get_byte(uuid_send(m.item), 15)::smallint and r.id = m.item
        where m.archive_id = of_archive and m.kind = 'run' and m.family = any(picked) order by r.shard, r.id for update of r;
    sound := array(
        select m.family
        from removals m
        left join runs r on r.shard = get_byte(uuid_send(m.item), 15)::smallint and r.id = m.item
        where m.archive_id = of_archive and m.kind = 'run' and m.family = any(picked)
        group by m.family
        having bool_and(r.id is not null and r.finished_at is not null and r.attention is null and r.owner is null
               and r.seq = m.seq and r.head = m.head
               and not exists (select from runs c where c.parent_id = r.id and not exists (
                       select from removals n where n.kind = 'run' and n.item = c.id and n.family = m.family))
               and not exists (select from commands c where c.run_id = r.id and c.answered_at is null)
               and not exists (select from proposals p where p.run_id = r.id and p.decision is null)
               and not exists (select from conflicts c where c.run_id = r.id and c.state in ('open', 'chosen'))
               and not exists (select from turns t where t.run_id = r.id)
               and not exists (select from frozen f where f.run_id = r.id)
               and not exists (select from listeners l where l.shard = r.shard and l.run_id = r.id)
               and not exists (select from schedules s where s.run_id = r.id)
               and not exists (select from event_attention a where a.event = r.event_id)));
    removed := 0;
    for one in
        select m.item as id, get_byte(uuid_send(m.item), 15)::smallint as shard from removals m
        where m.archive_id = of_archive and m.kind = 'run' and m.family = any(sound)
    loop
        delete from journal where shard = one.shard and run_id = one.id;
        delete from commands where run_id = one.id;
        delete from conflicts where run_id = one.id;
        delete from batches where run_id = one.id;
        -- The table comes with migration 26.
        delete from snapshots where shard = one.shard and run_id = one.id;
        delete from runs where shard = one.shard and id = one.id;
        removed := removed + 1;
    end loop;
    delete from removals m where m.archive_id = of_archive and m.kind = 'run' and m.family = any(picked);
    kept := cardinality(picked) - (select count(distinct s) from unnest(sound) s);
    is_done := not exists (select from removals m where m.archive_id = of_archive and m.kind = 'run');
end $$;
revoke execute on function remove_archived_runs(uuid, integer, integer) from public;

-- These run as the owner: nodes may neither make or drop partitions nor delete from the journal by themselves. The search path is fixed,
-- lest a caller's objects stand in for ours, and no lock is waited for so long that others would queue behind.
do $$
begin
    execute format('alter function ensure_partitions(integer) security definer set search_path = %I, pg_temp', current_schema());
    execute format('alter function drop_empty_partition() security definer set search_path = %I, pg_temp', current_schema());
    execute format('alter function remove_archived_runs(uuid, integer, integer) security definer set search_path = %I, pg_temp',
                   current_schema());
end $$;
alter function ensure_partitions(integer) set lock_timeout = '2s';
alter function drop_empty_partition() set lock_timeout = '200ms';
alter function remove_archived_runs(uuid, integer, integer) set lock_timeout = '2s';
-- A plan for each run touches its partition only.
alter function remove_archived_runs(uuid, integer, integer) set plan_cache_mode = force_custom_plan;
revoke execute on function ensure_partitions(integer) from public;

-- As in migration 16, with the functions above.
create or replace function grant_node_role(role_name text) returns void language plpgsql as $$
declare
    schema_name text := current_schema();
    item record;
begin
    perform pg_advisory_xact_lock(7238422);
    if (select rolsuper from pg_roles where rolname = role_name) then
        raise exception 'role % is a superuser: nothing can be kept from it', role_name;
    end if;
    if (select pg_get_userbyid(relowner) = role_name from pg_class where oid = 'runs'::regclass) then
        raise exception 'role % owns the tables: let nodes run as another one', role_name;
    end if;
    execute format('grant usage on schema %I to %I', schema_name, role_name);
    execute format('revoke create on schema %I from %I, public', schema_name, role_name);
    for item in
        select c.relname, c.relkind, c.relispartition, coalesce(obj_description(c.oid, 'pg_class'), '') as about
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = schema_name and c.relkind in ('r', 'p')
    loop
        -- Also takes back what was granted by hand. Partitions are reached through their parents only.
        execute format('revoke all on %I.%I from %I', schema_name, item.relname, role_name);
        continue when item.relispartition;
        execute format('grant %s on %I.%I to %I',
                       case when item.relname in ('_sqlx_migrations', 'node_roles') then 'select'
                            when item.about like 'append-only%' then 'select, insert'
                            else 'select, insert, update, delete' end,
                       schema_name, item.relname, role_name);
    end loop;
    execute format('grant execute on function %I.ensure_partitions(integer) to %I', schema_name, role_name);
    execute format('grant execute on function %I.drop_empty_partition() to %I', schema_name, role_name);
    execute format('grant execute on function %I.remove_archived_runs(uuid, integer, integer) to %I', schema_name, role_name);
    insert into node_roles (name) values (role_name) on conflict (name) do update set granted_at = now();
end $$;

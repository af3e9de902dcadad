-- Lists of events by source, newest or oldest first.
create index events_by_source on events (source, id);

-- Rows that change all the time leave dead versions behind: they are removed early, so that sweeps stay short.
alter table runs set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table commands set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table listeners set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table outgoing set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table nodes set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
alter table connection_limits set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
alter table connection_slots set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
alter table lanes set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
alter table turns set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Whether rows of before the chain of acts have become its first entries. The program does that after the migrations, since it computes
-- the digests; if it dies in between, the next one does.
create table audit_adoption (
    only_row boolean not null primary key default true check (only_row),
    done     boolean not null
);
insert into audit_adoption (done) values (false);
comment on table audit_adoption is 'append-only: once done, rows without an act are for audit verify to find';

-- Autovacuum analyses partitions and never their parents. Analyses one that nobody has analysed for a day, for instance after a restore,
-- and gives its name; none if there is no such table. One at a time, since its locks last until the end of the transaction. As the
-- owner: a node's role may not.
create function analyze_next_partitioned() returns text language plpgsql as $$
declare
    parent text;
begin
    if not pg_try_advisory_xact_lock(7238426) then
        return null;
    end if;
    select c.relname into parent from pg_class c
    left join pg_stat_all_tables s on s.relid = c.oid
    where c.relkind = 'p' and c.relnamespace = current_schema()::regnamespace
      and (s.last_analyze is null or s.last_analyze < now() - interval '1 day')
    order by c.relname limit 1;
    if parent is not null then
        execute format('analyze %I', parent);
    end if;
    return parent;
end $$;
do $$
begin
    execute format('alter function analyze_next_partitioned() security definer set search_path = %I, pg_temp', current_schema());
end $$;
alter function analyze_next_partitioned() set lock_timeout = '2s';
revoke execute on function analyze_next_partitioned() from public;

-- As in migration 24, with the function above; and which versions may use the database is for migrations alone to say.
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
                       case when item.relname in ('_sqlx_migrations', 'node_roles', 'compatibility') then 'select'
                            when item.about like 'append-only%' then 'select, insert'
                            else 'select, insert, update, delete' end,
                       schema_name, item.relname, role_name);
    end loop;
    execute format('grant execute on function %I.ensure_partitions(integer) to %I', schema_name, role_name);
    execute format('grant execute on function %I.drop_empty_partition() to %I', schema_name, role_name);
    execute format('grant execute on function %I.remove_archived_runs(uuid, integer, integer) to %I', schema_name, role_name);
    execute format('grant execute on function %I.analyze_next_partitioned() to %I', schema_name, role_name);
    insert into node_roles (name) values (role_name) on conflict (name) do update set granted_at = now();
end $$;

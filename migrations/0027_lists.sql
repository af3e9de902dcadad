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

-- Autovacuum analyses partitions and never their parents. Analyses those that nobody has analysed for a day, for instance after a
-- restore, and gives their names. As the owner: a node's role may not.
create function analyze_partitioned() returns text[] language plpgsql security definer as $$
declare
    parent text;
    done   text[] := '{}';
begin
    if not pg_try_advisory_xact_lock(7238425) then
        return done;
    end if;
    for parent in
        select c.relname from pg_class c
        left join pg_stat_all_tables s on s.relid = c.oid
        where c.relkind = 'p' and c.relnamespace = current_schema()::regnamespace
          and (s.last_analyze is null or s.last_analyze < now() - interval '1 day')
        order by c.relname
    loop
        execute format('analyze %I', parent);
        done := done || parent;
    end loop;
    return done;
end $$;
do $$
begin
    execute format('alter function analyze_partitioned() set search_path = %I, pg_temp', current_schema());
end $$;

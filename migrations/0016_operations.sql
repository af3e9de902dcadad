-- Refresh tokens that providers replace, shared by all nodes; and the role that nodes run as, which owns nothing.

create table oauth_tokens (
    id             bytea       not null primary key,
    connection     text        not null,
    generation     bigint      not null default 0,
    refresh_token  bytea       not null,
    previous_token bytea,
    access_token   bytea,
    usable_until   timestamptz,
    holder         uuid,
    held_until     timestamptz,
    asked_at       timestamptz,
    lost_at        timestamptz,
    refused_at     timestamptz,
    problem        text,
    created_at     timestamptz not null default now(),
    changed_at     timestamptz not null default now()
);
comment on column oauth_tokens.id is 'hash of the client and of the first refresh token, as configured';
comment on column oauth_tokens.connection is 'whose call made the row; for people only';
comment on column oauth_tokens.generation is 'counts the changes of the tokens';
comment on column oauth_tokens.refresh_token is 'encrypted, as are all tokens: connect/keyring.rs';
comment on column oauth_tokens.previous_token is 'the one before: tried once more before a connection is given up';
comment on column oauth_tokens.usable_until is 'of the access token; null: until a call finds it refused';
comment on column oauth_tokens.holder is 'who asks the provider now, until held_until';
comment on column oauth_tokens.asked_at is 'a request is under way, or its answer was lost';
comment on column oauth_tokens.lost_at is 'an earlier request since the last change, whose answer nobody recorded';
comment on column oauth_tokens.refused_at is 'the provider does not accept the tokens any more: a person must authorise the connection again';

-- Nodes may run as a role that owns nothing. Which roles do is remembered here, so that each migration grants them what they need.
create table node_roles (
    name       text        not null primary key,
    granted_at timestamptz not null default now()
);
comment on table node_roles is 'roles that nodes run as, beside the owner of the tables';

comment on table journal is 'append-only: nodes add rows and never change one';
comment on table schedule_acts is 'append-only: what people did to schedules, and why';

-- Lets a role run nodes. It may read and write rows, and make the coming partitions through `ensure_partitions`. It may not
-- change the schema, nor change or delete rows of a table whose comment begins with "append-only".
create function grant_node_role(role_name text) returns void language plpgsql as $$
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
    insert into node_roles (name) values (role_name) on conflict (name) do update set granted_at = now();
end $$;
revoke execute on function grant_node_role(text) from public;

-- Partitions belong to the owner of their parent, so the function that makes them runs as the owner. Its search path is fixed,
-- lest a caller's objects stand in for ours.
do $$
begin
    execute format('alter function ensure_partitions(integer) security definer set search_path = %I, pg_temp', current_schema());
end $$;
revoke execute on function ensure_partitions(integer) from public;

--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: ensure_partitions(integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ensure_partitions(days integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    day   date;
    low   uuid;
    high  uuid;
    parent text;
begin
    perform pg_advisory_xact_lock(7238421);
    for day in select (current_date - 1) + n from generate_series(0, days) as n loop
        low  := uuid_floor(day::timestamptz at time zone 'utc');
        high := uuid_floor((day + 1)::timestamptz at time zone 'utc');
        foreach parent in array array['journal', 'events'] loop
            if to_regclass(parent || '_' || to_char(day, 'YYYYMMDD')) is null then
                execute format('create table %I partition of %I for values from (%L) to (%L)',
                               parent || '_' || to_char(day, 'YYYYMMDD'), parent, low, high);
            end if;
        end loop;
    end loop;
end $$;


--
-- Name: freezes_in_force(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.freezes_in_force() RETURNS uuid[]
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock_shared(7238424);
    return array(select id from freezes where released_at is null order by id);
end $$;


--
-- Name: FUNCTION freezes_in_force(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.freezes_in_force() IS 'for the transaction that starts runs: see store/freezes.rs';


--
-- Name: grant_node_role(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.grant_node_role(role_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: uuid_floor(timestamp without time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.uuid_floor(instant timestamp without time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    AS $$
    select (lpad(to_hex((extract(epoch from instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: _sqlx_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);


--
-- Name: acts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.acts (
    id uuid NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    reason text,
    detail json
);


--
-- Name: TABLE acts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.acts IS 'append-only: what people and programs did that no journal of a run tells: written in the transaction that does it, only ever added to';


--
-- Name: batch_reports; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batch_reports (
    batch_id uuid NOT NULL,
    cursor text NOT NULL
);


--
-- Name: TABLE batch_reports; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.batch_reports IS 'what a batch that has not ended was told, so that nothing counts twice';


--
-- Name: batch_rows; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batch_rows (
    name text NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    message text NOT NULL,
    "row" json NOT NULL,
    batch_id uuid NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    first_at timestamp with time zone NOT NULL,
    failed_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE batch_rows; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.batch_rows IS 'rows that failed and have not succeeded since';


--
-- Name: COLUMN batch_rows."row"; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.batch_rows."row" IS 'what it takes to do it again';


--
-- Name: batches; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.batches (
    id uuid NOT NULL,
    name text NOT NULL,
    mode text NOT NULL,
    run_id uuid NOT NULL,
    total bigint,
    done bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    busy_ms bigint DEFAULT 0 NOT NULL,
    began_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT batches_total_check CHECK ((total >= 0))
);


--
-- Name: COLUMN batches.busy_ms; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.batches.busy_ms IS 'milliseconds between reports, without the pauses; done through this is the rate';


--
-- Name: commands; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.commands (
    id uuid NOT NULL,
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    act json NOT NULL,
    actor text NOT NULL,
    reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    answered_at timestamp with time zone,
    refusal text,
    execution integer,
    event_id uuid,
    approval json
);


--
-- Name: TABLE commands; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.commands IS 'what operators want done: recorded first, answered in the transaction that does it';


--
-- Name: COLUMN commands.approval; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.commands.approval IS 'who approved it and why, of an act that needs a second person';


--
-- Name: conflicts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.conflicts (
    id uuid NOT NULL,
    link_id uuid NOT NULL,
    entity text NOT NULL,
    crm_id text,
    erp_id text,
    row_name text,
    kind text NOT NULL,
    crm json NOT NULL,
    erp json NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    run_id uuid NOT NULL,
    chosen text,
    chosen_by text,
    reason text,
    chosen_at timestamp with time zone,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT conflicts_chosen_check CHECK ((chosen = ANY (ARRAY['crm'::text, 'erp'::text]))),
    CONSTRAINT conflicts_state_check CHECK ((state = ANY (ARRAY['open'::text, 'chosen'::text, 'settled'::text, 'gone'::text])))
);


--
-- Name: COLUMN conflicts.row_name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.conflicts.row_name IS 'the row of the mapping; null where it is about the record';


--
-- Name: COLUMN conflicts.run_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.conflicts.run_id IS 'the run that found it last';


--
-- Name: connection_limits; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.connection_limits (
    connection text NOT NULL,
    tokens double precision NOT NULL,
    refilled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: COLUMN connection_limits.tokens; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.connection_limits.tokens IS 'requests that may go out at once; grows with time up to the limit';


--
-- Name: connection_slots; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.connection_slots (
    connection text NOT NULL,
    node_id uuid NOT NULL,
    used integer NOT NULL
);


--
-- Name: COLUMN connection_slots.used; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.connection_slots.used IS 'calls under way from a node; those of a dead one do not count';


--
-- Name: definitions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.definitions (
    id integer NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    hash bytea NOT NULL,
    source text NOT NULL,
    functions json NOT NULL,
    deployed_by text NOT NULL,
    deployed_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: COLUMN definitions.functions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.definitions.functions IS 'the catalog functions that it uses, as they were at deploy: a run never sees a later catalog';


--
-- Name: definitions_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.definitions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.definitions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: environment; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.environment (
    one boolean DEFAULT true NOT NULL,
    name text NOT NULL,
    CONSTRAINT environment_one_check CHECK (one)
);


--
-- Name: event_attention; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event_attention (
    event uuid NOT NULL,
    of_source text NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: COLUMN event_attention.of_source; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.event_attention.of_source IS 'the event''s source, so that counting reads no event';


--
-- Name: event_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event_keys (
    source text NOT NULL,
    event_id text NOT NULL,
    event uuid NOT NULL,
    body_hash bytea NOT NULL,
    runs uuid[] NOT NULL,
    received_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE event_keys; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.event_keys IS 'who was here before: outlives the retry window of every sender';


--
-- Name: events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
)
PARTITION BY RANGE (id);


--
-- Name: COLUMN events.attributes; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.events.attributes IS 'the CloudEvents attributes under which it was matched';


--
-- Name: COLUMN events.outcome; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.events.outcome IS 'gathered: it waits for the others with which it starts a run';


--
-- Name: COLUMN events.routed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.events.routed IS 'false until the runs that wait for it have been told; true from the start where none could wait';


--
-- Name: COLUMN events.resumed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.events.resumed IS 'runs that waited for it';


--
-- Name: COLUMN events.data; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.events.data IS 'its data where that is not the body itself';


--
-- Name: events_20261129; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_20261129 (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: events_20261130; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_20261130 (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: events_20261201; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_20261201 (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: events_20261202; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_20261202 (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: events_20261203; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_20261203 (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: events_20261204; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_20261204 (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: events_20261205; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_20261205 (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: events_20261206; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_20261206 (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: events_20261207; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_20261207 (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: events_default; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_default (
    id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    attributes json NOT NULL,
    outcome text NOT NULL,
    runs uuid[] NOT NULL,
    detail json,
    routed boolean DEFAULT true NOT NULL,
    resumed uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    data json,
    CONSTRAINT events_outcome_check CHECK ((outcome = ANY (ARRAY['run'::text, 'resumed'::text, 'gathered'::text, 'unmatched'::text, 'rejected'::text])))
);


--
-- Name: freezes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.freezes (
    id uuid NOT NULL,
    workflows text[] NOT NULL,
    connections text[] NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    until timestamp with time zone,
    ended_at timestamp with time zone,
    ended_by text,
    end_reason text,
    released_at timestamp with time zone,
    CONSTRAINT freezes_check CHECK (((cardinality(workflows) + cardinality(connections)) > 0))
);


--
-- Name: COLUMN freezes.workflows; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.freezes.workflows IS 'namespace/name';


--
-- Name: COLUMN freezes.connections; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.freezes.connections IS 'workflows that call one of these, or start others that do, are frozen too';


--
-- Name: COLUMN freezes.until; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.freezes.until IS 'ends by itself; null: when a person ends it';


--
-- Name: COLUMN freezes.released_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.freezes.released_at IS 'every run that waited for it goes on';


--
-- Name: frozen; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.frozen (
    run_id uuid NOT NULL,
    freeze_id uuid NOT NULL,
    told_at timestamp with time zone
);


--
-- Name: COLUMN frozen.told_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.frozen.told_at IS 'the freeze is over and the run was told to go on; the row goes when it does';


--
-- Name: gathered; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.gathered (
    gathering uuid NOT NULL,
    event uuid NOT NULL,
    filter smallint NOT NULL
);


--
-- Name: gathering_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.gathering_keys (
    namespace text NOT NULL,
    name text NOT NULL,
    signature text NOT NULL,
    key bytea NOT NULL
);


--
-- Name: gatherings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.gatherings (
    id uuid NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    signature text NOT NULL,
    key bytea NOT NULL,
    met smallint[] DEFAULT '{}'::smallint[] NOT NULL,
    taken integer DEFAULT 0 NOT NULL,
    begun_at timestamp with time zone DEFAULT now() NOT NULL,
    run_id uuid
);


--
-- Name: COLUMN gatherings.signature; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.gatherings.signature IS 'hash of the `on`: a version with another one begins anew';


--
-- Name: COLUMN gatherings.key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.gatherings.key IS 'hash of the values that the events have in common';


--
-- Name: COLUMN gatherings.met; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.gatherings.met IS 'filters of which an event is there';


--
-- Name: COLUMN gatherings.taken; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.gatherings.taken IS 'events in the input of the run';


--
-- Name: COLUMN gatherings.run_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.gatherings.run_id IS 'the run to start, once all events are there';


--
-- Name: journal; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
)
PARTITION BY RANGE (run_id);


--
-- Name: TABLE journal; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.journal IS 'append-only: nodes add rows and never change one';


--
-- Name: COLUMN journal.data; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.journal.data IS 'json, not jsonb: what was hashed is what is stored, byte for byte';


--
-- Name: journal_20261129; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_20261129 (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: journal_20261130; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_20261130 (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: journal_20261201; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_20261201 (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: journal_20261202; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_20261202 (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: journal_20261203; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_20261203 (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: journal_20261204; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_20261204 (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: journal_20261205; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_20261205 (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: journal_20261206; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_20261206 (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: journal_20261207; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_20261207 (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: journal_default; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_default (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task text,
    attempt integer,
    actor text NOT NULL,
    data json NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: lanes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lanes (
    namespace text NOT NULL,
    name text NOT NULL,
    key text NOT NULL,
    tail bigint DEFAULT 0 NOT NULL
);


--
-- Name: COLUMN lanes.tail; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.lanes.tail IS 'tickets given so far';


--
-- Name: links; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.links (
    id uuid NOT NULL,
    entity text NOT NULL,
    crm_id text,
    erp_id text,
    holder uuid,
    state json NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT links_check CHECK (((crm_id IS NOT NULL) OR (erp_id IS NOT NULL)))
);


--
-- Name: COLUMN links.holder; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.links.holder IS 'the run that works on the pair; one that has ended holds nothing';


--
-- Name: COLUMN links.state; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.links.state IS 'hashes of the fields that each side had after the last sync, and what is about to be written';


--
-- Name: listeners; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.listeners (
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    execution integer NOT NULL,
    filter smallint NOT NULL,
    event_type text NOT NULL,
    kind text NOT NULL,
    key bytea NOT NULL,
    checked boolean DEFAULT false NOT NULL,
    settles bigint
);


--
-- Name: COLUMN listeners.event_type; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.listeners.event_type IS 'empty where any type, or a pattern, is waited for';


--
-- Name: COLUMN listeners.kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.listeners.kind IS 'definition, number of the filter and task: what all runs at this task have in common';


--
-- Name: COLUMN listeners.key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.listeners.key IS 'hash of what this run alone waits for: an event of ten thousand waiting runs finds its one by index';


--
-- Name: COLUMN listeners.checked; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.listeners.checked IS 'events that came before it were looked at';


--
-- Name: COLUMN listeners.settles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.listeners.settles IS 'transaction below which all must have ended before the last look: they may bring an event that saw nobody wait';


--
-- Name: login_links; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.login_links (
    hash bytea NOT NULL,
    user_name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    kind text,
    user_id uuid,
    CONSTRAINT login_links_kind_check CHECK ((kind = ANY (ARRAY['user'::text, 'local'::text])))
);


--
-- Name: node_roles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.node_roles (
    name text NOT NULL,
    granted_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE node_roles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.node_roles IS 'roles that nodes run as, beside the owner of the tables';


--
-- Name: nodes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.nodes (
    id uuid NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    heartbeat_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    dead_at timestamp with time zone
);


--
-- Name: TABLE nodes; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.nodes IS 'one row is one incarnation of one process; it is never reused or revived';


--
-- Name: oauth_tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.oauth_tokens (
    id bytea NOT NULL,
    connection text NOT NULL,
    generation bigint DEFAULT 0 NOT NULL,
    refresh_token bytea NOT NULL,
    previous_token bytea,
    access_token bytea,
    usable_until timestamp with time zone,
    holder uuid,
    held_until timestamp with time zone,
    asked_at timestamp with time zone,
    lost_at timestamp with time zone,
    refused_at timestamp with time zone,
    problem text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: COLUMN oauth_tokens.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.id IS 'hash of the client and of the first refresh token, as configured';


--
-- Name: COLUMN oauth_tokens.connection; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.connection IS 'whose call made the row; for people only';


--
-- Name: COLUMN oauth_tokens.generation; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.generation IS 'counts the changes of the tokens';


--
-- Name: COLUMN oauth_tokens.refresh_token; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.refresh_token IS 'encrypted, as are all tokens: connect/keyring.rs';


--
-- Name: COLUMN oauth_tokens.previous_token; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.previous_token IS 'the one before: tried once more before a connection is given up';


--
-- Name: COLUMN oauth_tokens.usable_until; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.usable_until IS 'of the access token; null: until a call finds it refused';


--
-- Name: COLUMN oauth_tokens.holder; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.holder IS 'who asks the provider now, until held_until';


--
-- Name: COLUMN oauth_tokens.asked_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.asked_at IS 'a request is under way, or its answer was lost';


--
-- Name: COLUMN oauth_tokens.lost_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.lost_at IS 'an earlier request since the last change, whose answer nobody recorded';


--
-- Name: COLUMN oauth_tokens.refused_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.oauth_tokens.refused_at IS 'the provider does not accept the tokens any more: a person must authorise the connection again';


--
-- Name: outgoing; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outgoing (
    id uuid NOT NULL,
    event json NOT NULL,
    sink text,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    error text
);


--
-- Name: proposals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.proposals (
    id uuid NOT NULL,
    shard smallint NOT NULL,
    run_id uuid NOT NULL,
    act json NOT NULL,
    digest bytea NOT NULL,
    step text,
    before json,
    actor text NOT NULL,
    reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    decision text,
    decided_by text,
    decided_at timestamp with time zone,
    decision_reason text,
    CONSTRAINT proposals_check CHECK ((((decision IS NULL) = (decided_at IS NULL)) AND ((decision IS NULL) = (decided_by IS NULL)))),
    CONSTRAINT proposals_decision_check CHECK ((decision = ANY (ARRAY['approved'::text, 'declined'::text, 'withdrawn'::text, 'lapsed'::text, 'ended'::text]))),
    CONSTRAINT proposals_two_people CHECK (((decision <> 'approved'::text) OR (decided_by <> actor)))
);


--
-- Name: TABLE proposals; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.proposals IS 'acts that a second person must approve before any node does them';


--
-- Name: COLUMN proposals.digest; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.proposals.digest IS 'hash of the act: the same person proposes the same act of a run once, however often the request is repeated';


--
-- Name: COLUMN proposals.step; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.proposals.step IS 'where the run stood, with its execution';


--
-- Name: COLUMN proposals.before; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.proposals.before IS 'what the step is given now, of an act that replaces it';


--
-- Name: COLUMN proposals.decision; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.proposals.decision IS 'none while it waits; lapsed: nobody decided in time; ended: the run did';


--
-- Name: redeliveries; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.redeliveries (
    event uuid NOT NULL,
    body_hash bytea NOT NULL,
    body bytea NOT NULL,
    deliveries integer NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL
);


--
-- Name: COLUMN redeliveries.event; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.redeliveries.event IS 'the event that came first; it alone started runs';


--
-- Name: COLUMN redeliveries.deliveries; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.redeliveries.deliveries IS 'how often it came with these bytes';


--
-- Name: refusals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.refusals (
    id uuid NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    kind text NOT NULL,
    peer text NOT NULL,
    subject text NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT refusals_count_check CHECK ((count > 0))
);


--
-- Name: TABLE refusals; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.refusals IS 'who was turned away: at most one row a minute for each kind and peer, the last 10,000 are kept; no secret, no body';


--
-- Name: COLUMN refusals.count; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.refusals.count IS 'attempts that this row stands for';


--
-- Name: runs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.runs (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    definition_id integer NOT NULL,
    status text NOT NULL,
    attention text,
    key text COLLATE pg_catalog."C",
    event_id uuid,
    parent_id uuid,
    task text,
    owner uuid,
    fence bigint NOT NULL,
    seq integer NOT NULL,
    attempts smallint NOT NULL,
    wake_at timestamp with time zone,
    head bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    error json,
    fingerprint text COLLATE pg_catalog."C",
    attention_at timestamp with time zone,
    CONSTRAINT runs_attention_check CHECK ((attention = ANY (ARRAY['faulted'::text, 'compensation_stuck'::text, 'poison'::text, 'unknown_outcome'::text]))),
    CONSTRAINT runs_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'waiting'::text, 'suspended'::text, 'compensating'::text, 'completed'::text, 'compensated'::text, 'cancelled'::text, 'faulted'::text])))
)
WITH (fillfactor='70');


--
-- Name: COLUMN runs.key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.key IS 'collated "C", so that its index finds what starts with a text';


--
-- Name: COLUMN runs.task; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.task IS 'reference of the task where it stands';


--
-- Name: COLUMN runs.owner; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.owner IS 'incarnation of the node that drives it; none while it waits, or when it has ended';


--
-- Name: COLUMN runs.fence; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.fence IS 'goes up with every change of owner; every write names the fence it was made under';


--
-- Name: COLUMN runs.seq; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.seq IS 'number of journal rows';


--
-- Name: COLUMN runs.attempts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.attempts IS 'claims since the last recorded progress: a payload that kills its node is seen';


--
-- Name: COLUMN runs.head; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.head IS 'hash of the last journal row: the chain is anchored here';


--
-- Name: COLUMN runs.error; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.error IS 'the error of a run that stopped, or ended otherwise than well; for a run that needs a person, what stopped it';


--
-- Name: COLUMN runs.fingerprint; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.fingerprint IS 'the same for runs that need a person for one cause: workflow, step, reason and error without ids and values';


--
-- Name: COLUMN runs.attention_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.runs.attention_at IS 'since when it needs a person';


--
-- Name: schedule_acts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.schedule_acts (
    id uuid NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    act text NOT NULL,
    actor text NOT NULL,
    reason text,
    run_id uuid,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT schedule_acts_act_check CHECK ((act = ANY (ARRAY['pause'::text, 'resume'::text, 'fire'::text])))
);


--
-- Name: TABLE schedule_acts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.schedule_acts IS 'append-only: what people did to schedules, and why';


--
-- Name: COLUMN schedule_acts.run_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.schedule_acts.run_id IS 'the run that `fire` started';


--
-- Name: schedules; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.schedules (
    namespace text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    signature text NOT NULL,
    anchor timestamp with time zone NOT NULL,
    next_at timestamp with time zone,
    last_at timestamp with time zone,
    run_id uuid,
    paused_at timestamp with time zone,
    paused_by text,
    reason text
);


--
-- Name: COLUMN schedules.signature; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.schedules.signature IS 'the timing; another one begins anew';


--
-- Name: COLUMN schedules.anchor; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.schedules.anchor IS 'where `every` counts from';


--
-- Name: COLUMN schedules.next_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.schedules.next_at IS 'none while `after` waits for the end of its run';


--
-- Name: COLUMN schedules.run_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.schedules.run_id IS 'the run that was started last';


--
-- Name: sequence_arrivals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sequence_arrivals (
    id bigint NOT NULL,
    source text NOT NULL,
    channel text NOT NULL,
    number bigint NOT NULL,
    grace_seconds double precision NOT NULL
);


--
-- Name: COLUMN sequence_arrivals.grace_seconds; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sequence_arrivals.grace_seconds IS 'what the number jumps over may be late by so much';


--
-- Name: sequence_arrivals_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.sequence_arrivals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sequence_arrivals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: sequences; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sequences (
    source text NOT NULL,
    channel text NOT NULL,
    state json,
    gaps integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: COLUMN sequences.channel; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sequences.channel IS 'what the sender counts in; empty where it counts in one';


--
-- Name: COLUMN sequences.state; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sequences.state IS 'the highest number and the ranges that are missing below it: memory/sequences.rs';


--
-- Name: COLUMN sequences.gaps; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sequences.gaps IS 'number of those ranges';


--
-- Name: COLUMN sequences.next_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sequences.next_at IS 'when a gap is to be told of, or given up';


--
-- Name: sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sessions (
    hash bytea NOT NULL,
    user_name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text,
    user_id uuid,
    token_id uuid,
    CONSTRAINT sessions_kind_check CHECK ((kind = ANY (ARRAY['user'::text, 'token'::text, 'local'::text])))
);


--
-- Name: COLUMN sessions.kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sessions.kind IS 'whose it is; none in a session that an earlier version began, which ends with the upgrade';


--
-- Name: tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tokens (
    id uuid NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    user_id uuid
);


--
-- Name: COLUMN tokens.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.tokens.user_id IS 'whose it is; none for a program of its own. No foreign key: a token never outlives its user by losing the reference';


--
-- Name: topics; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.topics (
    source text NOT NULL,
    topic text NOT NULL,
    owner uuid,
    fence bigint DEFAULT 0 NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    replay_id bytea,
    positioned_at timestamp with time zone,
    begun_at timestamp with time zone,
    connected_at timestamp with time zone,
    problem text,
    problem_at timestamp with time zone,
    connects bigint DEFAULT 0 NOT NULL,
    event_at timestamp with time zone,
    received_at timestamp with time zone,
    events bigint DEFAULT 0 NOT NULL,
    rejected bigint DEFAULT 0 NOT NULL,
    rejected_at timestamp with time zone,
    losses bigint DEFAULT 0 NOT NULL,
    lost_at timestamp with time zone,
    stopped_at timestamp with time zone
)
WITH (fillfactor='50');


--
-- Name: COLUMN topics.owner; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.owner IS 'the node (incarnation) that subscribes; it may as long as its lease holds';


--
-- Name: COLUMN topics.fence; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.fence IS 'counts owners: who lost the topic writes nothing';


--
-- Name: COLUMN topics.seq; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.seq IS 'counts writes of the position, so that a late one changes nothing';


--
-- Name: COLUMN topics.replay_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.replay_id IS 'the last event that was stored; opaque';


--
-- Name: COLUMN topics.positioned_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.positioned_at IS 'when that was last known to be the newest one delivered';


--
-- Name: COLUMN topics.begun_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.begun_at IS 'when a node subscribed for the first time';


--
-- Name: COLUMN topics.problem; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.problem IS 'why the subscription does not work now; null while it does';


--
-- Name: COLUMN topics.event_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.event_at IS 'when the last event happened, as Salesforce says';


--
-- Name: COLUMN topics.losses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.losses IS 'how often the replay id was refused: events before may be missing';


--
-- Name: COLUMN topics.stopped_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.topics.stopped_at IS 'since when it stands still before an event that cannot be read safely; null while it goes on';


--
-- Name: totals_changes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.totals_changes (
    id uuid NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    day date NOT NULL,
    currency text NOT NULL COLLATE pg_catalog."C",
    company text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL,
    before json,
    after json,
    run_id uuid NOT NULL,
    sign_off uuid,
    CONSTRAINT totals_changes_kind_check CHECK ((kind = ANY (ARRAY['new'::text, 'vanished'::text, 'changed'::text])))
);


--
-- Name: TABLE totals_changes; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.totals_changes IS 'what became of lines after somebody had signed their period off';


--
-- Name: COLUMN totals_changes.run_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.totals_changes.run_id IS 'the run of the pass that found it';


--
-- Name: COLUMN totals_changes.sign_off; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.totals_changes.sign_off IS 'the later sign-off that took it in; none while it is marked';


--
-- Name: totals_companies; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.totals_companies (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL
);


--
-- Name: totals_days; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.totals_days (
    day date NOT NULL,
    pass_id uuid NOT NULL,
    is_over boolean NOT NULL,
    looked_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE totals_days; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.totals_days IS 'the last complete pass over each day';


--
-- Name: COLUMN totals_days.is_over; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.totals_days.is_over IS 'the day had ended where the company is when that pass began';


--
-- Name: totals_lines; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.totals_lines (
    day date NOT NULL,
    currency text NOT NULL COLLATE pg_catalog."C",
    company text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    deal_id text,
    deal_name text,
    deal_amount numeric,
    order_id text,
    order_number text,
    order_amount numeric,
    state smallint NOT NULL,
    note text
);


--
-- Name: COLUMN totals_lines.company; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.totals_lines.company IS 'id in the ERP; empty where there is only one, or nobody knows';


--
-- Name: COLUMN totals_lines.key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.totals_lines.key IS 'id of the deal; of an order without one order: and its id';


--
-- Name: COLUMN totals_lines.state; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.totals_lines.state IS 'place in memory/totals State: 0 no order, 1 cancelled, 2 differs, 3 order without deal, 4 unknown, 5 agrees';


--
-- Name: totals_passes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.totals_passes (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    from_day date NOT NULL,
    until_day date NOT NULL,
    today date NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    result json,
    CONSTRAINT totals_passes_check CHECK ((from_day <= until_day))
);


--
-- Name: COLUMN totals_passes.today; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.totals_passes.today IS 'the day on which it began, where the company is: that day was not over';


--
-- Name: totals_sign_offs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.totals_sign_offs (
    id uuid NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    from_day date NOT NULL,
    until_day date NOT NULL,
    currency text,
    company text,
    actor text NOT NULL,
    reason text,
    totals json NOT NULL,
    CONSTRAINT totals_sign_offs_check CHECK ((from_day <= until_day))
);


--
-- Name: TABLE totals_sign_offs; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.totals_sign_offs IS 'append-only: periods that people signed off; null is every currency or company';


--
-- Name: COLUMN totals_sign_offs.totals; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.totals_sign_offs.totals IS 'counts, amounts and problems as they were then';


--
-- Name: totals_staged; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.totals_staged (
    pass_id uuid NOT NULL,
    day date NOT NULL,
    currency text NOT NULL COLLATE pg_catalog."C",
    company text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    deal_id text,
    deal_name text,
    deal_amount numeric,
    order_id text,
    order_number text,
    order_amount numeric,
    state smallint NOT NULL,
    note text
);


--
-- Name: TABLE totals_staged; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.totals_staged IS 'what a pass that has not ended has found so far; nobody sees it';


--
-- Name: turns; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.turns (
    namespace text NOT NULL,
    name text NOT NULL,
    key text NOT NULL,
    ticket bigint NOT NULL,
    run_id uuid NOT NULL,
    called boolean DEFAULT false NOT NULL
);


--
-- Name: COLUMN turns.called; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.turns.called IS 'the run was told that it is its turn';


--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id uuid NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    password text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    disabled_at timestamp with time zone,
    deleted_at timestamp with time zone
);


--
-- Name: COLUMN users.deleted_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.deleted_at IS 'the row stays: a name that stands in journals is never given to somebody else';


--
-- Name: watermarks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.watermarks (
    name text NOT NULL,
    value json NOT NULL,
    written_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: COLUMN watermarks.value; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.watermarks.value IS 'json, not jsonb: a number comes out with the digits that went in';


--
-- Name: events_20261129; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_20261129 FOR VALUES FROM ('01a22499-f800-0000-0000-000000000000') TO ('01a229c0-5400-0000-0000-000000000000');


--
-- Name: events_20261130; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_20261130 FOR VALUES FROM ('01a229c0-5400-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');


--
-- Name: events_20261201; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_20261201 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2340d-0c00-0000-0000-000000000000');


--
-- Name: events_20261202; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_20261202 FOR VALUES FROM ('01a2340d-0c00-0000-0000-000000000000') TO ('01a23933-6800-0000-0000-000000000000');


--
-- Name: events_20261203; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_20261203 FOR VALUES FROM ('01a23933-6800-0000-0000-000000000000') TO ('01a23e59-c400-0000-0000-000000000000');


--
-- Name: events_20261204; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_20261204 FOR VALUES FROM ('01a23e59-c400-0000-0000-000000000000') TO ('01a24380-2000-0000-0000-000000000000');


--
-- Name: events_20261205; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_20261205 FOR VALUES FROM ('01a24380-2000-0000-0000-000000000000') TO ('01a248a6-7c00-0000-0000-000000000000');


--
-- Name: events_20261206; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_20261206 FOR VALUES FROM ('01a248a6-7c00-0000-0000-000000000000') TO ('01a24dcc-d800-0000-0000-000000000000');


--
-- Name: events_20261207; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_20261207 FOR VALUES FROM ('01a24dcc-d800-0000-0000-000000000000') TO ('01a252f3-3400-0000-0000-000000000000');


--
-- Name: events_default; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_default DEFAULT;


--
-- Name: journal_20261129; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_20261129 FOR VALUES FROM ('01a22499-f800-0000-0000-000000000000') TO ('01a229c0-5400-0000-0000-000000000000');


--
-- Name: journal_20261130; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_20261130 FOR VALUES FROM ('01a229c0-5400-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');


--
-- Name: journal_20261201; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_20261201 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2340d-0c00-0000-0000-000000000000');


--
-- Name: journal_20261202; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_20261202 FOR VALUES FROM ('01a2340d-0c00-0000-0000-000000000000') TO ('01a23933-6800-0000-0000-000000000000');


--
-- Name: journal_20261203; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_20261203 FOR VALUES FROM ('01a23933-6800-0000-0000-000000000000') TO ('01a23e59-c400-0000-0000-000000000000');


--
-- Name: journal_20261204; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_20261204 FOR VALUES FROM ('01a23e59-c400-0000-0000-000000000000') TO ('01a24380-2000-0000-0000-000000000000');


--
-- Name: journal_20261205; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_20261205 FOR VALUES FROM ('01a24380-2000-0000-0000-000000000000') TO ('01a248a6-7c00-0000-0000-000000000000');


--
-- Name: journal_20261206; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_20261206 FOR VALUES FROM ('01a248a6-7c00-0000-0000-000000000000') TO ('01a24dcc-d800-0000-0000-000000000000');


--
-- Name: journal_20261207; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_20261207 FOR VALUES FROM ('01a24dcc-d800-0000-0000-000000000000') TO ('01a252f3-3400-0000-0000-000000000000');


--
-- Name: journal_default; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ATTACH PARTITION public.journal_default DEFAULT;


--
-- Data for Name: _sqlx_migrations; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public._sqlx_migrations VALUES
	(1, 'core', '2026-11-30 10:11:58.506173+00', true, '\x142c98e835d369437ac32c3aade21707844d8df1269d7ef9d61e23daa500138ccc23e24111e673b0f1078d89f9811ed1', 32838829),
	(3, 'links', '2026-11-30 10:11:58.539343+00', true, '\x46eeb96518b59fac2f700e997ed43cf1fc36fb0684a3034be4a54351be046a76b0ea80837e72e3705a7d1908d948c542', 3422514),
	(4, 'schedules', '2026-11-30 10:11:58.542918+00', true, '\x2a9c260499c9e1ce964cd574d1a8e4e7223960377418a1be516b2f9bff58d687673c21430199a6030c63b3ba4cad1c9a', 1336272),
	(5, 'schedule acts', '2026-11-30 10:11:58.544384+00', true, '\xacad55b1b05efc585487ff728369323f7efdc41997eca3cc872400ed9e9e19e93c330fa2718339ab46cc0d4b8af1a7a0', 4362708),
	(6, 'gatherings', '2026-11-30 10:11:58.548781+00', true, '\x67d29436c41d9c3d1e512f1ac05b89a06566876ea4e10e91b4a17e9b01739a02eae192c2d29633ee5e61302311d57b41', 5378673),
	(7, 'lanes', '2026-11-30 10:11:58.554233+00', true, '\xce9370cb6360c9d8964cce9931db160ecc488e00588c689668b231e397ab3b64c40f433ffff349c4aedf14b23e22a604', 4490777),
	(8, 'limits', '2026-11-30 10:11:58.55888+00', true, '\x4abaaccabb090ee45f78e57859864342682bd0e5caf1ead6c13abb8cb50d06c403167b33c7ca47a421292ae577974d45', 3591727),
	(9, 'environment', '2026-11-30 10:11:58.562649+00', true, '\x073d55cc5e76a0d0f5f4da40a258d3643e8b6b9ad2929e455d49ba5870d9188f74e75ee8b7fd71f23eb1980a9bc3160b', 2072001),
	(10, 'watermarks', '2026-11-30 10:11:58.564868+00', true, '\x65ec1ebab2363796ea49bd6bda71a3a51016d352fa67ee9896f44f0c3ec54e125ddc929ecaa7f6fa359ddf90e1431f47', 1900885),
	(11, 'links', '2026-11-30 10:11:58.566873+00', true, '\x1d43536d19e6aa843349d07de049d375c196906b70bb3265487465e440988265948976809a8b44facbcfa1ddcf5c7180', 5536648),
	(12, 'batches', '2026-11-30 10:11:58.572587+00', true, '\x571552b7458a0655f8e59c5081fbf6c9435e272d5b9691442947809249b66dbdcda04958666a350f8d6f2412ac685e0e', 6100229),
	(13, 'sequences', '2026-11-30 10:11:58.578704+00', true, '\x6cf87536e7a686b929a39dbfc1d25046a6fe8a4538f0b000b6c5ab0a026547a5ec4320e8149d0f336678a21eafe265c3', 4680130),
	(14, 'redeliveries', '2026-11-30 10:11:58.583449+00', true, '\xcdcbf20a290b59d34e0fce81a517ccf332250cccf67f0d77eca501a13960c156d6f11160f7b6e769372f1330013ef670', 1873965),
	(15, 'access', '2026-11-30 10:11:58.585381+00', true, '\x3fe257ea518cd734fa49677eafcfd53a5010a9b7ed1955b8691447e3cb3c97e7122eec9395b46acc6578e8c646179d00', 8913604),
	(16, 'operations', '2026-11-30 10:11:58.594509+00', true, '\x7eb13a0b6f335efad36be023b6f8ef6b578c76acf05cb9f0d246b11a780d224f429812cd1a3a869a3221b06f0115eb5a', 4320875),
	(17, 'bounds', '2026-11-30 10:11:58.598905+00', true, '\xba2f31aa7bccc71dce6dab6b7f38066c98c31884c99975ef0d0bff0cb8ddf87e29093ff397ccf7fbcfa07554d055380f', 1451314),
	(18, 'topics', '2026-11-30 10:11:58.600494+00', true, '\xa7bb18545cb9a31e6c51fe41822a4149215dd30828c0cd03dbc7a9b344498d1fd4d3ab645478eaad2320fba868c79923', 2275864),
	(19, 'totals', '2026-11-30 10:11:58.602871+00', true, '\xe673779f0fcc2399dc8ed47821d50acde84b42aa7dcb6d21d8cf67e33047670b7e2256062070d366ebfac7180e47f763', 14609029),
	(20, 'freezes', '2026-11-30 10:11:58.61768+00', true, '\xa3b9fc9ebf4ea80449998a9f0af0b216c7ec6031ade2ee4ff8a2c5b5fc5e3579379b1302ebca064267c5fe8b6c585306', 3922761),
	(21, 'proposals', '2026-11-30 10:11:58.621718+00', true, '\xef34f21a8250d7a0dfa2f4d8bfeb0181d61511681da317170a90d309902fd96a71cff63dc5d1eba8123a220cf0aa0f8b', 3374274),
	(22, 'attention', '2026-11-30 10:11:58.625127+00', true, '\x5919bc8eaf35889a355bf6ee52c937569a9d9140b94dca4ab9f3a0b2f9a66bf307f8c178d2f0b2239c11a52f33f32070', 2844593),
	(23, 'causes', '2026-11-30 10:11:58.628047+00', true, '\x3ff39a800dbd6e1d064d700d21e8909b7c1a9a399a86e5e90e8c8383f6d44b416e346f61fa6cefdc6b0a89b46e7362dc', 1518555);


--
-- Data for Name: acts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.acts VALUES
	('01a22bf0-9c65-75ba-916c-016a7905bff4', '2026-11-30 10:11:58.692184+00', 'local:root@vm', 'workflow.deploy', 'test/cancelled:1.0.0', NULL, '{"hash":"3983041e3380e5b07e20fc44c13ff12175a3c0d65d3ff646f3951949094f2c66"}'),
	('01a22bf0-9c6a-719a-bcbf-794b24989700', '2026-11-30 10:11:58.698466+00', 'local:root@vm', 'workflow.deploy', 'test/child:1.0.0', NULL, '{"hash":"41d8fca65458a72750d631793ddf3d5fc6e61d55003c719b4dda947fb2eb0479"}'),
	('01a22bf0-9c6c-75cb-b1fd-e06abaa60ef6', '2026-11-30 10:11:58.700453+00', 'local:root@vm', 'workflow.deploy', 'test/done:1.0.0', NULL, '{"hash":"cf61f1bd3c5e92ccba3da47194815a385ed7764807bc8cdb2713b76512e9bcc1"}'),
	('01a22bf0-9c71-7264-97a4-1fbaddcf47ed', '2026-11-30 10:11:58.705576+00', 'local:root@vm', 'workflow.deploy', 'test/faulted:1.0.0', NULL, '{"hash":"19d98f425d1d02153be20a6682a371d1ed0894a6688972be0c6aab75467f57fd"}'),
	('01a22bf0-9c75-73aa-8910-2af186a7e553', '2026-11-30 10:11:58.709113+00', 'local:root@vm', 'workflow.deploy', 'test/inflight:1.0.0', NULL, '{"hash":"acac72e03198ecf9bd8715561b83dc09ef7a03c47b0c75de2966a1568bfe7033"}'),
	('01a22bf0-9c77-71c7-acd8-bb6a0ef4e1bb', '2026-11-30 10:11:58.71106+00', 'local:root@vm', 'workflow.deploy', 'test/listener:1.0.0', NULL, '{"hash":"71c965c3473414ceda34c411de3918002f3b8aa80a770c13d6f4abb59cf46b1f"}'),
	('01a22bf0-9c79-714c-b6c4-1a430da0c3fb', '2026-11-30 10:11:58.712819+00', 'local:root@vm', 'workflow.deploy', 'test/long:1.0.0', NULL, '{"hash":"2b1268acea17cb51418c64c42a1d3f543b32f80ba6c23a7f48da81f64fe5592b"}'),
	('01a22bf0-9c7b-7603-8324-8a5375d483c2', '2026-11-30 10:11:58.715241+00', 'local:root@vm', 'workflow.deploy', 'test/loop:1.0.0', NULL, '{"hash":"56505f791387c692c48c6656531054baf10855a66b40f6a8c4a9058ed23190c3"}'),
	('01a22bf0-9c7d-7734-892f-02e88362e5ba', '2026-11-30 10:11:58.717714+00', 'local:root@vm', 'workflow.deploy', 'test/parent:1.0.0', NULL, '{"hash":"ab3a52347d559284213c23eed2e897e799a74525ba414dd9f84dc7f85e8dd865"}'),
	('01a22bf0-9c7f-7621-93aa-87756db75298', '2026-11-30 10:11:58.719348+00', 'local:root@vm', 'workflow.deploy', 'test/queue:1.0.0', NULL, '{"hash":"a07289cd8e28b32c559a2179c9e4821ca8d47cd7c3b9b6f7d36a0fd29df85830"}'),
	('01a22bf0-9c81-723e-bf07-49ae5d7c5e21', '2026-11-30 10:11:58.721506+00', 'local:root@vm', 'workflow.deploy', 'test/stuck:1.0.0', NULL, '{"hash":"0b43360d40b467af165a49351e688bf5ab789dd08281a3a50e5a26a4364a11df"}'),
	('01a22bf0-9c83-7111-aa5f-d68295d64906', '2026-11-30 10:11:58.723246+00', 'local:root@vm', 'workflow.deploy', 'test/suspended:1.0.0', NULL, '{"hash":"4b7bb1baec9b587c691549c1e0e8b4b2cc03bb3876e14d18f524e5387bf3d3bb"}'),
	('01a22bf0-9c85-7203-99e2-a754351c3694', '2026-11-30 10:11:58.725114+00', 'local:root@vm', 'workflow.deploy', 'test/timer:1.0.0', NULL, '{"hash":"299b72b36a3d3e9250aa4716fe800c124f691064a0a31d834d8acc6251a85874"}'),
	('01a22bf0-9c87-759c-9f5e-5fa78163c076', '2026-11-30 10:11:58.726822+00', 'local:root@vm', 'workflow.deploy', 'test/undone:1.0.0', NULL, '{"hash":"bfd5b3f4133e7d62c12858ef34fbef04733f9a3fb606e5dce9c32640020b1ff7"}'),
	('01a22bf0-9c89-75d5-b95e-3adf6650678c', '2026-11-30 10:11:58.728762+00', 'local:root@vm', 'workflow.deploy', 'test/unknown:1.0.0', NULL, '{"hash":"59994bb3d956f08288e98e90dfce1d9d1ffc63cbaf2d057f37255a53472f4acb"}'),
	('01a22bf0-9cb2-772b-aca3-7015babee5a6', '2026-11-30 10:11:58.76866+00', 'local:root@vm', 'token.create', '01a22bf0-9cb0-7478-b872-21165abec79e', NULL, '{"name":"cli","user":null,"scopes":["admin"]}');


--
-- Data for Name: batch_reports; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: batch_rows; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: batches; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: commands; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.commands VALUES
	('01a22bf0-9d8a-7629-ab42-c958f1a1cd9a', 221, '01a22bf0-9d86-77c7-8978-87d3fc604edd', '{"act":"suspend"}', 'token:cli', 'x', '2026-11-30 10:11:58.992166+00', '2026-11-30 10:11:59.059048+00', NULL, NULL, NULL, NULL),
	('01a22bf0-9df2-72ef-ab3b-35369b193492', 92, '01a22bf0-9dee-72f7-8da8-ba5d30ff9d5c', '{"act":"cancel","compensate":"compensate"}', 'token:cli', 'x', '2026-11-30 10:11:59.090439+00', '2026-11-30 10:11:59.160965+00', NULL, NULL, NULL, NULL),
	('01a22bf0-9ea3-7012-8c85-098c6050f45d', 68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', '{"event":{"execution":1,"filters":[0],"event":{"specversion":"1.0","id":"loop.next 1","source":"test","type":"loop.next","time":"2026-11-30T10:11:59Z","data":{"type":"loop.next","n":1,"key":"k"}}}}', 'source:test', NULL, '2026-11-30 10:11:59.264975+00', '2026-11-30 10:11:59.27479+00', NULL, 1, '01a22bf0-9e96-7053-8268-77c26a924c14', NULL),
	('01a22bf0-9efe-73da-8386-3719032992b7', 129, '01a22bf0-9efb-750f-ac24-b837dacd6181', '{"turn":{}}', 'engine', NULL, '2026-11-30 10:11:59.355909+00', '2026-11-30 10:11:59.364821+00', NULL, NULL, NULL, NULL);


--
-- Data for Name: conflicts; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: connection_limits; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: connection_slots; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: definitions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.definitions OVERRIDING SYSTEM VALUE VALUES
	(1, 'test', 'cancelled', '1.0.0', '\x3983041e3380e5b07e20fc44c13ff12175a3c0d65d3ff646f3951949094f2c66', 'document: { dsl: ''1.0.3'', namespace: test, name: cancelled, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: cancelled } } } }
input: { from: ''.[0]? // .'' }
do:
  - wait: { listen: { to: { one: { with: { type: never } } } } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.692184+00'),
	(2, 'test', 'child', '1.0.0', '\x41d8fca65458a72750d631793ddf3d5fc6e61d55003c719b4dda947fb2eb0479', 'document: { dsl: ''1.0.3'', namespace: test, name: child, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: child } } } }
input: { from: ''.[0]? // .'' }
do:
  - wait: { listen: { to: { one: { with: { type: child.go } } } } }
  - step: { set: { child: done } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.698466+00'),
	(3, 'test', 'done', '1.0.0', '\xcf61f1bd3c5e92ccba3da47194815a385ed7764807bc8cdb2713b76512e9bcc1', 'document: { dsl: ''1.0.3'', namespace: test, name: done, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: done } } } }
input: { from: ''.[0]? // .'' }
do:
  - step: { set: { done: true } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.700453+00'),
	(4, 'test', 'faulted', '1.0.0', '\x19d98f425d1d02153be20a6682a371d1ed0894a6688972be0c6aab75467f57fd', 'document: { dsl: ''1.0.3'', namespace: test, name: faulted, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: faulted } } } }
input: { from: ''.[0]? // .'' }
do:
  - step: { call: http, with: { method: post, endpoint: ''connection://target/faulted'' } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.705576+00'),
	(5, 'test', 'inflight', '1.0.0', '\xacac72e03198ecf9bd8715561b83dc09ef7a03c47b0c75de2966a1568bfe7033', 'document: { dsl: ''1.0.3'', namespace: test, name: inflight, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: inflight } } } }
input: { from: ''.[0]? // .'' }
do:
  - both:
      fork:
        branches:
          - left: { call: http, with: { method: post, endpoint: ''connection://target/left'' } }
          - right: { call: http, with: { method: post, endpoint: ''connection://target/right'' } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.709113+00'),
	(6, 'test', 'listener', '1.0.0', '\x71c965c3473414ceda34c411de3918002f3b8aa80a770c13d6f4abb59cf46b1f', 'document: { dsl: ''1.0.3'', namespace: test, name: listener, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: listener } } } }
input: { from: ''.[0]? // .'' }
do:
  - paid: { listen: { to: { one: { with: { type: listener.paid } } } } }
  - step: { set: { paid: true } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.71106+00'),
	(7, 'test', 'long', '1.0.0', '\x2b1268acea17cb51418c64c42a1d3f543b32f80ba6c23a7f48da81f64fe5592b', 'document: { dsl: ''1.0.3'', namespace: test, name: long, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: long } } } }
input: { from: ''.[0]? // .'' }
do:
  - each:
      for: { each: item, in: ''${ [range(520)] }'' }
      do:
        - step: { set: { item: ''${ $item }'' } }
  - wait: { listen: { to: { one: { with: { type: long.go } } } } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.712819+00'),
	(8, 'test', 'loop', '1.0.0', '\x56505f791387c692c48c6656531054baf10855a66b40f6a8c4a9058ed23190c3', 'document: { dsl: ''1.0.3'', namespace: test, name: loop, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: loop } } } }
input: { from: ''.[0]? // .'' }
do:
  - each:
      for: { each: item, in: ''${ [1, 2, 3] }'' }
      do:
        - next: { listen: { to: { one: { with: { type: loop.next } } } } }
        - step: { set: { item: ''${ $item }'' } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.715241+00'),
	(9, 'test', 'parent', '1.0.0', '\xab3a52347d559284213c23eed2e897e799a74525ba414dd9f84dc7f85e8dd865', 'document: { dsl: ''1.0.3'', namespace: test, name: parent, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: parent } } } }
input: { from: ''.[0]? // .'' }
do:
  - child: { run: { workflow: { namespace: test, name: child, version: ''1.0.0'', input: { n: 1 } } } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.717714+00'),
	(10, 'test', 'queue', '1.0.0', '\xa07289cd8e28b32c559a2179c9e4821ca8d47cd7c3b9b6f7d36a0fd29df85830', 'document: { dsl: ''1.0.3'', namespace: test, name: queue, version: ''1.0.0'', metadata: { key: ''${ .key }'', serialize: key } }
schedule: { on: { one: { with: { source: test, type: queue } } } }
input: { from: ''.[0]? // .'' }
do:
  - wait: { listen: { to: { one: { with: { type: queue.go } } } } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.719348+00'),
	(11, 'test', 'stuck', '1.0.0', '\x0b43360d40b467af165a49351e688bf5ab789dd08281a3a50e5a26a4364a11df', 'document: { dsl: ''1.0.3'', namespace: test, name: stuck, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: stuck } } } }
input: { from: ''.[0]? // .'' }
do:
  - step:
      call: http
      with: { method: post, endpoint: ''connection://target/stuck'' }
      metadata: { compensate: { call: http, with: { method: post, endpoint: ''connection://target/unstuck'' } } }
  - refused: { call: http, with: { method: post, endpoint: ''connection://target/refused'' }, metadata: { compensate: none } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.721506+00'),
	(12, 'test', 'suspended', '1.0.0', '\x4b7bb1baec9b587c691549c1e0e8b4b2cc03bb3876e14d18f524e5387bf3d3bb', 'document: { dsl: ''1.0.3'', namespace: test, name: suspended, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: suspended } } } }
input: { from: ''.[0]? // .'' }
do:
  - wait: { listen: { to: { one: { with: { type: suspended.go } } } } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.723246+00'),
	(13, 'test', 'timer', '1.0.0', '\x299b72b36a3d3e9250aa4716fe800c124f691064a0a31d834d8acc6251a85874', 'document: { dsl: ''1.0.3'', namespace: test, name: timer, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: timer } } } }
input: { from: ''.[0]? // .'' }
do:
  - pause: { wait: PT5S }
  - step: { call: http, with: { method: post, endpoint: ''connection://target/timer'' } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.725114+00'),
	(14, 'test', 'undone', '1.0.0', '\xbfd5b3f4133e7d62c12858ef34fbef04733f9a3fb606e5dce9c32640020b1ff7', 'document: { dsl: ''1.0.3'', namespace: test, name: undone, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: undone } } } }
input: { from: ''.[0]? // .'' }
do:
  - step:
      call: http
      with: { method: post, endpoint: ''connection://target/undone'' }
      metadata: { compensate: { call: http, with: { method: post, endpoint: ''connection://target/undo'' } } }
  - refused: { call: http, with: { method: post, endpoint: ''connection://target/refused'' }, metadata: { compensate: none } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.726822+00'),
	(15, 'test', 'unknown', '1.0.0', '\x59994bb3d956f08288e98e90dfce1d9d1ffc63cbaf2d057f37255a53472f4acb', 'document: { dsl: ''1.0.3'', namespace: test, name: unknown, version: ''1.0.0'' }
schedule: { on: { one: { with: { source: test, type: unknown } } } }
input: { from: ''.[0]? // .'' }
do:
  - step: { call: http, with: { method: post, endpoint: ''connection://target/once'' }, metadata: { idempotent: false } }
', '{}', 'local:root@vm', '2026-11-30 10:11:58.728762+00');


--
-- Data for Name: environment; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.environment VALUES
	(true, 'sandbox');


--
-- Data for Name: event_attention; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: event_keys; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.event_keys VALUES
	('test', 'done', '01a22bf0-9d07-7488-8960-5f65af2a25da', '\x5988b71ba8c34543ba757cfff1cb2ad950533744a5858b400851e7e0c3bcfbf2', '{01a22bf0-9d07-7488-8960-5f66db0dfe9d}', '2026-11-30 10:11:58.860668+00'),
	('test', 'listener', '01a22bf0-9d21-739b-ad51-435a1bacebf4', '\x6ebbeab8109945803156ce2393c3e56341064554a392761c36469807e44fef3b', '{01a22bf0-9d21-739b-ad51-435b75d71057}', '2026-11-30 10:11:58.886676+00'),
	('test', 'faulted', '01a22bf0-9d30-74a8-b9f3-8fc8bd9794c6', '\x58ad84396aea7fae570d06cb8163999eb8302c7183e99b388e80ee34a241bc84', '{01a22bf0-9d30-74a8-b9f3-8fc9f5b20832}', '2026-11-30 10:11:58.901904+00'),
	('test', 'stuck', '01a22bf0-9d3c-71a8-8b0e-c4344b13467c', '\xf9de9030f8fa1c23a905c17332eab56cfa6ba9e7f09aed1858e87ad82bf69dbb', '{01a22bf0-9d3d-77bc-8f29-817cc42c4178}', '2026-11-30 10:11:58.91415+00'),
	('test', 'undone', '01a22bf0-9d60-7294-8d63-c2675a1c3b89', '\xca4e256569bf78629d596a581b2bfc50ab9f521f68cf2ae8c93c68a98bc74eee', '{01a22bf0-9d60-7294-8d63-c268f44d0b0d}', '2026-11-30 10:11:58.950081+00'),
	('test', 'suspended', '01a22bf0-9d85-7645-a132-b37482642de1', '\x9719cae235e72bfc044b2d2fdcd502f198edcf1cd6090982d566c629bcddade2', '{01a22bf0-9d86-77c7-8978-87d3fc604edd}', '2026-11-30 10:11:58.98717+00'),
	('test', 'cancelled', '01a22bf0-9dee-72f7-8da8-ba5c8746dcfc', '\x1c20b16069f4fe2f12b507f11f82390b00a40a9a64ef284593bb55f0fc978965', '{01a22bf0-9dee-72f7-8da8-ba5d30ff9d5c}', '2026-11-30 10:11:59.09164+00'),
	('test', 'parent', '01a22bf0-9e4c-70b7-a872-9e6ea78a4f80', '\x85fa62b9c5f18dc17559aa3449071f46aae1faa719cd662f501ef2789098a5dd', '{01a22bf0-9e4c-70b7-a872-9e6f962c99e3}', '2026-11-30 10:11:59.185999+00'),
	('api:test/child', '01a22bf0-9e51-792a-8b3e-350b1404ee7c', '01a22bf0-9e4e-73ad-a0dc-297d92a27782', '\x2bfd14f43d17fc7cea24e0917a8879b4b2f880b8baeec1b9d90fbaad655e71bd', '{01a22bf0-9e51-792a-8b3e-350b1404ee7c}', '2026-11-30 10:11:59.187975+00'),
	('test', 'inflight', '01a22bf0-9e6f-72d3-b5be-94ce86e9eb39', '\x6f263bab90cef2d33121d79903d4f441daadbe688cbb08019291e407a3e7ab4d', '{01a22bf0-9e6f-72d3-b5be-94cf7373bd4e}', '2026-11-30 10:11:59.220697+00'),
	('test', 'unknown', '01a22bf0-9e74-70b3-b187-753b854568fc', '\x9dacb5a836f9686baee00f35090c672a6d17e726ffbf0291dc7c1238a3b37994', '{01a22bf0-9e74-70b3-b187-753c45f55310}', '2026-11-30 10:11:59.225329+00'),
	('test', 'loop', '01a22bf0-9e8d-7216-a2ea-5557f56d8081', '\x5ff25527e977b65d4597a98027e59d2a6ac877c9f47f54665a7f89c94c42ae68', '{01a22bf0-9e8d-7216-a2ea-555808eaa344}', '2026-11-30 10:11:59.250249+00'),
	('test', 'loop.next 1', '01a22bf0-9e96-7053-8268-77c26a924c14', '\x062787549dd52e412b414424173b120c5a7f27fd876c75836ca2fe12e39f0fbd', '{}', '2026-11-30 10:11:59.260141+00'),
	('test', 'long', '01a22bf0-9ec2-70ec-ad60-b99eff1b00bd', '\x9cfc50ef2cc4656442b317055cd2ead2bf55122c7435983da8af005b79a4862d', '{01a22bf0-9ec2-70ec-ad60-b99fa5acded6}', '2026-11-30 10:11:59.303545+00'),
	('test', 'queue 1', '01a22bf0-9efb-750f-ac24-b836a268acae', '\x29968beb7dbadc70f3b4279fd10597fa429ee8cb81a2a7fa02e858d05bde8125', '{01a22bf0-9efb-750f-ac24-b837dacd6181}', '2026-11-30 10:11:59.355354+00'),
	('test', 'queue 2', '01a22bf0-9f04-732e-8528-c8ffaeb0fd0e', '\x29968beb7dbadc70f3b4279fd10597fa429ee8cb81a2a7fa02e858d05bde8125', '{01a22bf0-9f05-74cb-a272-bc1abcabe230}', '2026-11-30 10:11:59.365032+00'),
	('test', 'timer', '01a22bf0-9f0c-74ee-9816-eaeeddd70fa1', '\x52f81881e58a94bcf918e951069c1082e73073eb04c03c68a81f8add1a64ee75', '{01a22bf0-9f0c-74ee-9816-eaef48bc8f3d}', '2026-11-30 10:11:59.372231+00');


--
-- Data for Name: events_20261129; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: events_20261130; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.events_20261130 VALUES
	('01a22bf0-9d07-7488-8960-5f65af2a25da', 'test', 'done', 'done', '2026-11-30 10:11:58.860668+00', '{"content-type":"application/json","webhook-id":"done","webhook-timestamp":"1796033518","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"31"}', '\x7b2274797065223a22646f6e65222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"done","source":"test","type":"done","time":"2026-11-30T10:11:58Z"}', 'run', '{01a22bf0-9d07-7488-8960-5f66db0dfe9d}', NULL, true, '{}', NULL),
	('01a22bf0-9d21-739b-ad51-435a1bacebf4', 'test', 'listener', 'listener', '2026-11-30 10:11:58.886676+00', '{"content-type":"application/json","webhook-id":"listener","webhook-timestamp":"1796033518","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"35"}', '\x7b2274797065223a226c697374656e6572222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"listener","source":"test","type":"listener","time":"2026-11-30T10:11:58Z"}', 'run', '{01a22bf0-9d21-739b-ad51-435b75d71057}', NULL, true, '{}', NULL),
	('01a22bf0-9d30-74a8-b9f3-8fc8bd9794c6', 'test', 'faulted', 'faulted', '2026-11-30 10:11:58.901904+00', '{"content-type":"application/json","webhook-id":"faulted","webhook-timestamp":"1796033518","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"34"}', '\x7b2274797065223a226661756c746564222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"faulted","source":"test","type":"faulted","time":"2026-11-30T10:11:58Z"}', 'run', '{01a22bf0-9d30-74a8-b9f3-8fc9f5b20832}', NULL, true, '{}', NULL),
	('01a22bf0-9d3c-71a8-8b0e-c4344b13467c', 'test', 'stuck', 'stuck', '2026-11-30 10:11:58.91415+00', '{"content-type":"application/json","webhook-id":"stuck","webhook-timestamp":"1796033518","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"32"}', '\x7b2274797065223a22737475636b222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"stuck","source":"test","type":"stuck","time":"2026-11-30T10:11:58Z"}', 'run', '{01a22bf0-9d3d-77bc-8f29-817cc42c4178}', NULL, true, '{}', NULL),
	('01a22bf0-9d60-7294-8d63-c2675a1c3b89', 'test', 'undone', 'undone', '2026-11-30 10:11:58.950081+00', '{"content-type":"application/json","webhook-id":"undone","webhook-timestamp":"1796033518","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"33"}', '\x7b2274797065223a22756e646f6e65222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"undone","source":"test","type":"undone","time":"2026-11-30T10:11:58Z"}', 'run', '{01a22bf0-9d60-7294-8d63-c268f44d0b0d}', NULL, true, '{}', NULL),
	('01a22bf0-9d85-7645-a132-b37482642de1', 'test', 'suspended', 'suspended', '2026-11-30 10:11:58.98717+00', '{"content-type":"application/json","webhook-id":"suspended","webhook-timestamp":"1796033518","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"36"}', '\x7b2274797065223a2273757370656e646564222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"suspended","source":"test","type":"suspended","time":"2026-11-30T10:11:58Z"}', 'run', '{01a22bf0-9d86-77c7-8978-87d3fc604edd}', NULL, true, '{}', NULL),
	('01a22bf0-9dee-72f7-8da8-ba5c8746dcfc', 'test', 'cancelled', 'cancelled', '2026-11-30 10:11:59.09164+00', '{"content-type":"application/json","webhook-id":"cancelled","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"36"}', '\x7b2274797065223a2263616e63656c6c6564222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"cancelled","source":"test","type":"cancelled","time":"2026-11-30T10:11:59Z"}', 'run', '{01a22bf0-9dee-72f7-8da8-ba5d30ff9d5c}', NULL, true, '{}', NULL),
	('01a22bf0-9e4c-70b7-a872-9e6ea78a4f80', 'test', 'parent', 'parent', '2026-11-30 10:11:59.185999+00', '{"content-type":"application/json","webhook-id":"parent","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"33"}', '\x7b2274797065223a22706172656e74222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"parent","source":"test","type":"parent","time":"2026-11-30T10:11:59Z"}', 'run', '{01a22bf0-9e4c-70b7-a872-9e6f962c99e3}', NULL, true, '{}', NULL),
	('01a22bf0-9e4e-73ad-a0dc-297d92a27782', 'api:test/child', '01a22bf0-9e51-792a-8b3e-350b1404ee7c', 'stepwell.start', '2026-11-30 10:11:59.187975+00', '{}', '\x7b226e223a317d', '{}', 'run', '{01a22bf0-9e51-792a-8b3e-350b1404ee7c}', NULL, true, '{}', NULL),
	('01a22bf0-9e6f-72d3-b5be-94ce86e9eb39', 'test', 'inflight', 'inflight', '2026-11-30 10:11:59.220697+00', '{"content-type":"application/json","webhook-id":"inflight","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"35"}', '\x7b2274797065223a22696e666c69676874222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"inflight","source":"test","type":"inflight","time":"2026-11-30T10:11:59Z"}', 'run', '{01a22bf0-9e6f-72d3-b5be-94cf7373bd4e}', NULL, true, '{}', NULL),
	('01a22bf0-9e74-70b3-b187-753b854568fc', 'test', 'unknown', 'unknown', '2026-11-30 10:11:59.225329+00', '{"content-type":"application/json","webhook-id":"unknown","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"34"}', '\x7b2274797065223a22756e6b6e6f776e222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"unknown","source":"test","type":"unknown","time":"2026-11-30T10:11:59Z"}', 'run', '{01a22bf0-9e74-70b3-b187-753c45f55310}', NULL, true, '{}', NULL),
	('01a22bf0-9e8d-7216-a2ea-5557f56d8081', 'test', 'loop', 'loop', '2026-11-30 10:11:59.250249+00', '{"content-type":"application/json","webhook-id":"loop","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"31"}', '\x7b2274797065223a226c6f6f70222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"loop","source":"test","type":"loop","time":"2026-11-30T10:11:59Z"}', 'run', '{01a22bf0-9e8d-7216-a2ea-555808eaa344}', NULL, true, '{}', NULL),
	('01a22bf0-9e96-7053-8268-77c26a924c14', 'test', 'loop.next 1', 'loop.next', '2026-11-30 10:11:59.260141+00', '{"content-type":"application/json","webhook-id":"loop.next 1","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"36"}', '\x7b2274797065223a226c6f6f702e6e657874222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"loop.next 1","source":"test","type":"loop.next","time":"2026-11-30T10:11:59Z"}', 'resumed', '{}', NULL, true, '{01a22bf0-9e8d-7216-a2ea-555808eaa344}', NULL),
	('01a22bf0-9ec2-70ec-ad60-b99eff1b00bd', 'test', 'long', 'long', '2026-11-30 10:11:59.303545+00', '{"content-type":"application/json","webhook-id":"long","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"31"}', '\x7b2274797065223a226c6f6e67222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"long","source":"test","type":"long","time":"2026-11-30T10:11:59Z"}', 'run', '{01a22bf0-9ec2-70ec-ad60-b99fa5acded6}', NULL, true, '{}', NULL),
	('01a22bf0-9efb-750f-ac24-b836a268acae', 'test', 'queue 1', 'queue', '2026-11-30 10:11:59.355354+00', '{"content-type":"application/json","webhook-id":"queue 1","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"32"}', '\x7b2274797065223a227175657565222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"queue 1","source":"test","type":"queue","time":"2026-11-30T10:11:59Z"}', 'run', '{01a22bf0-9efb-750f-ac24-b837dacd6181}', NULL, true, '{}', NULL),
	('01a22bf0-9f04-732e-8528-c8ffaeb0fd0e', 'test', 'queue 2', 'queue', '2026-11-30 10:11:59.365032+00', '{"content-type":"application/json","webhook-id":"queue 2","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"32"}', '\x7b2274797065223a227175657565222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"queue 2","source":"test","type":"queue","time":"2026-11-30T10:11:59Z"}', 'run', '{01a22bf0-9f05-74cb-a272-bc1abcabe230}', NULL, true, '{}', NULL),
	('01a22bf0-9f0c-74ee-9816-eaeeddd70fa1', 'test', 'timer', 'timer', '2026-11-30 10:11:59.372231+00', '{"content-type":"application/json","webhook-id":"timer","webhook-timestamp":"1796033519","accept":"*/*","accept-encoding":"gzip","host":"127.0.0.1:36411","content-length":"32"}', '\x7b2274797065223a2274696d6572222c226e223a312c226b6579223a226b227d', '{"specversion":"1.0","id":"timer","source":"test","type":"timer","time":"2026-11-30T10:11:59Z"}', 'run', '{01a22bf0-9f0c-74ee-9816-eaef48bc8f3d}', NULL, true, '{}', NULL);


--
-- Data for Name: events_20261201; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: events_20261202; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: events_20261203; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: events_20261204; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: events_20261205; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: events_20261206; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: events_20261207; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: events_default; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: freezes; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: frozen; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: gathered; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: gathering_keys; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: gatherings; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: journal_20261129; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: journal_20261130; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.journal_20261130 VALUES
	(157, '01a22bf0-9d07-7488-8960-5f66db0dfe9d', 1, '2026-11-30 10:11:58.860668+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"done","n":1,"key":"k"}],"transformed":{"type":"done","n":1,"key":"k"},"event":"01a22bf0-9d07-7488-8960-5f65af2a25da","environment":"sandbox"}', '\x638682c2f9fad4c88549517e1d4e819c6fb978591d62cc979c8d78ad430d8404'),
	(157, '01a22bf0-9d07-7488-8960-5f66db0dfe9d', 2, '2026-11-30 10:11:58.860668+00', 'task.completed', '/do/0/step', NULL, 'engine', '{"execution":0,"beginning":{},"output":{"done":true}}', '\xf1456278a15e7b3e3dc22dfa75f9d77cfac4e696dd7588fe5cfcaf4fe7228778'),
	(157, '01a22bf0-9d07-7488-8960-5f66db0dfe9d', 3, '2026-11-30 10:11:58.860668+00', 'run.completed', NULL, NULL, 'engine', '{"output":{"done":true}}', '\x56312ac9294301a2755693422223abb276a1595f5b4886f6a087ba42364bf106'),
	(87, '01a22bf0-9d21-739b-ad51-435b75d71057', 1, '2026-11-30 10:11:58.886676+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"listener","n":1,"key":"k"}],"transformed":{"type":"listener","n":1,"key":"k"},"event":"01a22bf0-9d21-739b-ad51-435a1bacebf4","environment":"sandbox"}', '\x1e51f95f68cf43138d9750cc56f6ac4b7de060dae3fc2f0663cc4e0027abfbdd'),
	(87, '01a22bf0-9d21-739b-ad51-435b75d71057', 2, '2026-11-30 10:11:58.886676+00', 'task.started', '/do/0/paid', NULL, 'engine', '{"execution":0,"beginning":{},"listening":[{"with":{"type":"listener.paid"}}]}', '\xa641a44c9a1dbf7c7b84bf43189204d8bd200cc8c788d19ac8d6b2e90ef2f905'),
	(50, '01a22bf0-9d30-74a8-b9f3-8fc9f5b20832', 1, '2026-11-30 10:11:58.901904+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"faulted","n":1,"key":"k"}],"transformed":{"type":"faulted","n":1,"key":"k"},"event":"01a22bf0-9d30-74a8-b9f3-8fc8bd9794c6","environment":"sandbox"}', '\x6477be84f4f5e1736e78f83aa7c8681a2174af99e830cf1b4ef95c33e4cde62e'),
	(50, '01a22bf0-9d30-74a8-b9f3-8fc9f5b20832', 2, '2026-11-30 10:11:58.901904+00', 'task.started', '/do/0/step', 1, 'engine', '{"execution":0,"beginning":{},"request":{"method":"POST","uri":"connection://target/faulted","output":"content","redirect":"iserror","idempotency_key":"c3b98367-5dde-89c4-adb0-5c7aa2ffa1fc","traceparent":"00-01a22bf09d3074a8b9f38fc9f5b20832-4eb35522b8dd94af-01"}}', '\x7cf2d5254d8345ac55bd51054dd402b20cbfeb30245541ccfde0b9d1ca710824'),
	(50, '01a22bf0-9d30-74a8-b9f3-8fc9f5b20832', 3, '2026-11-30 10:11:58.90527+00', 'attempt.failed', '/do/0/step', 1, 'engine', '{"execution":0,"error":{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/faulted answered 400","instance":"/do/0/step"},"class":"permanent","effect":"none","response":{"url":"http://127.0.0.1:46121/faulted","status":400,"duration_ms":1}}', '\x16024870310cf6a0242994e4a3a5a7b4afcfa4841b37da410c80375c967a7717'),
	(50, '01a22bf0-9d30-74a8-b9f3-8fc9f5b20832', 4, '2026-11-30 10:11:58.90527+00', 'run.faulted', '/do/0/step', 1, 'engine', '{"execution":0,"error":{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/faulted answered 400","instance":"/do/0/step"},"attention":"faulted"}', '\xc15b40280db230e23f9edc03b1a7f9d1e9d9e22d30e995d1bb9da045b362c6cb'),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 1, '2026-11-30 10:11:58.91415+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"stuck","n":1,"key":"k"}],"transformed":{"type":"stuck","n":1,"key":"k"},"event":"01a22bf0-9d3c-71a8-8b0e-c4344b13467c","environment":"sandbox"}', '\x4e414bed1a970eaf85cde49671ec6e74528b9e6f45b6f069e504f1d0f37b698a'),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 2, '2026-11-30 10:11:58.91415+00', 'task.started', '/do/0/step', 1, 'engine', '{"execution":0,"beginning":{},"request":{"method":"POST","uri":"connection://target/stuck","output":"content","redirect":"iserror","idempotency_key":"b4b3a0cc-aebf-8247-8f35-3eaf02f007a2","traceparent":"00-01a22bf09d3d77bc8f29817cc42c4178-a738f4cdec243bc1-01"}}', '\xd3589ae02e606a28c1700affd122f3933530ea1d8a671a07ca6a2859f17608c4'),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 3, '2026-11-30 10:11:58.918228+00', 'task.completed', '/do/0/step', 1, 'engine', '{"execution":0,"output":{"ok":true},"response":{"url":"http://127.0.0.1:46121/stuck","status":200,"headers":[["content-type","application/json"]],"duration_ms":1}}', '\x69d81cb836e4525a16f9408cad2db19b512fa3b7f4e84e43f49e3627fd2e0811'),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 4, '2026-11-30 10:11:58.918228+00', 'task.started', '/do/1/refused', 1, 'engine', '{"execution":1,"beginning":{},"request":{"method":"POST","uri":"connection://target/refused","output":"content","redirect":"iserror","idempotency_key":"b1b64dec-2d1b-8876-a445-85272fdca668","traceparent":"00-01a22bf09d3d77bc8f29817cc42c4178-493594908deb404b-01"}}', '\xc01d47091531f9fc7afda2a0609e52be90d3fe2c4dd81b8a1a976cf1baa250ca'),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 5, '2026-11-30 10:11:58.920593+00', 'attempt.failed', '/do/1/refused', 1, 'engine', '{"execution":1,"error":{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/refused answered 400","instance":"/do/1/refused"},"class":"permanent","effect":"none","response":{"url":"http://127.0.0.1:46121/refused","status":400,"duration_ms":0}}', '\x645127952fde75c3232791e006b91aebebf0fdd6a23db0f786b7a07afb458ab2'),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 6, '2026-11-30 10:11:58.920593+00', 'compensation.started', '/do/1/refused', 1, 'engine', '{"error":{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/refused answered 400","instance":"/do/1/refused"},"plan":[0],"end":"compensated"}', '\x9a9748c8319fb26d85f7619f84660dc7360233f9f192d07f2e345f8f6069795d'),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 7, '2026-11-30 10:11:58.920593+00', 'task.started', '/do/0/step/metadata/compensate', 1, 'engine', '{"execution":2,"beginning":{"role":{"undo":0}},"request":{"method":"POST","uri":"connection://target/unstuck","output":"content","redirect":"iserror","idempotency_key":"0df83a23-1d5a-8486-8619-e2308674cfbf","traceparent":"00-01a22bf09d3d77bc8f29817cc42c4178-00452736b296586b-01"}}', '\x1eb3564b229a85f239ecceba5145b946b342025d6fd12f7dd5df778809123db4'),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 8, '2026-11-30 10:11:58.922878+00', 'attempt.failed', '/do/0/step/metadata/compensate', 1, 'engine', '{"execution":2,"error":{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/unstuck answered 400","instance":"/do/0/step/metadata/compensate"},"class":"permanent","effect":"none","response":{"url":"http://127.0.0.1:46121/unstuck","status":400,"duration_ms":0}}', '\x822fa87d5ba3179e68012b45cf41eb66fbf5149adf3248c6687604f64e745bab'),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 9, '2026-11-30 10:11:58.922878+00', 'compensation.stuck', '/do/0/step/metadata/compensate', 1, 'engine', '{"execution":2,"error":{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/unstuck answered 400","instance":"/do/0/step/metadata/compensate"}}', '\xc189775d65715a43cbd099f498dedb314dc9e8d4412b74159ac50ad1c525668c'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 1, '2026-11-30 10:11:58.950081+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"undone","n":1,"key":"k"}],"transformed":{"type":"undone","n":1,"key":"k"},"event":"01a22bf0-9d60-7294-8d63-c2675a1c3b89","environment":"sandbox"}', '\xaed12a56ee327216c993f60e047bddfcc85f9cbe7a36050294487484894d2369'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 2, '2026-11-30 10:11:58.950081+00', 'task.started', '/do/0/step', 1, 'engine', '{"execution":0,"beginning":{},"request":{"method":"POST","uri":"connection://target/undone","output":"content","redirect":"iserror","idempotency_key":"a74a2724-b48c-8704-b4c1-b21d5a965db6","traceparent":"00-01a22bf09d6072948d63c268f44d0b0d-29c8a6226ba31499-01"}}', '\xcb99e78f44b693d6cfea16357b678bc1a985920d82cdce48d36b380fc0994af4'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 3, '2026-11-30 10:11:58.954594+00', 'task.completed', '/do/0/step', 1, 'engine', '{"execution":0,"output":{"ok":true},"response":{"url":"http://127.0.0.1:46121/undone","status":200,"headers":[["content-type","application/json"]],"duration_ms":1}}', '\x1c40c275d02e058373fc58e84adf5bb3ba76f836bb74a131e1bcad91196dd029'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 4, '2026-11-30 10:11:58.954594+00', 'task.started', '/do/1/refused', 1, 'engine', '{"execution":1,"beginning":{},"request":{"method":"POST","uri":"connection://target/refused","output":"content","redirect":"iserror","idempotency_key":"067258f2-6120-8a18-b122-753d527def93","traceparent":"00-01a22bf09d6072948d63c268f44d0b0d-3f10a500788f5401-01"}}', '\xf716c9e8a9b0ea981c158cb57572e330789dba9ffb7485032f7b4723b0f39644'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 5, '2026-11-30 10:11:58.958267+00', 'attempt.failed', '/do/1/refused', 1, 'engine', '{"execution":1,"error":{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/refused answered 400","instance":"/do/1/refused"},"class":"permanent","effect":"none","response":{"url":"http://127.0.0.1:46121/refused","status":400,"duration_ms":1}}', '\x3b02e3949db3ab1b186992958636aca6bcc4422e889ef0b35618ae40ae269469'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 6, '2026-11-30 10:11:58.958267+00', 'compensation.started', '/do/1/refused', 1, 'engine', '{"error":{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/refused answered 400","instance":"/do/1/refused"},"plan":[0],"end":"compensated"}', '\x25081b9c30dfaf89220b827a152020b718eb2e2541d1a1ea153eb6dade195a1f'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 7, '2026-11-30 10:11:58.958267+00', 'task.started', '/do/0/step/metadata/compensate', 1, 'engine', '{"execution":2,"beginning":{"role":{"undo":0}},"request":{"method":"POST","uri":"connection://target/undo","output":"content","redirect":"iserror","idempotency_key":"3db2b489-c5b6-8ccc-b006-275bb617605d","traceparent":"00-01a22bf09d6072948d63c268f44d0b0d-118ba45a7c6018a9-01"}}', '\x97b34412ae1a35ca2363dc31c7014a3d57d21cc22c72dd8e2b26f746345b42ff'),
	(221, '01a22bf0-9d86-77c7-8978-87d3fc604edd', 1, '2026-11-30 10:11:58.98717+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"suspended","n":1,"key":"k"}],"transformed":{"type":"suspended","n":1,"key":"k"},"event":"01a22bf0-9d85-7645-a132-b37482642de1","environment":"sandbox"}', '\x386ef86b74176557ae73e3425795ea19d782c8d666669dcf3b9023b9f17f1216'),
	(221, '01a22bf0-9d86-77c7-8978-87d3fc604edd', 2, '2026-11-30 10:11:58.98717+00', 'task.started', '/do/0/wait', NULL, 'engine', '{"execution":0,"beginning":{},"listening":[{"with":{"type":"suspended.go"}}]}', '\x7dd1ea42da71efed766b4579fbfa47509fbc9cf3cbb6c8945e04f5e625a188c2'),
	(92, '01a22bf0-9dee-72f7-8da8-ba5d30ff9d5c', 1, '2026-11-30 10:11:59.09164+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"cancelled","n":1,"key":"k"}],"transformed":{"type":"cancelled","n":1,"key":"k"},"event":"01a22bf0-9dee-72f7-8da8-ba5c8746dcfc","environment":"sandbox"}', '\xe61283b5f28017d132468de5d42095888b61021cad553530b3a5bddf6fafef67'),
	(92, '01a22bf0-9dee-72f7-8da8-ba5d30ff9d5c', 2, '2026-11-30 10:11:59.09164+00', 'task.started', '/do/0/wait', NULL, 'engine', '{"execution":0,"beginning":{},"listening":[{"with":{"type":"never"}}]}', '\xa611c04d9bef5f98ed335ce854d204e947bc730a9a9e41a0b24b63d276d57bbf'),
	(227, '01a22bf0-9e4c-70b7-a872-9e6f962c99e3', 1, '2026-11-30 10:11:59.185999+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"parent","n":1,"key":"k"}],"transformed":{"type":"parent","n":1,"key":"k"},"event":"01a22bf0-9e4c-70b7-a872-9e6ea78a4f80","environment":"sandbox"}', '\xe620bfb561f459e3a5f3ee3d487cb6d8318457fb281b3a27f1f34909c1e15562'),
	(227, '01a22bf0-9e4c-70b7-a872-9e6f962c99e3', 2, '2026-11-30 10:11:59.185999+00', 'task.started', '/do/0/child', NULL, 'engine', '{"execution":0,"beginning":{},"child":{"run":"01a22bf0-9e51-792a-8b3e-350b1404ee7c","namespace":"test","name":"child","version":"1.0.0","input":{"n":1},"awaits":true,"attempt":1,"depth":1}}', '\xfd239ff5f6e48023492efdc9c615e2a7d350b08f863fbcf8aa6ec3ae2d56cdcd'),
	(227, '01a22bf0-9e4c-70b7-a872-9e6f962c99e3', 3, '2026-11-30 10:11:59.19094+00', 'child.started', '/do/0/child', NULL, 'engine', '{"execution":0}', '\x4257274fb6777507cfde27d16468c0c336ed3649c3f80a9091a0422e80f0cdcd'),
	(16, '01a22bf0-9e74-70b3-b187-753c45f55310', 1, '2026-11-30 10:11:59.225329+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"unknown","n":1,"key":"k"}],"transformed":{"type":"unknown","n":1,"key":"k"},"event":"01a22bf0-9e74-70b3-b187-753b854568fc","environment":"sandbox"}', '\x79aa0f8a9f075a0e2b73e588c930e7399fa83f5e112a2a5956e3e8dc7cb043d4'),
	(16, '01a22bf0-9e74-70b3-b187-753c45f55310', 2, '2026-11-30 10:11:59.225329+00', 'task.started', '/do/0/step', 1, 'engine', '{"execution":0,"beginning":{},"request":{"method":"POST","uri":"connection://target/once","output":"content","redirect":"iserror","idempotency_key":"418dbc9a-287b-8dee-a4dc-bf26bb974eaf","traceparent":"00-01a22bf09e7470b3b187753c45f55310-ee215a76c6817945-01"}}', '\xb911c2d0a876c9bfc55ffa1bd4c4bcdd10060e316f2f0ae931fbcab54c131dc3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1, '2026-11-30 10:11:59.303545+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"long","n":1,"key":"k"}],"transformed":{"type":"long","n":1,"key":"k"},"event":"01a22bf0-9ec2-70ec-ad60-b99eff1b00bd","environment":"sandbox"}', '\xeb3be71a12961fe68e62f3160fb8fa56a790aed9c936886345df8c098ac2dd68'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 2, '2026-11-30 10:11:59.303545+00', 'task.started', '/do/0/each', NULL, 'engine', '{"execution":0,"beginning":{},"items":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64,65,66,67,68,69,70,71,72,73,74,75,76,77,78,79,80,81,82,83,84,85,86,87,88,89,90,91,92,93,94,95,96,97,98,99,100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,140,141,142,143,144,145,146,147,148,149,150,151,152,153,154,155,156,157,158,159,160,161,162,163,164,165,166,167,168,169,170,171,172,173,174,175,176,177,178,179,180,181,182,183,184,185,186,187,188,189,190,191,192,193,194,195,196,197,198,199,200,201,202,203,204,205,206,207,208,209,210,211,212,213,214,215,216,217,218,219,220,221,222,223,224,225,226,227,228,229,230,231,232,233,234,235,236,237,238,239,240,241,242,243,244,245,246,247,248,249,250,251,252,253,254,255,256,257,258,259,260,261,262,263,264,265,266,267,268,269,270,271,272,273,274,275,276,277,278,279,280,281,282,283,284,285,286,287,288,289,290,291,292,293,294,295,296,297,298,299,300,301,302,303,304,305,306,307,308,309,310,311,312,313,314,315,316,317,318,319,320,321,322,323,324,325,326,327,328,329,330,331,332,333,334,335,336,337,338,339,340,341,342,343,344,345,346,347,348,349,350,351,352,353,354,355,356,357,358,359,360,361,362,363,364,365,366,367,368,369,370,371,372,373,374,375,376,377,378,379,380,381,382,383,384,385,386,387,388,389,390,391,392,393,394,395,396,397,398,399,400,401,402,403,404,405,406,407,408,409,410,411,412,413,414,415,416,417,418,419,420,421,422,423,424,425,426,427,428,429,430,431,432,433,434,435,436,437,438,439,440,441,442,443,444,445,446,447,448,449,450,451,452,453,454,455,456,457,458,459,460,461,462,463,464,465,466,467,468,469,470,471,472,473,474,475,476,477,478,479,480,481,482,483,484,485,486,487,488,489,490,491,492,493,494,495,496,497,498,499,500,501,502,503,504,505,506,507,508,509,510,511,512,513,514,515,516,517,518,519]}', '\xefece7464955f5e9916388ce0fe0d4f77dac91bd74f194fa71f490afb44e9794'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 3, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":0}', '\xfde155cab99d80f776ca91e2e6bdfffd97388d5890302d909224d84cbfce91f6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 4, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":1,"beginning":{"parent":0,"coordinates":{"iteration":[0]}},"output":{"item":0}}', '\x2d14e5499656af7da408cb3911021c80364d106041e0fd933b184d7abb5847a9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 5, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":1}', '\xe5a7831225c2ed8bb198f598dc84d6210cf4d386742009f6b70fb22548edff21'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 6, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":2,"beginning":{"parent":0,"coordinates":{"iteration":[1]}},"output":{"item":1}}', '\xbd0b283fc57f73c4b2933a4bda0043e7ab4a3e2526c408b7a0b2c965bf7cf75e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 7, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":2}', '\xfa0835edc1f38d9b14f5b5a2f0c8b679ac2abbf789034029907cbc3f96275783'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 8, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":3,"beginning":{"parent":0,"coordinates":{"iteration":[2]}},"output":{"item":2}}', '\xbbc28f31a4687851fcf6b77c6bbfca0a62adec1e7a650d6713549eb5db533296'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 9, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":3}', '\xed63bb29b4a52c2612818c24eb3d92179085a862b5c7071c4dc3c21fa936be31'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 10, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":4,"beginning":{"parent":0,"coordinates":{"iteration":[3]}},"output":{"item":3}}', '\xb386661472a505d7e0ba24a96f2e2d24e3d0aab818922a5c4c433b7113f57acb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 11, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":4}', '\xadee84e7fdb652d63452326b6d73cc2030fc63f9e3d7f76184c50c04b3897d3a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 12, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":5,"beginning":{"parent":0,"coordinates":{"iteration":[4]}},"output":{"item":4}}', '\x0b0c01e324841d0acc0b2309454cd57c114d10e5ea9157394a7289531d33d454'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 13, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":5}', '\x88fad9520fc8a069f249e5161a50f4317b4c9fe5a2242949a39c82667410d898'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 14, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":6,"beginning":{"parent":0,"coordinates":{"iteration":[5]}},"output":{"item":5}}', '\x400e260d16b93cdb178f58c876d1e63692f0ae12d066c9d04a604336177fbbf2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 15, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":6}', '\xa2cf2e1207e2bbda161d9e3498b78a1aa737f4b1d9809289123f99c013934fbf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 16, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":7,"beginning":{"parent":0,"coordinates":{"iteration":[6]}},"output":{"item":6}}', '\x322011be0954bb306f11c266156d802652809476aa41a611c5a50675f701f3a2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 17, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":7}', '\xb611b69388347a74b0b4dda0ae309938ee198d265af0681fbd77bcab0633277d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 18, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":8,"beginning":{"parent":0,"coordinates":{"iteration":[7]}},"output":{"item":7}}', '\x9e80497f19a7e81a8cfd9f7a36cb50a4cd8ba61440994bb3707f83438fffcc6c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 19, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":8}', '\x2bb2aa7bff9efbc248ad5b63c30a63ab080f89a778ab69c48f37e716eb9fdeed'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 20, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":9,"beginning":{"parent":0,"coordinates":{"iteration":[8]}},"output":{"item":8}}', '\xdab9450526f71477893aca39493e14c97b8a6c68572a90eb55e164b349cfd938'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 21, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":9}', '\xff25e67969f371a9d0db95555e406e8399c66ec6caf48063d0f7eceb6880c8d8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 22, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":10,"beginning":{"parent":0,"coordinates":{"iteration":[9]}},"output":{"item":9}}', '\x01524ad2e938d33f14e8e87bea0d180f68f8cd4ff9350e395d435478091c8d5f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 23, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":10}', '\x495dce5c224cbfb49e8a09b5f4125eca376035202ab20e217715f71b950df6b7'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 8, '2026-11-30 10:11:58.960897+00', 'task.completed', '/do/0/step/metadata/compensate', 1, 'engine', '{"execution":2,"output":{"ok":true},"response":{"url":"http://127.0.0.1:46121/undo","status":200,"headers":[["content-type","application/json"]],"duration_ms":0}}', '\xbc91c792faf7a5066316a622a6f2a7e26260be11cb338f2e456171677489ad7c'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 9, '2026-11-30 10:11:58.960897+00', 'run.compensated', NULL, NULL, 'engine', '{}', '\x522bf4fdd03fc0215bb5dfbfe7e131b61c235afd968b365f60359b8136a6628e'),
	(221, '01a22bf0-9d86-77c7-8978-87d3fc604edd', 3, '2026-11-30 10:11:59.063965+00', 'operator.acted', NULL, NULL, 'token:cli', '{"act":"suspend","reason":"x"}', '\xda2e25074f9d67b7fff8bc5bfb79e0b5f5cce3059ba8be64a5707ce6f8ebee5f'),
	(92, '01a22bf0-9dee-72f7-8da8-ba5d30ff9d5c', 3, '2026-11-30 10:11:59.165828+00', 'operator.acted', NULL, NULL, 'token:cli', '{"act":"cancel","compensate":"compensate","reason":"x"}', '\x324c8cb13d8d564bf9b221fac090802af9296de21b6c316b0e947ccaa5d53f1b'),
	(92, '01a22bf0-9dee-72f7-8da8-ba5d30ff9d5c', 4, '2026-11-30 10:11:59.165828+00', 'run.cancelled', NULL, NULL, 'engine', '{}', '\x3ec91480f70672c4bf2de4a0f9bdbcc917209784b33545adc3ede176eae87cbe'),
	(124, '01a22bf0-9e51-792a-8b3e-350b1404ee7c', 1, '2026-11-30 10:11:59.187975+00', 'run.started', NULL, NULL, 'run:01a22bf0-9e4c-70b7-a872-9e6f962c99e3', '{"input":{"n":1},"transformed":{"n":1},"parent":{"run":"01a22bf0-9e4c-70b7-a872-9e6f962c99e3","execution":0,"awaits":true,"depth":1},"environment":"sandbox"}', '\x73736130742cf809f721fd53f4e8257b2fb5d06b5dda8b57bb282010a26cae59'),
	(124, '01a22bf0-9e51-792a-8b3e-350b1404ee7c', 2, '2026-11-30 10:11:59.187975+00', 'task.started', '/do/0/wait', NULL, 'engine', '{"execution":0,"beginning":{},"listening":[{"with":{"type":"child.go"}}]}', '\xc323f2adf4142dafd3a291361a034ca8dc86b30049278e04fc9808d4d7788c44'),
	(78, '01a22bf0-9e6f-72d3-b5be-94cf7373bd4e', 1, '2026-11-30 10:11:59.220697+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"inflight","n":1,"key":"k"}],"transformed":{"type":"inflight","n":1,"key":"k"},"event":"01a22bf0-9e6f-72d3-b5be-94ce86e9eb39","environment":"sandbox"}', '\x44f79d6fe920be2935abd97016287e66c604621cc5b736bb5215b4d95d0736c6'),
	(78, '01a22bf0-9e6f-72d3-b5be-94cf7373bd4e', 2, '2026-11-30 10:11:59.220697+00', 'task.started', '/do/0/both', NULL, 'engine', '{"execution":0,"beginning":{}}', '\x8a26dd32b582d00645da4da3cab04bcc02e568a0df2a5374b7bc04b6984d55db'),
	(78, '01a22bf0-9e6f-72d3-b5be-94cf7373bd4e', 3, '2026-11-30 10:11:59.220697+00', 'task.started', '/do/0/both/fork/branches/0/left', 1, 'engine', '{"execution":1,"beginning":{"parent":0},"request":{"method":"POST","uri":"connection://target/left","output":"content","redirect":"iserror","idempotency_key":"b850adba-4ba5-8925-bf42-7bdf929d9b0f","traceparent":"00-01a22bf09e6f72d3b5be94cf7373bd4e-fed9bd7aeb0bc199-01"}}', '\x512669ca2acc1552ba39b01e35aab52faa757b36afc22cf95f0d9dadde886942'),
	(78, '01a22bf0-9e6f-72d3-b5be-94cf7373bd4e', 4, '2026-11-30 10:11:59.220697+00', 'task.started', '/do/0/both/fork/branches/1/right', 1, 'engine', '{"execution":2,"beginning":{"parent":0},"request":{"method":"POST","uri":"connection://target/right","output":"content","redirect":"iserror","idempotency_key":"ca774773-802f-8865-a116-60cc3d9a15e3","traceparent":"00-01a22bf09e6f72d3b5be94cf7373bd4e-9b6ec26c5f4cd8e7-01"}}', '\x99ae5ad2375af8cb36e45e5216a9d02522a0410957d5f866b97604152ae92d29'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 1, '2026-11-30 10:11:59.250249+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"loop","n":1,"key":"k"}],"transformed":{"type":"loop","n":1,"key":"k"},"event":"01a22bf0-9e8d-7216-a2ea-5557f56d8081","environment":"sandbox"}', '\x06ef5b6ebd7614f1b9a1397096a1bb0e636f79b1de3a41fd7ab6b8a1c26364b3'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 2, '2026-11-30 10:11:59.250249+00', 'task.started', '/do/0/each', NULL, 'engine', '{"execution":0,"beginning":{},"items":[1,2,3]}', '\x35003a59a76bfff00f351a687d0ab50876d60f112282ffa1427772e6f63c0078'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 3, '2026-11-30 10:11:59.250249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":0}', '\x9b29edb536e8b2fe348c1afebeb8dc35ebce0224f37413b652adb30103e9fe30'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 4, '2026-11-30 10:11:59.250249+00', 'task.started', '/do/0/each/do/0/next', NULL, 'engine', '{"execution":1,"beginning":{"parent":0,"coordinates":{"iteration":[0]}},"listening":[{"with":{"type":"loop.next"}}]}', '\x2d8e19cd51ba2269e4f29bea37b1f890bb332a58d126fbfa36f2a4e359440537'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 5, '2026-11-30 10:11:59.279482+00', 'event.consumed', '/do/0/each/do/0/next', NULL, 'source:test', '{"execution":1,"filter":0,"event":{"specversion":"1.0","id":"loop.next 1","source":"test","type":"loop.next","time":"2026-11-30T10:11:59Z","data":{"type":"loop.next","n":1,"key":"k"}},"enough":true}', '\x187f7d848b982168f32d0c6a23dcbce425a593531df1d41201c891c5b7df84bb'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 6, '2026-11-30 10:11:59.279482+00', 'task.completed', '/do/0/each/do/0/next', NULL, 'engine', '{"execution":1,"output":[{"type":"loop.next","n":1,"key":"k"}]}', '\x5f005b7b0f13511e7a2d99e2510e45d31c2b3962bc5a2e2ed6d92b6abdabdda6'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 7, '2026-11-30 10:11:59.279482+00', 'task.completed', '/do/0/each/do/1/step', NULL, 'engine', '{"execution":2,"beginning":{"parent":0,"coordinates":{"iteration":[0]}},"output":{"item":1}}', '\xfc11f170640bc654992225b24b3639154bedab3cc4280096da8587c0dce0eeec'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 8, '2026-11-30 10:11:59.279482+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":1}', '\x0580c1a7c7647efc81966139cb12805832208e7774118918ed018d567b3a4a15'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 9, '2026-11-30 10:11:59.279482+00', 'task.started', '/do/0/each/do/0/next', NULL, 'engine', '{"execution":3,"beginning":{"parent":0,"coordinates":{"iteration":[1]}},"listening":[{"with":{"type":"loop.next"}}]}', '\xca18e4b2ac36dcc59e55db3fe23abedb895df011e9f3810ec11545b1cdeeb52a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 258, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":128,"beginning":{"parent":0,"coordinates":{"iteration":[127]}},"output":{"item":127}}', '\x0413075afd066e56a8b85f616ce246df42aad8fd483be0f4494789ee296a2b49'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 259, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":128}', '\x1037f0113c71a6716ac3a8a6a047f357c59ee7e0b4e42a1b6ef3f19579e64e01'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 260, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":129,"beginning":{"parent":0,"coordinates":{"iteration":[128]}},"output":{"item":128}}', '\x48beedf9709993963a55872a8aa844b0dfc265773d8cfade0db9dd91cdd8f868'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 261, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":129}', '\x754494d970364a6ed98a37bfd23b8dd2f2b1d69cf85b6c5523d15acf19ed35af'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 262, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":130,"beginning":{"parent":0,"coordinates":{"iteration":[129]}},"output":{"item":129}}', '\xe15c773bde0ee70211412dfa5fbe60a75e7cd138adad5c3e94b854f5a547ea78'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 263, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":130}', '\xced8664827e7cfd04cfe55b4350faf4b968487f0951d4532706f608010f0c225'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 264, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":131,"beginning":{"parent":0,"coordinates":{"iteration":[130]}},"output":{"item":130}}', '\xa9269cc36f518978008ce789bdad6cf29eff49bbf051d79997b51fd25d99021a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 265, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":131}', '\xfa459d9b2fd9cdab73872691e296cec2738475ffb4a5ea6f887fd33a84230f7f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 266, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":132,"beginning":{"parent":0,"coordinates":{"iteration":[131]}},"output":{"item":131}}', '\xf1f81f616e17c130afd551a13dff80afc590da2b55d9191c479f8c135c20e1d8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 267, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":132}', '\x1c9bf7dc5be8787c01c30787c4fdeb4fa3a43769f507d7baee553c559387f75f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 268, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":133,"beginning":{"parent":0,"coordinates":{"iteration":[132]}},"output":{"item":132}}', '\xbdeeb3239417c86266568bb56f1bf362b26dd29db1f179f047bdcef462db74e5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 269, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":133}', '\x73fd37b8c208b0296e6b78eab4d5c035a6b0fcc5b269fc07ad2622e45d16192c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 270, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":134,"beginning":{"parent":0,"coordinates":{"iteration":[133]}},"output":{"item":133}}', '\x10720b71f01299d3506c82d03936e098f005ae91e37a1a146010d4157cd30f78'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 271, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":134}', '\xe3dcfe3cf805c1c9088e8e104e79703fcdd8438d9105e610802bcde8973f76dc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 272, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":135,"beginning":{"parent":0,"coordinates":{"iteration":[134]}},"output":{"item":134}}', '\x6ff99f2ef33969b66320d6d81c767e166df25c1ec74db500b3d5e50e3f5f72a7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 24, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":11,"beginning":{"parent":0,"coordinates":{"iteration":[10]}},"output":{"item":10}}', '\x01cd74d0398ebeb4d9b34a908afe96cb65212b3007c971d0a78331d90f48acdd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 25, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":11}', '\x4fda0ceb94a39b5c68458f25cdf69699059aac2a5a71139b9f5c7ded45e237f2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 26, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":12,"beginning":{"parent":0,"coordinates":{"iteration":[11]}},"output":{"item":11}}', '\x1debb0abc90cc1017f0daa2759ee5ff5f21baf05a425fa792e2a80b814b72d68'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 27, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":12}', '\x1ee8564447e26c1991ff13e6e87c6353e6f10a9f6311dc03e4cc102755ef3048'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 28, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":13,"beginning":{"parent":0,"coordinates":{"iteration":[12]}},"output":{"item":12}}', '\x556a7cb09f107ef1ac05ce6c10ce1a142e7b0387dd576e62cca1d27ec7c54d0c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 29, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":13}', '\x71b5ec5cfb19c67dbfb74fbc6d55de4b1941f809a208c54b4e1687c060f92606'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 30, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":14,"beginning":{"parent":0,"coordinates":{"iteration":[13]}},"output":{"item":13}}', '\x46975e4a8c81c0fe5ac5aac930191802bb3b51613ec132e606c4b10e896c929b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 31, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":14}', '\xcbfd05f43a5e5b676e03c2b7c35bd1d769e1c6ef1e5ae88232cb3da2c7b30dfc');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 32, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":15,"beginning":{"parent":0,"coordinates":{"iteration":[14]}},"output":{"item":14}}', '\x31a30d4bac193cdb1824baf4e6f6e918a35ce7b9358cef6c6a034432b5a7528a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 33, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":15}', '\xe4e07c563efd660277845defbd087c15a5cf1b06d4b5e2bd8cb3ea6a5c6e4432'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 34, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":16,"beginning":{"parent":0,"coordinates":{"iteration":[15]}},"output":{"item":15}}', '\x2b3141c5ffe2235cbc264af5623a856a8e9d9929cad57bae7b51d2d1305539d9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 35, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":16}', '\x1bd60eba789f1f5299ef4baeaceca7959e35a3365d1c4a1781e8f3a7934c5418'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 36, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":17,"beginning":{"parent":0,"coordinates":{"iteration":[16]}},"output":{"item":16}}', '\x80c2f7ceee09250fab973d410d0a4df6513f7019aca0db94410f6423263b9948'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 37, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":17}', '\x6cd9c150c90f0941abc8574eb01b46d9c6f7619bdce38e87253e6e2eb0418dd4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 38, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":18,"beginning":{"parent":0,"coordinates":{"iteration":[17]}},"output":{"item":17}}', '\x452a689fff6bc9507006df617ef68640bd4dc0546528ca2ad6aef5fb81edcd02'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 39, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":18}', '\xf267e0dcbcee8ccc545f182097a50288b55640f15fda392fb416fcd885bc1933'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 40, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":19,"beginning":{"parent":0,"coordinates":{"iteration":[18]}},"output":{"item":18}}', '\x8f45fc90159b5dbccb66737a92b66983d7cc0ac9ddb6385a054b15042f8c814b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 41, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":19}', '\x54efb652431b600bc8f7686cfdc11dd239f81a42164e04ef33bf2791fe582f99'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 42, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":20,"beginning":{"parent":0,"coordinates":{"iteration":[19]}},"output":{"item":19}}', '\xc926d2d648250c28f2232161c3262e52e9be80f478dcde997701d4844696d927'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 43, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":20}', '\xe5f7497c88f35010a184785ea3bb0c1685bd26c09fff2ccb75f9fb65daf99bdd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 44, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":21,"beginning":{"parent":0,"coordinates":{"iteration":[20]}},"output":{"item":20}}', '\x65f5d8754d1734ebe5fd6e55512a77f56234ec5985e80f8d2dc087811f9c54f1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 45, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":21}', '\x8fbeef02b5678d7218caf536211e8f7d335ffc1d6eee267ced2d4cf2cdd52901'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 46, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":22,"beginning":{"parent":0,"coordinates":{"iteration":[21]}},"output":{"item":21}}', '\xd0d35d0c2fea8975eee6216405594c28dbd3d9521e2d4cc4e75ccbe1a36329c1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 47, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":22}', '\xf0bf96fb456ab076c17bb0a0ed9a067652d49cc41fcfbe902f70001123f816d1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 48, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":23,"beginning":{"parent":0,"coordinates":{"iteration":[22]}},"output":{"item":22}}', '\xbfbfb318cb27e396c4a6321ffe2406b10cef290345cebf21487f87c300dca89f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 49, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":23}', '\x92e68d352db556430338ea47dcd8e077ce82c1425c9039bd7fd5038a259f22e2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 50, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":24,"beginning":{"parent":0,"coordinates":{"iteration":[23]}},"output":{"item":23}}', '\xad4788eed489d596bf600c9ab5e22d621a6ef1fbdf442e273cdc98c5dc93fafe'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 51, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":24}', '\xb6eb76b12612d1b018fd9e7554d03efc5cdaddb93ad2ac7a54a7c805b389d9f0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 52, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":25,"beginning":{"parent":0,"coordinates":{"iteration":[24]}},"output":{"item":24}}', '\x45f5ce21d3c9de5ef2c58b44ce8e577971871065e22c683074a5ec62a49c789e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 53, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":25}', '\x7a955081dd2570bd9d524140ba4c6573fcda349be80e3cca090cdc1c34e821c2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 54, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":26,"beginning":{"parent":0,"coordinates":{"iteration":[25]}},"output":{"item":25}}', '\xf6b4a89582232c8c6d19b230ab073d0e240c32d02413c70c02c7961fd7588e3d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 55, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":26}', '\x009c404849425ecee80d5c8407ba3aa404543784983d18d65a96ee151ee9bedc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 56, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":27,"beginning":{"parent":0,"coordinates":{"iteration":[26]}},"output":{"item":26}}', '\x3b266af71cace217310ec043fa20254fc9fa0cac06b1c6a497c2cc8099ade142'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 57, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":27}', '\xe18ed84c4b9d5d1ca50027c2890aced939fcc43e3915eef49cc66aa51b1bafc9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 58, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":28,"beginning":{"parent":0,"coordinates":{"iteration":[27]}},"output":{"item":27}}', '\x29a7c0ccee50b92efd640a2ab3f2560e7284f8ff661736896cfb4f187f7760f7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 59, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":28}', '\x342a35802764cc2bce3d8602ad57566929c0fdd3526db5585905b744cb9e82d2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 60, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":29,"beginning":{"parent":0,"coordinates":{"iteration":[28]}},"output":{"item":28}}', '\xded56c08ca0eca55a50e25e8e405b2d27db86be1fb65e01d2d997302064eb445'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 61, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":29}', '\xd0eac2f40941849ad2d8ca5c6e3ec0ba2f8908ef98259b78badde64a16e22b4a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 62, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":30,"beginning":{"parent":0,"coordinates":{"iteration":[29]}},"output":{"item":29}}', '\x066e2e8ed09aae17b0d8917167562cee68d2231d62d8544ba0a0cc9ce2b3ed68'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 63, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":30}', '\x11ab8f316d74fa512ed3691408c23eb1a55eb1ed05d4f8bc768c0ba0b81f8842'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 64, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":31,"beginning":{"parent":0,"coordinates":{"iteration":[30]}},"output":{"item":30}}', '\xed6841b156027b08793d3abbdb44b045f0d079f449092cc0fb426e6897f559c6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 65, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":31}', '\xd0ab0a3e8883722a2d72b2f4a527f095ada8db653103d722bbc4f106ec9aae0d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 66, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":32,"beginning":{"parent":0,"coordinates":{"iteration":[31]}},"output":{"item":31}}', '\x936a3c37eb60859dfb986aaa8d6afbfeee04845af25e67de61b82511e63b62ff'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 67, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":32}', '\xbc58f5d8d66bcc4ede7a77375ecc346460eb489daf3b83bd84ff4f583e9e6622'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 68, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":33,"beginning":{"parent":0,"coordinates":{"iteration":[32]}},"output":{"item":32}}', '\x681c1e70087e5d8628c064ee20cade8b9b4d99ed11314e34eb8fedaf007dbb44'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 69, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":33}', '\xfa0fbeba1f0068355e230177ff9bebb2f6ebd89e95a881bdcc0a242d5c2bceb9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 70, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":34,"beginning":{"parent":0,"coordinates":{"iteration":[33]}},"output":{"item":33}}', '\x95782d128a8510714decc5bbb45c4f2d43fa5a18cf8b048b92462aa8791176dc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 71, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":34}', '\xeebfcfaa1454ba7298e9c1005ca444ceb7a96ffaa73e696a7a4e68b6b3ea899c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 72, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":35,"beginning":{"parent":0,"coordinates":{"iteration":[34]}},"output":{"item":34}}', '\x89cdbd8b286604bd0b83b3648f31bd4dfc7ba651739c8ab6bcebd87f60b97718'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 73, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":35}', '\x542d739f2434d2dd9c0b188d5302e62845830f82f5d773e18f91485bca58b067'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 74, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":36,"beginning":{"parent":0,"coordinates":{"iteration":[35]}},"output":{"item":35}}', '\xe28acba785ff5ba3d4c847efe3499efece2436592f0b9486cf8d630fa82be606'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 75, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":36}', '\xee5c280cb89c5f8dee7644b25dfa91a09b702387fe0c531d8aad5a9b1451970a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 76, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":37,"beginning":{"parent":0,"coordinates":{"iteration":[36]}},"output":{"item":36}}', '\x65a7d89f12420b2816bc6f69786b278cf651000deda91c668974f17540219ca1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 77, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":37}', '\xf998b6592ae3120c51ed39aea3d6355b72973ac1539861327eac2e1360a6cf27'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 78, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":38,"beginning":{"parent":0,"coordinates":{"iteration":[37]}},"output":{"item":37}}', '\xec7836f394d0798d1bfcb71d240d3ac61bba9128c8c9b0aba06fed5bb768f88c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 79, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":38}', '\xb45e2bdcceacb9b4bf2fa0cbca7a619fde34d46accec395505c80476479a2c81'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 80, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":39,"beginning":{"parent":0,"coordinates":{"iteration":[38]}},"output":{"item":38}}', '\x73741d9d4f5aea6308d5a82024622fca26bc05fa924b655abce0d58c1916c33f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 81, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":39}', '\x1b5dcafccbf6d8393892874ae8c3e89d610f36f7c7ae0b7f9386941a0627ed2d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 82, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":40,"beginning":{"parent":0,"coordinates":{"iteration":[39]}},"output":{"item":39}}', '\x48029a23f2a43518bb5ffca51ccd12b8e15c0bfc60de49fba3e3ea6f1381bf6c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 83, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":40}', '\x66fd1c215e3c7bfddc4bba687edeb879d711dcefece6768fdad3ca7cd5842209'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 84, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":41,"beginning":{"parent":0,"coordinates":{"iteration":[40]}},"output":{"item":40}}', '\x8cdf89780d2328bd056bf75f9e862d258737feed9048275c2223162c1b36d4d9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 85, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":41}', '\x60aa41fb6054f62a13c7c83d08b3733dbef5842feedbc7e0c673eba95cf7cfc2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 86, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":42,"beginning":{"parent":0,"coordinates":{"iteration":[41]}},"output":{"item":41}}', '\x067f480eaceeef90e37e530d7e0be7673a331cacccd99cb38c34365ce0c096a9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 87, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":42}', '\xcee50b57483dd92a5ea402d30da7a85d89c23c373b656f76270b9c62ab439d33'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 88, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":43,"beginning":{"parent":0,"coordinates":{"iteration":[42]}},"output":{"item":42}}', '\xf657b4d0451468090386aaef51a08899d3e5cf7d73b7491e6d34958a92b51395'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 89, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":43}', '\xe17c338d966dc7de16ce54a1ddac5a37220c30e9904335a6c1f32f330401461e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 90, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":44,"beginning":{"parent":0,"coordinates":{"iteration":[43]}},"output":{"item":43}}', '\x435a930c1dd9dd6254fb973140da02fbc21f2a604d3fef640e227914bdcf661b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 91, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":44}', '\x5beceeafd4e8d4a01ac73e2fef2581d3d428cf58b8a74db74fa6738ef1da7689'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 92, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":45,"beginning":{"parent":0,"coordinates":{"iteration":[44]}},"output":{"item":44}}', '\x7338778994b5aad6e8fd3592c1ea52d6c3e944ff51848436aa2b74bb6b8ead3a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 93, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":45}', '\xde36229b76a79ce418f77195b0f889509493fbc64fffd043145d0777cbe18bd4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 94, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":46,"beginning":{"parent":0,"coordinates":{"iteration":[45]}},"output":{"item":45}}', '\xce7ab3f094fc75f5373ddd43706482fa68ab35136f8fc5829043aecfa6d804c2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 95, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":46}', '\x2493636645fd87ec1f470ebcb7e9f622ea8f507f036478aadf0ad665081d8f14'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 96, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":47,"beginning":{"parent":0,"coordinates":{"iteration":[46]}},"output":{"item":46}}', '\xd6f239fe164815a103d8ee1ee67f1bc87da18bad33643189f6b8a355d4fd9cb0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 97, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":47}', '\x66efc4af6435be28b740e923356c639757b7758934bf50e2882e3b7db3282a57'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 98, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":48,"beginning":{"parent":0,"coordinates":{"iteration":[47]}},"output":{"item":47}}', '\x74b5a7549919b81be98310d620b48796759db4e7d9a02e8d08ed50566dbeddd0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 99, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":48}', '\x553ae862769a3b227a6aeb2b339f550a3d3a4bda4cb77a6748c7baa89c01a949'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 100, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":49,"beginning":{"parent":0,"coordinates":{"iteration":[48]}},"output":{"item":48}}', '\x160ea009d8de1e9c6661ac080c70dc22f1240afe858578bffda996db4844bb4e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 101, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":49}', '\x69759011105dad2bec844e3d22a4048aa74ee5b6978fefc5b5eab0cd480d4279'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 102, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":50,"beginning":{"parent":0,"coordinates":{"iteration":[49]}},"output":{"item":49}}', '\xaa07a8f1a326fee60a58ffc56089052ed8285c8976ab047aad0512f4faea849e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 103, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":50}', '\xf749c9cbfd19ec44a91529586a4b6a1783ee9ba0a0d536a20d47d14443c86f22'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 104, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":51,"beginning":{"parent":0,"coordinates":{"iteration":[50]}},"output":{"item":50}}', '\x44e11579dc03356b9ef83bfce28e391d01ed12460e5381ce186035ca87e8fbda'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 105, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":51}', '\x957fd33c893e0e7bb7ae96c1032471c339af98159dbb59d1becf2e2b7b7ee964'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 106, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":52,"beginning":{"parent":0,"coordinates":{"iteration":[51]}},"output":{"item":51}}', '\x840597117e621b32ae62766cd41acb70050434905ace5dce048549bcb7af500e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 107, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":52}', '\x1ff83c1360557338a870382300d446edebdb957d8cab7e86808e36b08a3f505a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 108, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":53,"beginning":{"parent":0,"coordinates":{"iteration":[52]}},"output":{"item":52}}', '\xc67bb12da70b38f729503b05787ec749ccbb0fff2cde51c7a98a1ab076f782f5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 109, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":53}', '\x602c74a96e15336cf0543ce046c4579d07d273bdc065bf6b2b0b6a30e02263ad'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 110, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":54,"beginning":{"parent":0,"coordinates":{"iteration":[53]}},"output":{"item":53}}', '\x83a3a1b50cd8c595d8ce2e3251874910a92c362dfd8a3418ec765857de1265e2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 111, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":54}', '\x9b8e876d6fa88f9fa4be6c729a16149bd0843d32b2a92a9a6381d3edaf1f8ca8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 112, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":55,"beginning":{"parent":0,"coordinates":{"iteration":[54]}},"output":{"item":54}}', '\x3c986a3b65165c1357aba235030ddc22b6c6adb33ad34d7dcda0246cd915b45a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 113, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":55}', '\x0863fb607178bad77a0c755415cba919c944600ed6e822d7e248d8a922915afe'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 114, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":56,"beginning":{"parent":0,"coordinates":{"iteration":[55]}},"output":{"item":55}}', '\x8e4cd1b20d2b032030e0f5bcf65f6101e181c16e831f6a04dc5e5c231136df08'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 115, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":56}', '\xca7d9a7ac4500ae5e20aca04e1f9aca0b252ad344be71d1373d1f5180abed158'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 116, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":57,"beginning":{"parent":0,"coordinates":{"iteration":[56]}},"output":{"item":56}}', '\xdd16715ca1fc2eb544cb855769f9c5b6c6677837bd39c5c7dac3cc1592da8155'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 117, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":57}', '\xb3b5bd61d0903bbd11cbd3b1cea0a3de8d834c8daf8ceb20bab70f1dcab66e4a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 118, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":58,"beginning":{"parent":0,"coordinates":{"iteration":[57]}},"output":{"item":57}}', '\xf018195ee04b9bd7071f3a1a05db48c9b5a6866f50c364912a3d7288ae6ac4ba'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 119, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":58}', '\x4c78e1317b7356d045284a1e61efc7d7218673da317a63fe4f9bc7b7ae3bd07e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 120, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":59,"beginning":{"parent":0,"coordinates":{"iteration":[58]}},"output":{"item":58}}', '\xb010821857552d27c43d2417aadbb2437384dbbca90924124e174cca2b3f37e3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 121, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":59}', '\xf04943d7c34302d47384be9bf895d0bae9e8ea84b65aba7ac162d9f2730f4bc9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 122, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":60,"beginning":{"parent":0,"coordinates":{"iteration":[59]}},"output":{"item":59}}', '\xf82b91c6716fb32af4d66067e3672e14460dce6d48f542c38b9ef5d8d4015a0a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 123, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":60}', '\x714f6f0617793fd1e72c4e0ed0d27800414ac86b1ef378dc57369c85891b4345'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 124, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":61,"beginning":{"parent":0,"coordinates":{"iteration":[60]}},"output":{"item":60}}', '\x66a2d82752015802e9a90cc76eac8c11d7b1974aa3f66b9255a606c4e0696689'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 125, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":61}', '\x5e7abe80cce67c9ffd244080d5a1959b75458132909cd06f3aaaa6a0f08751f5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 126, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":62,"beginning":{"parent":0,"coordinates":{"iteration":[61]}},"output":{"item":61}}', '\x9ef1c1bbc707a615d21599b0f555309e0bd7145201d9e519ef7d70dbecd69fd9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 127, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":62}', '\x78879304ae8c714fc9d55c1f7dddb099e0ebb043b1799d6e3408cf72c3edcdba'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 128, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":63,"beginning":{"parent":0,"coordinates":{"iteration":[62]}},"output":{"item":62}}', '\x6d0ba35afb57cc69056e1a4d28c19e686d6f7426000036e7a1b62ec9dddce162'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 129, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":63}', '\xd2fcd5dc2ab96565db8ce764efe156c929c4af86b015e374871055c6db707f10'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 130, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":64,"beginning":{"parent":0,"coordinates":{"iteration":[63]}},"output":{"item":63}}', '\x35d014dd6056bbf0d31774e6e588c475ed74e6f5db32a2401f1fff931e310b02'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 131, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":64}', '\x08f69fabea3b47bc349fc6e7e3a8add90d535363b42a3a7ffba575cee1c79c51');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 132, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":65,"beginning":{"parent":0,"coordinates":{"iteration":[64]}},"output":{"item":64}}', '\xd4e4568d316b8239037d94dd9910856e75050572da6203e9d68cf04fe2b0d950'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 133, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":65}', '\x8394921ffb7ff46a0b3916fe7daa5fdfdf59ac4faa63bc1f14c8e6f064957d6b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 134, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":66,"beginning":{"parent":0,"coordinates":{"iteration":[65]}},"output":{"item":65}}', '\x1bca57e05f910609dcb20de1b0d66b448f36899f5732086bde0a4d390164fe7b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 135, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":66}', '\xbb13f25c28b1d12bb4eacc3bdfa0744c87774a10875f81af466db27ce606378f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 136, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":67,"beginning":{"parent":0,"coordinates":{"iteration":[66]}},"output":{"item":66}}', '\xfa2a8b1d3b4411ee09c7b63dfa3734ae42d8f0a4aa77e21d78dd3fe02bc5426a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 137, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":67}', '\x37732aded0aa635a93bb3bc2c961ea5b66d941033572fa0d05c8eaa4b4e4d100'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 138, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":68,"beginning":{"parent":0,"coordinates":{"iteration":[67]}},"output":{"item":67}}', '\x50a38ea3f53b1ef93300f5ef64b69b1803118192cf40267d34131b94ffe61c3f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 139, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":68}', '\xe13ab3e6218ae03a7ec855d54339ec190981061d6dc4dce6359352ec9e468f18'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 140, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":69,"beginning":{"parent":0,"coordinates":{"iteration":[68]}},"output":{"item":68}}', '\x28bfabb341852b8cdffb09f16671f7ecb9845ef14305c00e64553246ad07a53c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 141, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":69}', '\xdd936b0ab7fe5f0189b0afdb8555e9089600a126839a943a6173375d59870b1b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 142, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":70,"beginning":{"parent":0,"coordinates":{"iteration":[69]}},"output":{"item":69}}', '\xfd7d8ae30c877964f5b170105e37705132d4eb030154a6f68706a68bb0fe0fbd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 143, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":70}', '\xad0de1219c89c9148067910bdfde580f96d1bccd8c5db2cc73d52bfac8b5e98f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 144, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":71,"beginning":{"parent":0,"coordinates":{"iteration":[70]}},"output":{"item":70}}', '\x3be9b226b9daa701a58420b0f6e4a8b65390d41c9e11eba1a66b30bd5d67a0ee'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 145, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":71}', '\xe36d6a752c5938b098751d5c1820d168368f7f71f6448f84059f3985100b1891'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 146, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":72,"beginning":{"parent":0,"coordinates":{"iteration":[71]}},"output":{"item":71}}', '\x5ef8dab444c830a2fd09672440197c58359d7dcbe5ac00edab774a2586b57e7a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 147, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":72}', '\xd54182509e16820f368b9c81617099f81acb15bf3afe2e81d7d83f905b65dec0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 148, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":73,"beginning":{"parent":0,"coordinates":{"iteration":[72]}},"output":{"item":72}}', '\x5fa0fe5480950801223af900a21b745e173495553aeb8b7a9a752fba4e73fd41'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 149, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":73}', '\xe94464ad7fb048f3bdd36aafcb8d06afb9782467178e8e976d0ae57e5c56ae07'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 150, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":74,"beginning":{"parent":0,"coordinates":{"iteration":[73]}},"output":{"item":73}}', '\x42e2df107386e86779679facd54d9d167577e6bcc59f610345a29753ccf2723f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 151, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":74}', '\x002f3b2749ea797f2c9de9383c302ce01f2cb5ffda039c26a76e3e736faacd08'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 152, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":75,"beginning":{"parent":0,"coordinates":{"iteration":[74]}},"output":{"item":74}}', '\x0f7ccb0fa8e303c22767f228a68593036c62546baae06bd319bae3e6a29e85d2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 153, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":75}', '\x3b5c2b1b4a5e8d149a5c5ed918df79a9ad7ab7bfac4d3681f8ea71227472e58e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 154, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":76,"beginning":{"parent":0,"coordinates":{"iteration":[75]}},"output":{"item":75}}', '\xaf5b7d47d3716972cd314c6801fc7c4ca815574dd3b258619461975a8f679d75'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 155, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":76}', '\xf622f553621c6ca5822e3f4c530930844017b6fef40f11b98ff9b5a04238ebab'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 156, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":77,"beginning":{"parent":0,"coordinates":{"iteration":[76]}},"output":{"item":76}}', '\xeaae70fb71dc44fb38725f333c7e282dfc5c1d797e0ac69679cbc242b39b4838'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 157, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":77}', '\x20e0bb5a8a1af30a7bb8537ef6f78091b4c839354ef7f021ef1cc3e888ee5691'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 158, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":78,"beginning":{"parent":0,"coordinates":{"iteration":[77]}},"output":{"item":77}}', '\xfe08e3d80e00f1fef5d089011898bb64ab9d4e7eae79e3c6feda5394f652fd22'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 159, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":78}', '\x9b5e730c48c769fec738170ab0e70217699dc69a3740680e1c045f9d292401bb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 160, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":79,"beginning":{"parent":0,"coordinates":{"iteration":[78]}},"output":{"item":78}}', '\x3f853396377bfd00c1bd3fc3178e0c4e7464f0d377a94f485d0efea8ca273897'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 161, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":79}', '\xa098d6578558239eede9db6e45855699957aae898c34c9a6b0fca5de37594505'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 162, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":80,"beginning":{"parent":0,"coordinates":{"iteration":[79]}},"output":{"item":79}}', '\xe22138d7f5d776454dbea0defbee988996cf2b0630b615b8cec2494b900226fa'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 163, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":80}', '\x38b0850fd4502101c35e69ee909ac869aca59b44e636475095776e2b8eab0039'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 164, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":81,"beginning":{"parent":0,"coordinates":{"iteration":[80]}},"output":{"item":80}}', '\xd11d55ca27bedec370af7d3d941e6d0e7ff868511352735495667fa25cc11ed1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 165, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":81}', '\x82958b1cd646978190efc0de31745cc51c5c16b81734ec454df894fb00659b88'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 166, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":82,"beginning":{"parent":0,"coordinates":{"iteration":[81]}},"output":{"item":81}}', '\xb73d21eb5a3c3daa3b25b9bb365546fee2acc5a89bbafdcf764bf2a41d467c52'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 167, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":82}', '\xfae2d0ad8a935f9b5039667cce0e53b2c5bc7a1c9adaa4553230f841f8aa5066'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 168, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":83,"beginning":{"parent":0,"coordinates":{"iteration":[82]}},"output":{"item":82}}', '\x5fb8b6adcd2499375e6867e5d47cef2a81be5508d4a726d24dbafa4569dfedab'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 169, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":83}', '\xd07cf75ef9a6c383367444e7293c131b6532d47d1342ec2a934d73e3da39c563'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 170, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":84,"beginning":{"parent":0,"coordinates":{"iteration":[83]}},"output":{"item":83}}', '\x03595355a7bba00c40314079a9aa7c61836f253bee4dc64acb9b72adc008f22a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 171, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":84}', '\x3e32e3b754e094b64cd46b810a2a3c175f2166477a6d594b0505a9fa8bd41008'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 172, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":85,"beginning":{"parent":0,"coordinates":{"iteration":[84]}},"output":{"item":84}}', '\x9768297e738a143ba0794dcd488087f33191524c49d90ce35bd542496b0877bb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 173, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":85}', '\x27750a6ab6f60e829a28a4c958cef90f3ccd973316e5c50445cc72ee7cd9ba5d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 174, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":86,"beginning":{"parent":0,"coordinates":{"iteration":[85]}},"output":{"item":85}}', '\x9281c0ab714549948cf6b9eae1c24664339e4ae283ef650d7db1cadba636441c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 175, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":86}', '\x61823c2d28254c3b3bf1a41bb1a38d2c286cc4adbe57628b5c62d76669ffd858'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 176, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":87,"beginning":{"parent":0,"coordinates":{"iteration":[86]}},"output":{"item":86}}', '\xeb67df6e99ae345a4703d3defd46b33f04def3aaaf7423060bceb75df262f2f8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 177, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":87}', '\x21e6a4147d48345869e06fd78b26acf369a5c00471ffcab1dcb5e866e496c07a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 178, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":88,"beginning":{"parent":0,"coordinates":{"iteration":[87]}},"output":{"item":87}}', '\xbc0ab0d5cb4e167fa2e58409d2c43f224f36f6624dddcd845b25ccf83d0428d7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 179, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":88}', '\xd9fe8d316468b3b612a1fafbf0d789bf935407dbde5613d51e5c0416de2dd999'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 180, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":89,"beginning":{"parent":0,"coordinates":{"iteration":[88]}},"output":{"item":88}}', '\x2fe5f67d4f0f6c9583e8797972daeccee3e0525f0427555c75a7f5125cd17136'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 181, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":89}', '\x3e213ff73afe3ca1f0f40249604a63c6422535ba555ba4f72ee9b1653098297a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 182, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":90,"beginning":{"parent":0,"coordinates":{"iteration":[89]}},"output":{"item":89}}', '\x0237b178ba9b5e2a345598a0f1b6df096ad846e532ffeaaf962ebf4b9f553bf9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 183, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":90}', '\xbfd9118a6cfb810119f9ec7f20e044f4fd7d1545a1c9be3f5b44606a7e1208bd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 184, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":91,"beginning":{"parent":0,"coordinates":{"iteration":[90]}},"output":{"item":90}}', '\xefce6fbe018541b06413095fafbb33f0790482e8e74ed41613e39be255038a60'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 185, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":91}', '\xc294b5125f493ec7fa86da65fcc099b23e688eb952f760b816b91edd95c639c5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 186, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":92,"beginning":{"parent":0,"coordinates":{"iteration":[91]}},"output":{"item":91}}', '\xd570b9aa874bf786cac77ac9cd2e6ca14fadb07dff881045acb5c363c8cc0259'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 187, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":92}', '\xe2b3f02a7fadbc81331cf7758567036b0cee73c33c7adda845851479eeda05e6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 188, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":93,"beginning":{"parent":0,"coordinates":{"iteration":[92]}},"output":{"item":92}}', '\x442eb8d53b359e43b5bfdb2671d036728df94bdf5d1dae6e86d5f07a2edfb9d4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 189, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":93}', '\xe88682b7664bd78091923905498c711cbf64cfa79453aff567a1d0ed7a760536'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 190, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":94,"beginning":{"parent":0,"coordinates":{"iteration":[93]}},"output":{"item":93}}', '\x0a3e65eab6cbf31dd10f7c7ca7ee69b7736d04f5f3b5c2ab72c8084c3e6972f0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 191, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":94}', '\x583fd7f5e7b0a6ccf2aeae4bb09e49b02d638d3353c9333596598b6ee9dcaa2f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 192, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":95,"beginning":{"parent":0,"coordinates":{"iteration":[94]}},"output":{"item":94}}', '\xdfd5b1d1d72eca5d7b73bcd04f05ee1533c05a1af04ae0ac2e7b2d93d208b98e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 193, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":95}', '\x0cfecf2cad96867a6f1f742d68371afd9cfd4230a2a1a710f8b598ecb2409bec'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 194, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":96,"beginning":{"parent":0,"coordinates":{"iteration":[95]}},"output":{"item":95}}', '\x1b1787f3255b2464a279eeed43ba5d6d7345c65f89782f9512c244b35403f279'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 195, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":96}', '\x06eed059fc231762761cb14e37127c05262c0fd9d96ecb728f82525cf05dbbf9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 196, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":97,"beginning":{"parent":0,"coordinates":{"iteration":[96]}},"output":{"item":96}}', '\xf1db1968a50a7eab57747e83628e3bd51818c4f7dfc46da210441d80703160ab'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 197, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":97}', '\x43b64428fd9164f8629addcb83965d4b9772ac010608704f89f8219f0211e2e5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 198, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":98,"beginning":{"parent":0,"coordinates":{"iteration":[97]}},"output":{"item":97}}', '\x55055b34268f992383fca1ec62c6cf1e214d2560077a412bba02b84ca07f743a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 199, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":98}', '\xd3b07a3f17a33b73ca8941c6720118f3a32c719e011c2eb805cc4fe3775e74cc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 200, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":99,"beginning":{"parent":0,"coordinates":{"iteration":[98]}},"output":{"item":98}}', '\xb05616ca5a06e7b38d7c629838a073f55517c982ee292558080b527e3c420527'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 201, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":99}', '\x5b141a314bdc19c9c4dc49fcc8c0575a333352dee35b222edb7dc51645d154de'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 202, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":100,"beginning":{"parent":0,"coordinates":{"iteration":[99]}},"output":{"item":99}}', '\xd0a563fcb48d724726a67ee39e52b3eac353395dbde9ab29a098db672ba03729'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 203, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":100}', '\x27ffcc00e743ef7e1fc06b792be291ade46b6249f0733d69efa623a7f4fb4167'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 204, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":101,"beginning":{"parent":0,"coordinates":{"iteration":[100]}},"output":{"item":100}}', '\xdbf1e75b93f54f665f38f829a602d2de6131f48a0346a3d2713d9d5118c4e63c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 205, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":101}', '\xb87f528b12b197edee3aab1a0fbc112e9692d26fd841e83a824084348469bfc2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 206, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":102,"beginning":{"parent":0,"coordinates":{"iteration":[101]}},"output":{"item":101}}', '\x443c2058e6fa748572a06a5c3254a70ec94ba2d699d2bfd7034e7a2ab2f9aa48'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 207, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":102}', '\x6b9658241ad05b249a2cac6d70ffae4a6258ffcb38fedaa418872e392f99558e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 208, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":103,"beginning":{"parent":0,"coordinates":{"iteration":[102]}},"output":{"item":102}}', '\xd10c18506502aba1a0a9dc707ce9c2ad8c6357976abc294963ef1117f0a6a519'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 209, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":103}', '\xef5bacc02dde76800e048a5b85b55a35cf6d2b8808548fb5a5004e8c63e14de1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 210, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":104,"beginning":{"parent":0,"coordinates":{"iteration":[103]}},"output":{"item":103}}', '\x6e2fbf765883c5fd368897a5558b2bc4161a53abfdb50d6db8a4baf5d2f63493'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 211, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":104}', '\xfa4e7936368db3904ed6fff21213e8576bb766366ae8b844b26df62da82643fa'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 212, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":105,"beginning":{"parent":0,"coordinates":{"iteration":[104]}},"output":{"item":104}}', '\xc3c423474acb53e64005a3d70ac57fa216d2d5873cc5763a2ea7eb97012355bb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 213, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":105}', '\x581afbb90ae24b05776ee1abec2117457c54a1bfa7ee1b7019a94f45b0d230c0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 214, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":106,"beginning":{"parent":0,"coordinates":{"iteration":[105]}},"output":{"item":105}}', '\xd78996a19c8a25b46ace80292500795cf92c888661fc8b723e6cadd6cfbeeefe'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 215, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":106}', '\x2c42649464dd77d03bd9fa41e1fd905dd5cdc77b01506af4d19a36ac38ff61a0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 216, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":107,"beginning":{"parent":0,"coordinates":{"iteration":[106]}},"output":{"item":106}}', '\x88523e0a8a11f13df84d8b1b40f88bbd92ece069d20585e8fe68243a6c77562e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 217, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":107}', '\x6b67c107ee2bb32ee79175a321669e59a13da03b494c2371c97009d94b7895bd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 218, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":108,"beginning":{"parent":0,"coordinates":{"iteration":[107]}},"output":{"item":107}}', '\xe6c301bb809d4cd19d23d93a0ac0c23a7c6fc45e7f2c4cde5264ed6ea407d9b7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 219, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":108}', '\xee1d938ee006fd5a7f86454a8e7fd03efda1c41d367812dcf730560d1205a608'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 220, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":109,"beginning":{"parent":0,"coordinates":{"iteration":[108]}},"output":{"item":108}}', '\xebdff67fba955adc636b6ae4a1c76d62521ed2f665c3ee3f4e22f383b4913124'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 221, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":109}', '\xab82f6bd14dc8767dfc0d1d4561b465069833b38b3f9f406a5b340c9e13d1133'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 222, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":110,"beginning":{"parent":0,"coordinates":{"iteration":[109]}},"output":{"item":109}}', '\x57dfcdea58d1a8bb6c87033a8c8e52e9f458ba9504cfb045c1bdb83821b79ffe'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 223, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":110}', '\x5df348df2de635ffdee7d97000b1b84a6b55316f692f4775fadc6b044fff9139'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 224, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":111,"beginning":{"parent":0,"coordinates":{"iteration":[110]}},"output":{"item":110}}', '\x323fa7e6735b65c1c69549facc123cdd0893d6fc7aaf57a2bdf30cf886f541f5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 225, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":111}', '\x27b1e2d01a3f480ded67d1ffda0ca9bba2e84cfcc5a2d8a02fbf5b8379488866'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 226, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":112,"beginning":{"parent":0,"coordinates":{"iteration":[111]}},"output":{"item":111}}', '\xe575dbcde0e798f09b2aaa84f8399b83aa6fda36301d81d550e6b20c82b7ae5b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 227, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":112}', '\xa733fde9f09613726e8c0f4beeae4de4bbb1a6e3c5a435009d1cdc4460ee4ec4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 228, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":113,"beginning":{"parent":0,"coordinates":{"iteration":[112]}},"output":{"item":112}}', '\x9e08682f162c4a13a4891f4f0cf042d82d2d0fde3c1d0ffffa407a1cccf6be44'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 229, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":113}', '\x08dcd293e2887adf00ecfdb24ee3aaed34e7ac4901e1ae373f3cedb361cbf220'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 230, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":114,"beginning":{"parent":0,"coordinates":{"iteration":[113]}},"output":{"item":113}}', '\x7c662ba94c28525fdb6ad2e71c2d2923a2b73448ef80614387220eae08b78667'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 231, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":114}', '\x9e0558cd57496ab4651fcb9bff5f7e74c7d0836d2113a67257cedd7ee173b312');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 232, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":115,"beginning":{"parent":0,"coordinates":{"iteration":[114]}},"output":{"item":114}}', '\x87c7665347f061572e66e1f0c9a9213d6ab50857100ff04e63990ad80625e7bf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 233, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":115}', '\xd7adc5d875ce1eeebbbd05d39c1adfb02db67e4baa243062bcb2529eb1a5dc07'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 234, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":116,"beginning":{"parent":0,"coordinates":{"iteration":[115]}},"output":{"item":115}}', '\xfd36c5d1fb68eeedb4634bba46bcf8fdd156032c6a9c3934d55e8b7caa5d9443'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 235, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":116}', '\xec6b6247ff7449824003f5199e757c4434829aac9eaa346d28e35f5b17396b52'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 236, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":117,"beginning":{"parent":0,"coordinates":{"iteration":[116]}},"output":{"item":116}}', '\x717d8ebb5e998bae7eb44bd9bd5d0b116b674acdfa056dc1a768210c66774d90'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 237, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":117}', '\x7a0e7caa691d0ffb80770e4557f810936f2829ce41bf8c9bc0ac720b5adfe10e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 238, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":118,"beginning":{"parent":0,"coordinates":{"iteration":[117]}},"output":{"item":117}}', '\xd416328abf13068fb8c8d260e6d23a362f1f0635f16a6423425b8ea71ab4a6ca'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 239, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":118}', '\x1d4dd1450473491c7efbf236a370c7ba533386b3bd4f0f70631ca36b70094e12'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 240, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":119,"beginning":{"parent":0,"coordinates":{"iteration":[118]}},"output":{"item":118}}', '\x5db9eeaead02fb7864af53d9077476500a951e85538451586d97a9f1b3d42be7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 241, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":119}', '\x88d5b8dbb196406d4282a79d84c1f5095607e74d18f2021bcc35722cc0764a78'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 242, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":120,"beginning":{"parent":0,"coordinates":{"iteration":[119]}},"output":{"item":119}}', '\xe5af920a6193a5171bb9949aa84281a5d6ef02e71aa2bab33bce919ff96cf391'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 243, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":120}', '\x5310d42baf541ec696c6243e8f23eefb9e4a9877947d96cc2716ec183ee8f56a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 244, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":121,"beginning":{"parent":0,"coordinates":{"iteration":[120]}},"output":{"item":120}}', '\x3519e187acca187e163f4491675b2ef55f8df305e2a1ed3901d677376704ba15'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 245, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":121}', '\x164493398380608e23cebd9cb27c76670b9ef9c6e896afa930011d81c0dc0fa7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 246, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":122,"beginning":{"parent":0,"coordinates":{"iteration":[121]}},"output":{"item":121}}', '\xe9df7066eeb85514f71c4a6d0ee475f8037f12f7e014b73467a18dbbc10e26d9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 247, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":122}', '\x301f4ce1654baa1a50bc06fbdd1089f96dd9e86ae2cce46afc52d65e2a618afb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 248, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":123,"beginning":{"parent":0,"coordinates":{"iteration":[122]}},"output":{"item":122}}', '\x09e8458687458de23b0dfd6c290b0fcb58db6f47e38362d22434863c1e6bf0e8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 249, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":123}', '\x2e4a31b48989d0bb8fde2960029bbbe7532a7d90245f24840506620d8c6411c0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 250, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":124,"beginning":{"parent":0,"coordinates":{"iteration":[123]}},"output":{"item":123}}', '\x979b02bbbfd6d87cce75f576c38f9f6af02703de13c956989451e6b5e7895c44'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 251, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":124}', '\x534a550ed30b3250a82524d07ed6028974aa1f189f6e965e2866daa7dabae253'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 252, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":125,"beginning":{"parent":0,"coordinates":{"iteration":[124]}},"output":{"item":124}}', '\xda1e17003c3bd0d69a0d6678ec24ed44dcb0a7c9d4b8d861fa41b6eb877d7fff'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 253, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":125}', '\x39795cf2c26c8976ad9d812eb5a0b1a8755ec427d403fcb551737029eba7c200'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 254, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":126,"beginning":{"parent":0,"coordinates":{"iteration":[125]}},"output":{"item":125}}', '\x6a8fad0c25c04de76c8963b37f6aeba4c599de278b8998fe69bfdcf7993372c3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 255, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":126}', '\x82bbbc0497ab606b77448b67a528b93ab7e26557affdaed9019bff68687c3321'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 256, '2026-11-30 10:11:59.303545+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":127,"beginning":{"parent":0,"coordinates":{"iteration":[126]}},"output":{"item":126}}', '\x6d944c2964f01f1bdab4518bad91dfb8fedd8a3e0eb35e899e955c5248815843'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 257, '2026-11-30 10:11:59.303545+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":127}', '\x748a71b28bac057f9bf7b7a3bfea264747c2a1752d17e914f6461151c80602ec'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 514, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":256,"beginning":{"parent":0,"coordinates":{"iteration":[255]}},"output":{"item":255}}', '\xb72063f3bbbd1b473c92e0b1a6d37620ecef7b158d09f8d97fe5004574a5fb83'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 515, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":256}', '\x667ea046b7f54e607b5ff163252a1384ae3b8dcf1c21f9cddd316944f3e869ff'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 516, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":257,"beginning":{"parent":0,"coordinates":{"iteration":[256]}},"output":{"item":256}}', '\xb7ede4402daa509a3679cbc9d47de24279b36a969bd04107d70a182dbac3830e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 517, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":257}', '\xa6280bc2b5cd95a4c55c0d3e56bd9f627f58268b527ac2dd1b5ba0be23b2a91b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 273, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":135}', '\x806dc5a3fb81f04cc358d518b56b939f758222a7c7303e363e558668bf272a45'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 274, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":136,"beginning":{"parent":0,"coordinates":{"iteration":[135]}},"output":{"item":135}}', '\xdeaa2f0f0ea758603bc0b27c37559be2b76f59ddf6171649576becaad466ddb5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 275, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":136}', '\x277963bf7e22d54953c94be43adab8e18d2720cdd98b5e9dff60a34f1f2c22d2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 276, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":137,"beginning":{"parent":0,"coordinates":{"iteration":[136]}},"output":{"item":136}}', '\x8ad7ac91f9ce2c8c7393fd94d298f06f91e7248324bffdcf4275ac94977ec85d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 277, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":137}', '\x75aea68cdb4a61a09c768bc95e5b3b33f127722aef6aaa472ccaf3d6878dc240'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 278, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":138,"beginning":{"parent":0,"coordinates":{"iteration":[137]}},"output":{"item":137}}', '\x2f67647e6215217e0c55a02908f75c86b8dd29f7c7a1f28b15fb69af11507ddd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 279, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":138}', '\x977d35a417ec333f3942471c51dc6aebeba22eecdee70647ce9dc5ee0b535917'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 280, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":139,"beginning":{"parent":0,"coordinates":{"iteration":[138]}},"output":{"item":138}}', '\xdeb9a843ecf7f3dbdc32c27332356433f87f691a9c940ff4f51d95f616368c05'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 281, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":139}', '\x84d54e78c0c97c1f99f7c2af021197d2a0319c36d148905330943369f21edf5c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 282, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":140,"beginning":{"parent":0,"coordinates":{"iteration":[139]}},"output":{"item":139}}', '\x56376a117a2dce9df03d74907bff588f0a770e8d9bddae3dbb6fdf9572126a0c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 283, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":140}', '\xd222c6bb0642fa41a6c27d0f3551b7886aa11718c059b34b4e004f5e835e902d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 284, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":141,"beginning":{"parent":0,"coordinates":{"iteration":[140]}},"output":{"item":140}}', '\xcd78b42eceaf205503fab82ee3ab0da2c41e4f270d8fbdbef6d5db0a73f7ab07'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 285, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":141}', '\xc8b0db2c56c86dcd8fd1f6f1ef6a088eb936a6589968d0de74f93251cb2144c8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 286, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":142,"beginning":{"parent":0,"coordinates":{"iteration":[141]}},"output":{"item":141}}', '\x4c72b0e752bcab47fda760b4264fb05a89c70eac5314f92787f090d6b8204e08'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 287, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":142}', '\x67639a0808d8c44d802416f32d71fad1178a71f6834724e34f3fcbb099f29519'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 288, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":143,"beginning":{"parent":0,"coordinates":{"iteration":[142]}},"output":{"item":142}}', '\xb378d355d445b9cd3494ad7bd61545b211c74a7551a22b47f08c5ca588079a86'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 289, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":143}', '\x8a4d36300dbaa3b2f7edc07a23594bfe535cce7df0695d31d1bc89b1bdc96ea5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 290, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":144,"beginning":{"parent":0,"coordinates":{"iteration":[143]}},"output":{"item":143}}', '\x430ada20730118c150580bbddc428a0d887213e820f795b999b4abfb7fa1276c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 291, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":144}', '\x39ba6b2decc27cc50c3545bed3f954c16f012f13bb8e80c5db2c09fe84b6de92'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 292, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":145,"beginning":{"parent":0,"coordinates":{"iteration":[144]}},"output":{"item":144}}', '\xb2b2133ffd3e3bfea8909f8abac37705613cb01b165e0b6696d5792e056e7e0a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 293, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":145}', '\xb3580efe9a15053577a432d8dac825ff2e5a49df5e1b45de573a925c7e04bac3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 294, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":146,"beginning":{"parent":0,"coordinates":{"iteration":[145]}},"output":{"item":145}}', '\x13b7ac9079e4c1e6182369e9bbc16807410a00b8c332a38f94266b03155692d0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 295, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":146}', '\x21ce035f323ec716ec6edaedef7b843e9fb8db8f1889138a32e570a2ba639114'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 296, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":147,"beginning":{"parent":0,"coordinates":{"iteration":[146]}},"output":{"item":146}}', '\xe5849939ebb2ccd5df553a657946b3e41da4432f328fc3a39006529b1cf652ef'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 297, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":147}', '\x23fef122dcb58612d90a7965eb932b9366bf9619fd436feddedf754bd8c074df'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 298, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":148,"beginning":{"parent":0,"coordinates":{"iteration":[147]}},"output":{"item":147}}', '\x03a34aead15934ee34715935899511b26ac2ec223c3722ef808f625fe91b1d2c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 299, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":148}', '\x34c187460ffcaca95fcd203f317fee74d7bba6ac8c626d03c47cee32f30a6d47'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 300, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":149,"beginning":{"parent":0,"coordinates":{"iteration":[148]}},"output":{"item":148}}', '\x1874234194a3c7be1ce3e97c234ff9b82b0ea39beebeb83d650dbca87402b65c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 301, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":149}', '\x76e73280c173140caff9d49762c73b59ec41b8fa7dd0597b9adef607c9ebd7a4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 302, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":150,"beginning":{"parent":0,"coordinates":{"iteration":[149]}},"output":{"item":149}}', '\x964067946f7722fe7a5a4cc3b0111cc59207e2d973c5e21dcff9e8d09ccc2336'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 303, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":150}', '\x29236d833eb15745f22e163ae7046e77430ea2cd5b857e24b1b17c3730c58a49'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 304, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":151,"beginning":{"parent":0,"coordinates":{"iteration":[150]}},"output":{"item":150}}', '\x61aa785febac288a7e6f6ba516d17ad58052c9cf1697c8bb9937cd5c6791f80b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 305, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":151}', '\xfef1470a947371c02b53c42d6da86e6147dae47973225b3f890c6276b2571133'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 306, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":152,"beginning":{"parent":0,"coordinates":{"iteration":[151]}},"output":{"item":151}}', '\x23ac1ad7519ee0a7ddca3df708d6fc8c0b8ca4d586de03cfd0c2bbca0abeb71d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 307, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":152}', '\x1552584e3f6e067cc5ff08e5a531b534fce4c0a6430fad74dbfc467d08180779'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 308, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":153,"beginning":{"parent":0,"coordinates":{"iteration":[152]}},"output":{"item":152}}', '\x4ff89b7fe3d615aff271056e935b9a8a189e7eca22a53ad398c2f10610703a61'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 309, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":153}', '\x5c5d9bff5574abf1ea1a909bc4db0652a1aa5d3841f913c3a9c7ed66530f0478'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 310, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":154,"beginning":{"parent":0,"coordinates":{"iteration":[153]}},"output":{"item":153}}', '\xaf87993a427b3e6c9bf14de0df66e7ddcefebfe732cbbcabf78552dac4a3b591'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 311, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":154}', '\x4f0363e9ee85f209620c7632fbc474a7aae41ff01b6375f4f6d2e295fff7f13d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 312, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":155,"beginning":{"parent":0,"coordinates":{"iteration":[154]}},"output":{"item":154}}', '\xc5562cba737afea17082fe6c91e47a508a066f6e122b32f5440b83413fe5c5f8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 313, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":155}', '\x345e9755c623c14cbecb66d7125e59a0a08f5c8265406f53267ddf998f2d7a3d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 314, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":156,"beginning":{"parent":0,"coordinates":{"iteration":[155]}},"output":{"item":155}}', '\x70c79ba29ae8a167cc076a4f01515bfcd8b5d2e5b3fc27aecb8e559420c75907'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 315, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":156}', '\x19c59863c638e7d71dc701ca3622d551dcc5b8990c1cf66c01b8118e824dc829'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 316, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":157,"beginning":{"parent":0,"coordinates":{"iteration":[156]}},"output":{"item":156}}', '\x39a2d1d9c7ac4014f634e0e75d81d259bc2f538e6679e4a7863514f71468b60c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 317, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":157}', '\x82c06a85568ec0527a655770f17a99130e3526f7699382b9ea8b0e399b37c28e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 318, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":158,"beginning":{"parent":0,"coordinates":{"iteration":[157]}},"output":{"item":157}}', '\x5a40d804b89052f75164d80622035d84b6e555af50fa6714fac8fd4535e1c2d8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 319, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":158}', '\x64a9980dd4dfee72d2e8050dc8c44f2af4de0f667bf52b3cec7e980e138d328f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 320, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":159,"beginning":{"parent":0,"coordinates":{"iteration":[158]}},"output":{"item":158}}', '\x14fa01be5a5b8af1dd6bf32ad845448875f94e2255fee1b127fc06900c598262'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 321, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":159}', '\x8571a9612a442159eaeed439618d71bc4729198fc0047683990700af76c57058'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 322, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":160,"beginning":{"parent":0,"coordinates":{"iteration":[159]}},"output":{"item":159}}', '\x46a13346d5f90c729ab1c759da80d9308e173a601b2265bdfb63081bc0d63270'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 323, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":160}', '\x626c66db666df5222364fc468b70d6f2bbeabf69b3c8eea43c1e3f536a5e9478'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 324, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":161,"beginning":{"parent":0,"coordinates":{"iteration":[160]}},"output":{"item":160}}', '\x60551d616e6f7cf5d13dc819abfaf1e2302360d0ddd33778fce0413a4408e35d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 325, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":161}', '\x976d4a0058de7c26c5de9f8b74bf9d2a663fd5845982937f356b323580e96e47'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 326, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":162,"beginning":{"parent":0,"coordinates":{"iteration":[161]}},"output":{"item":161}}', '\x63fa3a09748eda44dba29ed24ad3a48bdfa5e5eceeb9be8ea806aaf4e3a0bbdb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 327, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":162}', '\x3ae8a0e68b5e36643c174df1306f91a41bebac203e2eea38aaeb1fc388a18bf2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 328, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":163,"beginning":{"parent":0,"coordinates":{"iteration":[162]}},"output":{"item":162}}', '\xfaf3b4680acf9199a4b5aab9648842c2b26746ac2383fc9c82c7e1d83de2c574'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 329, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":163}', '\x93054ff62fcabce2d19590f394c64d4b58ce2fffecd33572bc690a1f8e43052f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 330, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":164,"beginning":{"parent":0,"coordinates":{"iteration":[163]}},"output":{"item":163}}', '\x15de2ec779906a2af241f7a117390318e586bdadf47c68878dc5dc6bde7a82b4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 331, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":164}', '\x70390558312e3dcd4d50d59b2b9280033a7b9166bd021847595efb0958863c44'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 332, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":165,"beginning":{"parent":0,"coordinates":{"iteration":[164]}},"output":{"item":164}}', '\x99eb51a42c464b5ac9c38c0c2e970ce79218e5d106ba47c00b1ea6afe1a090c1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 333, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":165}', '\x21535aa394f96cf8c558c2bdb84727f134d6bba25c9b29dd8f49608e0e7dd9b3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 334, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":166,"beginning":{"parent":0,"coordinates":{"iteration":[165]}},"output":{"item":165}}', '\x007698f1147ff32557e7bd872bd73bb1bffa471dfd89bede1915ea9097cf9447'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 335, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":166}', '\x3e69962ed60122867c93e45fcb7019b17874a7389dcb18f781f905f7d22d87d7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 336, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":167,"beginning":{"parent":0,"coordinates":{"iteration":[166]}},"output":{"item":166}}', '\x5c499c86dd03d944f42d53d45bd9f86629c0eb843c29e3bd851c70e8ee1f6c43'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 337, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":167}', '\x7b6ed129ef3983ad380a3638bf3f707336f3cf6a3be69b07c58c210286a267ed'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 338, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":168,"beginning":{"parent":0,"coordinates":{"iteration":[167]}},"output":{"item":167}}', '\xed9e5b9bb41b871f5cebb188e4bb3650b99b836ae224cf92a198b49d764a0260'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 339, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":168}', '\x119484960668141118f9c32e239e4edd24fb67a271c9803d3ffa74f10dd185aa'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 340, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":169,"beginning":{"parent":0,"coordinates":{"iteration":[168]}},"output":{"item":168}}', '\x1dcf46a35d061e8fb44b94a92559512bdae1ced3ac5aeefddde7ac170fbbc908'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 341, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":169}', '\x2fb86d106f8c5c89e5bf587da5e82d0fbd707ac799ea04b2468bc8e78093253a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 342, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":170,"beginning":{"parent":0,"coordinates":{"iteration":[169]}},"output":{"item":169}}', '\x7bb6be8a25d2f1c76b3db2dfba5ef4f6168a8d4a3f9a7d833393096899fa5da6');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 343, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":170}', '\xbe246e2f4dcaf826fbb49d8a353d7257f43d2b736ffea7b83de05e7fff5b78e4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 344, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":171,"beginning":{"parent":0,"coordinates":{"iteration":[170]}},"output":{"item":170}}', '\xe09752154781af7e040cb4a08f3fc43e01ce52dab2ad8e2733da0d98146632fa'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 345, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":171}', '\x95f934df34c3b0ebd5fd6f80fedcfae543d8d49c2c247c305b77f47a11b9dd50'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 346, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":172,"beginning":{"parent":0,"coordinates":{"iteration":[171]}},"output":{"item":171}}', '\x524cadec99c2daebca44939ccec0d86dbb80fe782916e01a1fa4b0e492f1f44b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 347, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":172}', '\x46dc2fe81335ad39928e1c7484acb6e7b617aeeb611e0694a5d907c07cb71f92'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 348, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":173,"beginning":{"parent":0,"coordinates":{"iteration":[172]}},"output":{"item":172}}', '\xec12cb388ff4d17339e910486222184b6012425cd478eaa82b24c7233f5894cb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 349, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":173}', '\x4eac3507ddf5c768b302a4184a97911929b83087e8ccad28079511e3b169eabe'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 350, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":174,"beginning":{"parent":0,"coordinates":{"iteration":[173]}},"output":{"item":173}}', '\x5c5a39b1bb7f141af4f7582c239285afb683a976a4bdaf7ac22ba4a0158f7efb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 351, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":174}', '\x5271fa8f4fe4072bd23d3fc932bd2b205a45641b8034221fe8529294d063f1cc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 352, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":175,"beginning":{"parent":0,"coordinates":{"iteration":[174]}},"output":{"item":174}}', '\x1fc7cb9a8016424fcf20403777a0ac2bb099ed2a5c93a9d9c30b5b8a1c80cf4b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 353, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":175}', '\x70b3183a1d884096b659f5a76c3687cc35288d014600f361e5aa145cb8c93bdf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 354, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":176,"beginning":{"parent":0,"coordinates":{"iteration":[175]}},"output":{"item":175}}', '\x4136b4c679e3863ed2884ea0981af4d7c876bd85f39db380c8b4883d38da2506'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 355, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":176}', '\xbd93b9dd3302d9ec605cd6f7bea3788e2f4bbf875da725df9a79d1e2cff3faef'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 356, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":177,"beginning":{"parent":0,"coordinates":{"iteration":[176]}},"output":{"item":176}}', '\xca57255cdcf05202442bdc5b2483e8dd5aee81623a82347d0fa1b71e597c7821'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 357, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":177}', '\xd974915c9ac808c659072cd06fc06bcba7fe9ae7409727fd293c503f0b9e7ee9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 358, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":178,"beginning":{"parent":0,"coordinates":{"iteration":[177]}},"output":{"item":177}}', '\x8715e4f7dc9ca456199c439d9c0ceaba9e829e70ee31a4d4bcf3cafb6c740932'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 359, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":178}', '\x696cbe6ff468ed68a9680cb2c9458b6eaa0adb6467f0efa5238710951941f4dd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 360, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":179,"beginning":{"parent":0,"coordinates":{"iteration":[178]}},"output":{"item":178}}', '\xcc6e7aefea308bc8937a03a4d836d84ba2b50db6689594a6659ee0953b3c574a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 361, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":179}', '\x6a2dc77cebef1cde3f655e15480d5d200b437313bf82210b31129f613e08abd6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 362, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":180,"beginning":{"parent":0,"coordinates":{"iteration":[179]}},"output":{"item":179}}', '\x9065545f54576fd026d0abe6913d70fc82c10265a919ffbca865ebbeb65df02b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 363, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":180}', '\x7c0fcbccb5374c7d828be986a0a14e6e0a9c8c44c0c1e75f317c270f071a4933'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 364, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":181,"beginning":{"parent":0,"coordinates":{"iteration":[180]}},"output":{"item":180}}', '\x5b03b48466ccf4d05e329196d8698af0f7270c2c48d634214f6b3408c30a946d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 365, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":181}', '\x8afa0cf62a95243b0b663c11141a87610fc03173faf2db731130ce3beb60311f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 366, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":182,"beginning":{"parent":0,"coordinates":{"iteration":[181]}},"output":{"item":181}}', '\xf77f3d670d60ba350a1de682cf8e6e6399a962df343edacce21e20a8c8b4a1fb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 367, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":182}', '\x54d36fd48f8061a49ebd59b62661407d2dd654975c90b6844077d458a6940abd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 368, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":183,"beginning":{"parent":0,"coordinates":{"iteration":[182]}},"output":{"item":182}}', '\x11ce5ff75ab2c96fd7163ac9ae59644803efdbb3d477b610bf5a9acf73e30d49'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 369, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":183}', '\x5e83c5194c4f91eac99c2afd6f6c80bc4711f228ee87157f3b02052f599693fd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 370, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":184,"beginning":{"parent":0,"coordinates":{"iteration":[183]}},"output":{"item":183}}', '\xb5b4212a861352f7e29c651d96999e1b8a8dbca992a61344dc817a79853d721a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 371, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":184}', '\xccbd2741b7fb2f6963b09bad8b14942b6ebfa55968fbf5063bd3cf4355e2ae43'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 372, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":185,"beginning":{"parent":0,"coordinates":{"iteration":[184]}},"output":{"item":184}}', '\x3b350bd869fb4947f0590d7f3313b2f295113668a1f7f312e71b1e917ab2ffda'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 373, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":185}', '\x9fe1dc89048c99c387f6a3f65f11a0858c3512ec5fed94578b787f9c6d5ca34f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 374, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":186,"beginning":{"parent":0,"coordinates":{"iteration":[185]}},"output":{"item":185}}', '\x6867d91a9b01d28f2ffe0e9203aeb362f182a5be11558698036952e773807f37'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 375, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":186}', '\x4d32bb5c8595e27f3a780d4d353bb3dfebfdc8753c5cb7123fb3c332bfeb8eb9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 376, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":187,"beginning":{"parent":0,"coordinates":{"iteration":[186]}},"output":{"item":186}}', '\xa85f88918869c2776882993df28f2e937d2028ded20e2217126a4a8bbd6d9ce1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 377, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":187}', '\xf9b575b92fd73cc9cf95afbb3c7aeab5350dd5573b940645a995bb363e1e916a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 378, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":188,"beginning":{"parent":0,"coordinates":{"iteration":[187]}},"output":{"item":187}}', '\xef5db244952566b724b0585d47b8adfd07d229c706c1fc349a5528f5bbc9b6cc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 379, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":188}', '\x288cf2f2e254a001fcc8a5561c2d33169f1419b65a3668f1f435f5bfd6789e44'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 380, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":189,"beginning":{"parent":0,"coordinates":{"iteration":[188]}},"output":{"item":188}}', '\x3a491a4935aa0b8252f7e76fd8e967fbe3bf79bf3db39383693171b3efbd7c7c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 381, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":189}', '\xc555d461a7a38b0eb96441d5f262e11d8dd60977f8007cebd39014e5c088edbc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 382, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":190,"beginning":{"parent":0,"coordinates":{"iteration":[189]}},"output":{"item":189}}', '\x2b834a1ebe7517d338acea281dbfde25953d209d7ef0c127fbc8d8cb7c5d5ed6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 383, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":190}', '\x0a1082c8af6b06b271dcc23f112cbb2242db170812f3d86358be4f61b6a43080'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 384, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":191,"beginning":{"parent":0,"coordinates":{"iteration":[190]}},"output":{"item":190}}', '\x78d12cde1770e65026eddbb72f9d458c6d93a5416bac695b370381eed0d3e89a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 385, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":191}', '\x0f6dcf4f329707aebc366aff37789c0b194ad829bb5c116739c0230a6581f1c4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 386, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":192,"beginning":{"parent":0,"coordinates":{"iteration":[191]}},"output":{"item":191}}', '\x3a9a89a11c6dd2e0bf536843854dfd164a164fd0671a43d471f186426fc0e851'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 387, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":192}', '\x7bb851595097731bd4e9747cce0aef346f6380cd22063309143b9bfe653f417f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 388, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":193,"beginning":{"parent":0,"coordinates":{"iteration":[192]}},"output":{"item":192}}', '\xc547da440af7fd28399ccb66fbc82ccf84578252f85629b02955e3a302fdbd54'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 389, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":193}', '\xba2dc3cb25487d37606e819f43536eb3325bb765fd2f0af441a2d09201bf6eda'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 390, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":194,"beginning":{"parent":0,"coordinates":{"iteration":[193]}},"output":{"item":193}}', '\xcc2e7acb5630d9a2b73e40fa5be8b3864d8609ae8f6dc3f78f25e0098ee9439f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 391, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":194}', '\x651246fbb5356afec836bc868fbd6bafb7f04db40c278e1bbec85c64173eae93'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 392, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":195,"beginning":{"parent":0,"coordinates":{"iteration":[194]}},"output":{"item":194}}', '\x6e203dbc6320543deff6b998cd406a7eec80c2c7abeed331903ef06c3a7a3959'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 393, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":195}', '\x978ed750010d4c00f9f43d8d05769c7a758a3629a048bb6d3bfa6213f2d3b7c7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 394, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":196,"beginning":{"parent":0,"coordinates":{"iteration":[195]}},"output":{"item":195}}', '\x6f149b0a1c5e396ffc44bac62306705ccbd6c374a4448b0d03b4592b398e42b5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 395, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":196}', '\x50be55721fa5034d4bf2e607c483fb9af1547aa772cebd8d79fa1a4ac193f465'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 396, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":197,"beginning":{"parent":0,"coordinates":{"iteration":[196]}},"output":{"item":196}}', '\x7af65f44d0ddc3c50252b165a424197bd263b69efbf01c458c44d26d3fcee57e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 397, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":197}', '\x162f30209fe6ed032e66935e001362c8f44ac22a511664e1d41240a3a6f952d6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 398, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":198,"beginning":{"parent":0,"coordinates":{"iteration":[197]}},"output":{"item":197}}', '\x2fcdde891f822c7efa404e7dc0cca480ffac000d90c248d871b3ed2d1adbffd7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 399, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":198}', '\xa953c651fa5bbfda0ffab07ce85d1508074fffa3a639088452020a347406134f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 400, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":199,"beginning":{"parent":0,"coordinates":{"iteration":[198]}},"output":{"item":198}}', '\xc555c303b7f92c35541ee87706f94658a5cd963983909fd6ff5a2d41511ff8e5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 401, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":199}', '\x7484143bf26b04eca0ed25e8378e1240a4f42159532e7b166240ce6eb76adf47'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 402, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":200,"beginning":{"parent":0,"coordinates":{"iteration":[199]}},"output":{"item":199}}', '\x16821e4f7a7617ee1f038a115678625bf5ef80c0789f0799b3b039eb607f47a4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 403, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":200}', '\x5b3ac8cc192691348d704e8e664e0409008b3c25e7027ec434d5ed381d5841ed'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 404, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":201,"beginning":{"parent":0,"coordinates":{"iteration":[200]}},"output":{"item":200}}', '\x7e8bc1f6d0395a881600b6485c03e004de905b1d2f7c1f2375c03806db34e95a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 405, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":201}', '\xd9c2fda3ff1b579651b023d471fb08976340c7424c3c2240a2f8816ee067efb9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 406, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":202,"beginning":{"parent":0,"coordinates":{"iteration":[201]}},"output":{"item":201}}', '\x2bcfbd0cbff98e569505dd815a096cde385dd8ee09a1e02669e6e1a83c85adb9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 407, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":202}', '\xd5aed65c4249c5eeea7a236a1bb688c79644a019d6648c097c4b95b503d6f4b9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 408, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":203,"beginning":{"parent":0,"coordinates":{"iteration":[202]}},"output":{"item":202}}', '\xdcb8436f8a40669ea02d4615b44a2089c6b593da0d51e8423cace5598acd3552'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 409, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":203}', '\x9b9027cc69e051441b1fdecab97e5a78d3ef40e33dacf6a27207b1c174dada25'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 410, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":204,"beginning":{"parent":0,"coordinates":{"iteration":[203]}},"output":{"item":203}}', '\x96f5af3027421872cd336fbe7513f4767c3e8ce96fea2c7fbeae058523e4edb3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 411, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":204}', '\x26bef4570f1356a204096022a921138601148c23c85eeeddc59d6a57fcad66a8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 412, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":205,"beginning":{"parent":0,"coordinates":{"iteration":[204]}},"output":{"item":204}}', '\xbb70994c8df801135e499a70eb70fdfb05d889ae8a8abd7508eed71c5b8ba5da'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 413, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":205}', '\xe14819e657db839f3704a92e595aba15a09f215f1fbe16a784d2fe1c78fea867'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 414, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":206,"beginning":{"parent":0,"coordinates":{"iteration":[205]}},"output":{"item":205}}', '\x30517dda3968687d6e9acaa97289a723c698ef9ab9c58f5926ab5256a5396011'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 415, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":206}', '\x7297439722a6908acc375c4c9266273dca7a8382e113cffee59f8a9a5915a9f3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 416, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":207,"beginning":{"parent":0,"coordinates":{"iteration":[206]}},"output":{"item":206}}', '\x42980fb2f1ca434f21f55b2dc4fe9784d238ea1f6162ccce2400d6bd70b318c0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 417, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":207}', '\x2322e9cb67d7e2a9b88f563d1ba385a72b31a83310be9ebeec473a2d5fb72fa9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 418, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":208,"beginning":{"parent":0,"coordinates":{"iteration":[207]}},"output":{"item":207}}', '\x1d110f4fcb5a7c0303756c12b71e5461845de73d668da84999b856c3c0d46014'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 419, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":208}', '\xcc17c9bbc168ba3fcef1940b9ffc09faa9bc024fd1ed6caf30b2926ea69f9bd8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 420, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":209,"beginning":{"parent":0,"coordinates":{"iteration":[208]}},"output":{"item":208}}', '\x669d467a7c467c75e5d0ca7d519d964190837d7a509e0d67f201342b4628a049'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 421, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":209}', '\x9255f378096482adbbf4c15ced2df9e7bac8ee5ea3ee891d7838ef836d9d6a58'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 422, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":210,"beginning":{"parent":0,"coordinates":{"iteration":[209]}},"output":{"item":209}}', '\x580a7010348047f60b552dd2e639cfc17cf5baeba9bb63e7772a1b4ce09b14ea'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 423, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":210}', '\x4e5031b2abc841defbbe4b1625b3fbbc130465254e4a2ec58696b8dbb2985e1b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 424, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":211,"beginning":{"parent":0,"coordinates":{"iteration":[210]}},"output":{"item":210}}', '\x1424289dac88953a5b074c66c619e6b36ac5407ac11891723d48fe0380a33bbb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 425, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":211}', '\xc2a206728d9b390735b3768e6c0d5ad9d47372f033f2de183ea042ab22c1fa4b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 426, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":212,"beginning":{"parent":0,"coordinates":{"iteration":[211]}},"output":{"item":211}}', '\xda0f3ac85fb0904e35cf3f9f6fae113370bd4ab6a833cf9ebbaefd25271540b3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 427, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":212}', '\xdffd44a47e83b233b039b486ab184fcdea2d7eae5991e6f5b475c3ea127a1186'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 428, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":213,"beginning":{"parent":0,"coordinates":{"iteration":[212]}},"output":{"item":212}}', '\xc4fb44a4c1c226cba798f7b3af2a4767de910fb987b563e36b2bb3d4ffa678b5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 429, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":213}', '\xded3911466c5a18f7d3439f6d84d40e07b67c9bfd2169563608bf5e8af55fad2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 430, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":214,"beginning":{"parent":0,"coordinates":{"iteration":[213]}},"output":{"item":213}}', '\xacb052c6b74632f02da508799c1bdbb1b8ecf875d127368e4068357654ad713a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 431, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":214}', '\x2aa541c26d161182d45630ef1489839880371a31dbf6ed0b9a1a3e7a46832a57'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 432, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":215,"beginning":{"parent":0,"coordinates":{"iteration":[214]}},"output":{"item":214}}', '\xb556d85d472ba3ad5a0f5227c718c16805217b5fceb620ca661b606c606f2a37'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 433, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":215}', '\xd295ea4ba52b3f3f70f985b53aa2fd6c7a6da5eae1f1d77f998d1312702fbc4c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 434, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":216,"beginning":{"parent":0,"coordinates":{"iteration":[215]}},"output":{"item":215}}', '\x0828eee4320e4e6399ebb3b0d9cd314dec1fc30cd0f1a15c7e3e5e007d2ba6bb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 435, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":216}', '\x0d2c15a6773b0afc4d7093c50e121b35e1131fc71f8ee786e2bf8f43a85ce97d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 436, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":217,"beginning":{"parent":0,"coordinates":{"iteration":[216]}},"output":{"item":216}}', '\x53cbace0b07b07955a6623b77eb91b9b503df3f9568f97ae193f3be41f6fd1c3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 437, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":217}', '\x2e292866d5b88dc725d269c0621b5444ab3811ddc0a31f45bbabe535e5e4da1c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 438, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":218,"beginning":{"parent":0,"coordinates":{"iteration":[217]}},"output":{"item":217}}', '\x373635663f59eb8da649c91080ff0eeae0706da066cb9e7a96a9d4610be5dd5b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 439, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":218}', '\x6d353803eb6dfca1c6c7c1f9fdae519332fb6281936624e21702f4b4ff42c5bb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 440, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":219,"beginning":{"parent":0,"coordinates":{"iteration":[218]}},"output":{"item":218}}', '\x203f8e6b24cc1e6b3d4cb1d6fca1c030e9fdab2f4dc5094e9cf042e118ed6203'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 441, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":219}', '\x51b14fae245ee6c85e63d6211f855b8967c59f70339646023b4acd0a430b228e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 442, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":220,"beginning":{"parent":0,"coordinates":{"iteration":[219]}},"output":{"item":219}}', '\xef1598f549223bb1eb9f3bbfa65053e5a1be6b18d797f56def70722915552f5d');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 443, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":220}', '\x396c1aec4cadd28160093ed17119c50cc1c0f655716b181b05ec6a644b41b2b9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 444, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":221,"beginning":{"parent":0,"coordinates":{"iteration":[220]}},"output":{"item":220}}', '\x411d1a13dc10c947fe9a126860ef8b76338c82a79853b9a5ccb406573febff6f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 445, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":221}', '\xcbc24c7b9d65087b9c5e904b3235e0cc8189eb78de9b14b61b7147573588f8e2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 446, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":222,"beginning":{"parent":0,"coordinates":{"iteration":[221]}},"output":{"item":221}}', '\x71d96d0294395b8428e1d382b19db6ee7219ebb465bcb38a9788bf7318d7e1fe'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 447, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":222}', '\x46a9332748a14e2811a8a35fa668b87153bac39bac769d15a7700b3ed0df3e50'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 448, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":223,"beginning":{"parent":0,"coordinates":{"iteration":[222]}},"output":{"item":222}}', '\x129cec8c29ece431951a6df1319ffdebb0e35349968f0be9fb32237962549588'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 449, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":223}', '\x93044ccf32642c105d9c6b08b3832d825559438baab13baf4b785e8a00da550a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 450, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":224,"beginning":{"parent":0,"coordinates":{"iteration":[223]}},"output":{"item":223}}', '\xcf7e263b111ef7b1d05d8bf71a3ae886f2420ae8ee931f69a42f3d13713ae8be'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 451, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":224}', '\x454cb7419d3bc4f86f801b101b7749af37f8364db761a14bec6ff70202e5f04a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 452, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":225,"beginning":{"parent":0,"coordinates":{"iteration":[224]}},"output":{"item":224}}', '\x94d0ab9ea8d3f5c0fa67800d43dc20e1369aa0a35962db20f7d657a4dc625ab6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 453, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":225}', '\xb0c89c6f361e3a5cee514fda368246afc613bb6eebec15c8b74744f635659bf3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 454, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":226,"beginning":{"parent":0,"coordinates":{"iteration":[225]}},"output":{"item":225}}', '\x182edeeeb8c3f33eb6566d599d1ba64fe9dd89aa673039b7e909f14c3d6ae8ce'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 455, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":226}', '\x00bea06d6952643986ce75cd3c047a2bcbd9ccc0abdbc38717f186913896bb1b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 456, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":227,"beginning":{"parent":0,"coordinates":{"iteration":[226]}},"output":{"item":226}}', '\x94c8d6d2417c35b2c53979309f2a41cfa0660ca6ed893d561615924d7190b41e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 457, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":227}', '\x677adf8659830180583af4f25b4e61b7f215db1c7958a0b9ffc4cdf1c6aa6437'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 458, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":228,"beginning":{"parent":0,"coordinates":{"iteration":[227]}},"output":{"item":227}}', '\x487139bab77262ea550e47a608c121a6441b3065860d17be89f8433d5e1f5e27'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 459, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":228}', '\x7f05677bd199f84437d6012f9d7946730b675003955a852583dbaee54ac1d18b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 460, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":229,"beginning":{"parent":0,"coordinates":{"iteration":[228]}},"output":{"item":228}}', '\x1f1faa43c908f672c3c624188be064610fbd4cd93c43350218dee02e1ac3ec03'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 461, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":229}', '\xd80157a5333fc2d50d16367564106ad2ffff964c11d0983b2af0c1a8ca8a8a69'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 462, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":230,"beginning":{"parent":0,"coordinates":{"iteration":[229]}},"output":{"item":229}}', '\x86d02e513f2d044685fe768975ba786622ce63785dc527fd58962ad23be2e340'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 463, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":230}', '\xfd6270e2b28bd9618f5efa7ea10175c64c5a4ad1a702b650b3e08b0d443e8aeb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 464, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":231,"beginning":{"parent":0,"coordinates":{"iteration":[230]}},"output":{"item":230}}', '\xc6cddb64bf7d8a617de5b75de4394dc147c7a5690380ff60575da48a89230e76'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 465, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":231}', '\xf0b890a589b37b79238f7eb697f7fd9095149221ed0e6570fccc52541abb55d8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 466, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":232,"beginning":{"parent":0,"coordinates":{"iteration":[231]}},"output":{"item":231}}', '\x354da576f22743641722c9f442191f1ef6433ced57b771dc2f73116a0825edf3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 467, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":232}', '\x9ad9fa106120fe5ac31eff0d60eb0d7caf26dff7992663f947b0a3e62865148c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 468, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":233,"beginning":{"parent":0,"coordinates":{"iteration":[232]}},"output":{"item":232}}', '\x3209761adbddfc5882837d40466aa808754c4234f7d58ed6b241d7fa00330177'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 469, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":233}', '\x3515664efd52c664ba433e070c7d112740f483c81b1d47785a04b2eee865bb25'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 470, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":234,"beginning":{"parent":0,"coordinates":{"iteration":[233]}},"output":{"item":233}}', '\x876041dbc073b45211c1a23143fb4841bf95fdcbc116655b77c4c02ca6433064'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 471, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":234}', '\xcd2560702198f29745f2a27ac30401d5d25dc690e90ad5b724787eb281a17f0c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 472, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":235,"beginning":{"parent":0,"coordinates":{"iteration":[234]}},"output":{"item":234}}', '\x3827100ddcada518927dc6306a7509916a500c6d5c33a9a13e695e47f1d48aae'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 473, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":235}', '\xbb5ae8a49d7f3f4cdafdbc859279b993687dd58622cb5e23a1c5a044cd97c550'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 474, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":236,"beginning":{"parent":0,"coordinates":{"iteration":[235]}},"output":{"item":235}}', '\x7a18ace04ec6313880fa0e84ea0010e698d933bd2de02d2cc544bf17db2ff19f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 475, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":236}', '\x4ddfb0d16a21381ac841e69d738cca43aa4e71c9efca00639a5045ba646376d1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 476, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":237,"beginning":{"parent":0,"coordinates":{"iteration":[236]}},"output":{"item":236}}', '\xfba9376462075c8ca5c20790953207aa428869966a9b04e82ae70d324780ed1c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 477, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":237}', '\x1d72fa8fe161286b551f538dd44b3f94f87a0de13601bf7345d77b937c2d7a09'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 478, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":238,"beginning":{"parent":0,"coordinates":{"iteration":[237]}},"output":{"item":237}}', '\xa13b3db861af385d7c2c691a94ad919b656f4f0b458855f0da9e48cd36d0001f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 479, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":238}', '\x0d3b107639c3ca9da00e924806dd711f6f0b844277b422117dee7d3e026b308a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 480, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":239,"beginning":{"parent":0,"coordinates":{"iteration":[238]}},"output":{"item":238}}', '\x10335ee1efcdcce25f786505b52a42b203c53fd07499e3bc73dcf70b6d0592e5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 481, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":239}', '\xb3bc540c047db4f35b2d1034a5263321fc5bb129775837418c03e1ff4073c876'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 482, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":240,"beginning":{"parent":0,"coordinates":{"iteration":[239]}},"output":{"item":239}}', '\x691c34f843ca488c09e840f673fba4066a4077143cab6b9ca225db13d9c193b1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 483, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":240}', '\x80147bc2eaecf28ecb79f8c8bb3cc71633e4742e390b94e11d1adfbb48591952'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 484, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":241,"beginning":{"parent":0,"coordinates":{"iteration":[240]}},"output":{"item":240}}', '\x4c662faa39fd2ecb236e70c11ac5d246ef653250ab6d72a2396e7a74c907bb32'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 485, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":241}', '\x5ac0247f14c6e904ff9c870385592d7c0639986fc37049fe70dd82943c90e858'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 486, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":242,"beginning":{"parent":0,"coordinates":{"iteration":[241]}},"output":{"item":241}}', '\xf38fe3e799f28038f334f32e1160b959edbb4eb9240dcfc658e904dc52ad37c7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 487, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":242}', '\xa58a1f409279812d04cf7a4f6e0dc2531f043ef06928483d73565e9bba63fe15'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 488, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":243,"beginning":{"parent":0,"coordinates":{"iteration":[242]}},"output":{"item":242}}', '\x546b576ac00a8cb320caddaeeb958f89a19e7af3694dd74788d28a0a9e79f907'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 489, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":243}', '\x34b417e6bfe11b97610f088c4537fa2bcf1a64fe96530b903542a4891d0c13e7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 490, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":244,"beginning":{"parent":0,"coordinates":{"iteration":[243]}},"output":{"item":243}}', '\xb65642a95c723ef9f3873703988319f52be1099d7ec4e32195c2c779f9a28913'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 491, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":244}', '\xcad24c034da85a54b867d4be7df3dd126badef982c7ab4c2b9d76a54dfdb1eb2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 492, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":245,"beginning":{"parent":0,"coordinates":{"iteration":[244]}},"output":{"item":244}}', '\x3eba40f61fa6c3b5907387c87c8971fa585032df7333a9280daeda2c0971319d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 493, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":245}', '\x5f4f1e4f48e2ccb34daadddd97352da69f6bbeb4a6401d03a44485ae175d9535'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 494, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":246,"beginning":{"parent":0,"coordinates":{"iteration":[245]}},"output":{"item":245}}', '\x428adad1fa8d598694b0ca615064088df33bdd27f05dfec01118c6587d1e3974'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 495, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":246}', '\x04ba9ad82471488682ef47fd1e1562da56cdfaf52e17a93d76a3d423e85d6966'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 496, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":247,"beginning":{"parent":0,"coordinates":{"iteration":[246]}},"output":{"item":246}}', '\x8833213868d5475bbec67a32fcb4f98a67ad7b24603d98533f4eaeb879fe98b8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 497, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":247}', '\x709e8d9990e13358add928d93f6606230beeeadc565f844a568b3ad243152460'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 498, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":248,"beginning":{"parent":0,"coordinates":{"iteration":[247]}},"output":{"item":247}}', '\xbaf119266d0601eb16691d7d56dcbcf02dc2598a218de535309634e5676613fb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 499, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":248}', '\x2aeee4491ea44c5eba3791a90e78e7041e83132cc27251eaa60167296daaf7c8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 500, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":249,"beginning":{"parent":0,"coordinates":{"iteration":[248]}},"output":{"item":248}}', '\x6e66ba0cc09760463bbd4a72e61a0de10ea4ddec7febf61b53ba41d5b5b08ac2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 501, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":249}', '\x97cbf5299eef83c2c6452fb62faafb4c3e090b588a011808eff70ff2b86d7e56'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 502, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":250,"beginning":{"parent":0,"coordinates":{"iteration":[249]}},"output":{"item":249}}', '\x68be3cbecdcefbb7dd4d8cf301382faa0c362835d6f04cf223f6f309984d02e8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 503, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":250}', '\xd3e9029b9047fbe406cad6f740d2c3974e2594d0859609f1f9d21d92424eadc4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 504, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":251,"beginning":{"parent":0,"coordinates":{"iteration":[250]}},"output":{"item":250}}', '\xe6a3c57384841cea18e2a432e8321424bed59671069682cb5f779d80492ac63f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 505, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":251}', '\x5c74143128b3cf7f4d08e32d5ee2c30432a6c0651250fa43c072af96b66ec0ce'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 506, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":252,"beginning":{"parent":0,"coordinates":{"iteration":[251]}},"output":{"item":251}}', '\xf22305bf2c86df8847335372bccaf745e7d2d65bbfffc0792f80d375b7e14a24'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 507, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":252}', '\xf6d4312b1a7dc9d7b209bc3f147b0a391ded7a452a4831f28da01de37e722af0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 508, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":253,"beginning":{"parent":0,"coordinates":{"iteration":[252]}},"output":{"item":252}}', '\x497bc14d06b78ece118c799acc595a34ecce2b834e8ae5fa96531d47738e7bdf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 509, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":253}', '\x81ef16fd0cd8dade38107935644123019af8d4e2ea403e3332737ff3ca85f782'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 510, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":254,"beginning":{"parent":0,"coordinates":{"iteration":[253]}},"output":{"item":253}}', '\x91b5ec340ad8ed2c5bd0648e781cd0fdb1bd3004f34aeebaa5d4434440e477fa'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 511, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":254}', '\x5c74dfef87908d2afae7d0a20796a8478b94ccc09c72f814d6ce1055c042b6ff'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 512, '2026-11-30 10:11:59.308956+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":255,"beginning":{"parent":0,"coordinates":{"iteration":[254]}},"output":{"item":254}}', '\xd7a0dacdf2e4c614d442fcbecd62b76b55f3e047168486eccbd8f8efda22e9ba'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 513, '2026-11-30 10:11:59.308956+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":255}', '\xd62b1633bba1b81e5c3ec548c2bd027315dd5a5dee67b014d03d89f6ad9c9ed7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 770, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":384,"beginning":{"parent":0,"coordinates":{"iteration":[383]}},"output":{"item":383}}', '\x04c4ded3e3ebe6bd9c89cb762e077c89b07ca6bbe2c1eb0e1dedcf8471b2123d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 771, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":384}', '\xb0d2be49b7cca18da0f6b223a7711fc6a2ca833066cb1bea45cd937f5324e455'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 772, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":385,"beginning":{"parent":0,"coordinates":{"iteration":[384]}},"output":{"item":384}}', '\x099ecf90dee830873d20a3f536a0f58e44f4330b65d4ffabc5849fd0cc501089'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 773, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":385}', '\xbc50ee07117b889f0705edb4e9c67af10745c4092d832767e15c69d2bef663f6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 774, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":386,"beginning":{"parent":0,"coordinates":{"iteration":[385]}},"output":{"item":385}}', '\xfcd20dd3815023e0dabaa0bab59b7ff1d01cc93edb00b8c850c563f20b4e9c2a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 775, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":386}', '\x8e63e7fd4e7bbe6bc63ddd329687747087b38b441dbfbee389ccc802d788b7c6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 776, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":387,"beginning":{"parent":0,"coordinates":{"iteration":[386]}},"output":{"item":386}}', '\x00fe190c3a65c42d9af72a58bc0545d10c7490c43c1a5dde74afc483101008f8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 777, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":387}', '\x120a2689e2b3d2402f72030c16ef54729fcfbd8f13d6d52b3c9377d765e2fbb3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 778, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":388,"beginning":{"parent":0,"coordinates":{"iteration":[387]}},"output":{"item":387}}', '\xb8c6ed46bd829042a9355cf2bc751ec286aff3b335a0c5571d0055c17f328f93'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 779, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":388}', '\x91597d16b1b7fed67a6731fbd8d25a82716d946ec0bf326e7f6481bb288c7823'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 780, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":389,"beginning":{"parent":0,"coordinates":{"iteration":[388]}},"output":{"item":388}}', '\x9546746ee9ed3fcda3d52f3a010d9755e4aa999029470e93dd91dff55bfb8846'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 781, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":389}', '\x37ff13366417b4e77a4439d0a48b28e2853f59281edd6c63dce55b5b8db0337b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 782, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":390,"beginning":{"parent":0,"coordinates":{"iteration":[389]}},"output":{"item":389}}', '\x40893509420db104e4f60b443e44a57e544269b6f5d2968a2150f41abee0b7d7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 783, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":390}', '\x32ef0a45b3b511a18a7782b91c2e0ade6b2346e8d7ee7cbf181a004dd07988c2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 784, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":391,"beginning":{"parent":0,"coordinates":{"iteration":[390]}},"output":{"item":390}}', '\x9678d6bf8355fe1d202ff051c9d8f31c2e2ebb6c5bd526900b8e4282abc568c7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 785, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":391}', '\x683b08193a7bed663b34d43a326edd399e0a6c265578fea990ecf16337df4026'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 786, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":392,"beginning":{"parent":0,"coordinates":{"iteration":[391]}},"output":{"item":391}}', '\x1e9acaed1dee43b8c3b1384c00ab57251eb89c6e72cc0c03b9efdea1c39e4e59'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 787, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":392}', '\x8f087a9c2f5886c16ef2b2fd276c1a8cdcc5469ac48c73980c34148a84923112'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 788, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":393,"beginning":{"parent":0,"coordinates":{"iteration":[392]}},"output":{"item":392}}', '\x0c0fd72e6b1783f8e0fe1627c0c578f6788df146e840abffac494c36d9a96758'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 789, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":393}', '\x77e7d741827f9daddc9ce13f8903ac513c3ef78c5d846fb6566bc9c228fcf809'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 790, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":394,"beginning":{"parent":0,"coordinates":{"iteration":[393]}},"output":{"item":393}}', '\xe2e6d7c812e6d0a64806e669e1b54479a348cd82187efca5d47d6e00735c5f8a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 791, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":394}', '\x22b4092faf7b6f8d1a31b490daaa3deb168f702974b823444ee810a8d4d5da95'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 792, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":395,"beginning":{"parent":0,"coordinates":{"iteration":[394]}},"output":{"item":394}}', '\xc51e900f553148813be687a84ef70dfd69ede2cb0dae611eba45727bd1416f96'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 793, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":395}', '\x7682dd101950e6dd16f3f6a40e1fd9d028859cfac70ce0bfa17cf062d074963c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 794, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":396,"beginning":{"parent":0,"coordinates":{"iteration":[395]}},"output":{"item":395}}', '\x76288de0a744b35f29b11f336ffca9c8f988ec44e7bd22172f0549e873a1f5e5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 795, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":396}', '\x2aeba96cf6c830c4b3b1c14890971b37506b10de7b6d29aa2226edf3e402e9d3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 796, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":397,"beginning":{"parent":0,"coordinates":{"iteration":[396]}},"output":{"item":396}}', '\x3c94689db15e096de41aebaa157ca0b4dbcb504a64cd78ada8c854e74763a9f6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 797, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":397}', '\xc51c204d03c2d0d63f9a56615786f935ce48dd0fb6a3218db5b2f54810acc3c6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 798, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":398,"beginning":{"parent":0,"coordinates":{"iteration":[397]}},"output":{"item":397}}', '\x00f393fbb3edcca1c38ced7001aa258382e89b2d54ed3f967eb945128d960876');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 799, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":398}', '\xf04a1eae07d4f73af87bc0b35a7fc231b236f87ecd959bc802c8705c953e0f15'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 800, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":399,"beginning":{"parent":0,"coordinates":{"iteration":[398]}},"output":{"item":398}}', '\x88bd24299755bb730dacfe26a87955118b7a77e9354fc4bd3d8d8c83a35503d1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 801, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":399}', '\x7841ca5254ddc0f062b9895f25d677dc51fe0b86eebb85a231947559aa3b7d72'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 518, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":258,"beginning":{"parent":0,"coordinates":{"iteration":[257]}},"output":{"item":257}}', '\xa90e9cd488f0f19d44ef1f84887d516a70074ed081865fc7d5d370a9d1a0a836'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 519, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":258}', '\x6a127eba20dd102073a439955275044fa8c6d7340881347244f04cc61ae53e66'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 520, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":259,"beginning":{"parent":0,"coordinates":{"iteration":[258]}},"output":{"item":258}}', '\x59c9ddbf7a570c12822116077385ddba4ece221193262f6688ab7725521a5a6a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 521, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":259}', '\xe0b26abbd88768e9ee950a7df66e09cb331cd3b3112b5c60b3461997ee6e91ef'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 522, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":260,"beginning":{"parent":0,"coordinates":{"iteration":[259]}},"output":{"item":259}}', '\x4163ea12048091bec67cddce24c6a06e619b9870f0f4fc76801adac9555d7cc9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 523, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":260}', '\x78d2d0adab77d86f117116ec939e9fea4e7e197badfc53b908214fe5aba804fb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 524, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":261,"beginning":{"parent":0,"coordinates":{"iteration":[260]}},"output":{"item":260}}', '\x63334406e61e50ad2765cd141f14474e1e0e7724b513f3220f4f6a1a125f3dd1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 525, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":261}', '\x98d73ff113f07e58a3c43e54995e2ef66ebdc8b8a084bec7287aa770735e4c67'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 526, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":262,"beginning":{"parent":0,"coordinates":{"iteration":[261]}},"output":{"item":261}}', '\xef7527c2f347dbd0cf26e51e4b9480c00e4b2e7afbe8d771f80311b3dbc6b8e4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 527, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":262}', '\x0c337fee99bbb90f52dde6b5f34f5056cf813871aa309b51045b573fdc95740c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 528, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":263,"beginning":{"parent":0,"coordinates":{"iteration":[262]}},"output":{"item":262}}', '\xc256362d805752e7f0237b8c65ed5f9baa5c5764e3157b3184edf85aede5bf4d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 529, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":263}', '\x2a1e67fc422b7afe04083a30fda7974c82392f0ab769d28d88a72c3fdf95c2d6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 530, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":264,"beginning":{"parent":0,"coordinates":{"iteration":[263]}},"output":{"item":263}}', '\xab3eb35afc548dee7b5518ddc7a1a1c7362f547e10f4c8ca8805817a08ed4d39'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 531, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":264}', '\xd350b4b30c68aa5810289a03543e01ebb2984a21612a7bb77c13f58802f675f1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 532, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":265,"beginning":{"parent":0,"coordinates":{"iteration":[264]}},"output":{"item":264}}', '\x575fb312922e4ee0b2f64788eb0c53413233e2ed43c20d6703855ce076bebe86'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 533, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":265}', '\xc2f4853f0c9d93389557762c83427f9ac26f7f3ed186b7d6231196f9001e4b3d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 534, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":266,"beginning":{"parent":0,"coordinates":{"iteration":[265]}},"output":{"item":265}}', '\x2eb5b335d283029fc8af44301fd3f409a40895d8a12ab7b26d6b3f424cc1d2a8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 535, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":266}', '\xfb3028f7b2507235b136cf894674ece504773595cc23e8a2c5ab3e4b63a502b6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 536, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":267,"beginning":{"parent":0,"coordinates":{"iteration":[266]}},"output":{"item":266}}', '\xe48916c77d82185d96fa81a77fab72fd95ce26ee1259aba57d8fd7f99cfdbfe5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 537, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":267}', '\x7134f7631aadacd3ff1f993e46332c5f813547d028a41b712ed6326588767894'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 538, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":268,"beginning":{"parent":0,"coordinates":{"iteration":[267]}},"output":{"item":267}}', '\x8878e77e803f3207a7b3803e96d9f47019545dad53c28b85d6f5cb2c4b727d6b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 539, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":268}', '\xab9cebdba2e79c8498478529726528844d3539514d8304798dc548f9a8ac316d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 540, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":269,"beginning":{"parent":0,"coordinates":{"iteration":[268]}},"output":{"item":268}}', '\xe27dc90f475f422e07be28246138009fc34fc4c3c3fbb1f1bfe14b8a4e5281ef'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 541, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":269}', '\x5e64730532b20abd0bda9d864c947856621cf7dc47165d5fb3a283c325bad178'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 542, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":270,"beginning":{"parent":0,"coordinates":{"iteration":[269]}},"output":{"item":269}}', '\x7f10f4e2d34b2f4b2bbfd9be42d35e510c5c2350405e0bb5f764c55a416e818b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 543, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":270}', '\x4ed7c4f4a8e1e34da1158172ca9490a4c7d946943ebebf26323d97f5c10177d2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 544, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":271,"beginning":{"parent":0,"coordinates":{"iteration":[270]}},"output":{"item":270}}', '\x531f92918c951b10758dc2e3877c3077220eceecbf79dc600518e983711c1132'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 545, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":271}', '\x6b92170f9dcc98f30b9dc6eb61e9509efcb4184d363a8697830200410f4d4870'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 546, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":272,"beginning":{"parent":0,"coordinates":{"iteration":[271]}},"output":{"item":271}}', '\x4252830bd04e5a9f13ce1d8c9b7195d07fc19b92aca9b38aa15a4b5219302c40'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 547, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":272}', '\x15582efd4f51a82c5884c3afac96a9f184180f0264a76e40e165785d5f483f73'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 548, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":273,"beginning":{"parent":0,"coordinates":{"iteration":[272]}},"output":{"item":272}}', '\x8ccc57d853d46b5af67d24209906bc0f8b1456e35d6fe8ffaa5ef5a08104c957'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 549, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":273}', '\x98da2fee79bce20f0f3cfba58b889993ca3e565fa5ae2742bce228ad32fba47c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 550, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":274,"beginning":{"parent":0,"coordinates":{"iteration":[273]}},"output":{"item":273}}', '\x5238b8306840787de2a687d9110cf986ea67590459166ceb4b2582848da4a1cb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 551, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":274}', '\x62ac6ed8ff14a57397ab7547fcf657748082fb5da8a27b863e505fd6361fbeac'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 552, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":275,"beginning":{"parent":0,"coordinates":{"iteration":[274]}},"output":{"item":274}}', '\x83313b6497db62ae6bf815f4f2616fda5ce807080c54e5a9d3f7e2eacb72d76b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 553, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":275}', '\x6dd85b6795cdded1bac32e1620dff8d737a185430a079ab7a48800e6dad1c572'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 554, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":276,"beginning":{"parent":0,"coordinates":{"iteration":[275]}},"output":{"item":275}}', '\x10605287acba27bf026d6014408c0c6da29b5e2e24dae8146b0b5eb28b22c321'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 555, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":276}', '\x6bfc4449b7ee0484586c5f56d1e74cd8753d09909111e321a8e6d1cbe849e595'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 556, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":277,"beginning":{"parent":0,"coordinates":{"iteration":[276]}},"output":{"item":276}}', '\xc3ecd05a11cbe2ad97cd8db4da4d9bfa36fa11a5ffb25b4311c9dab011953319'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 557, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":277}', '\xfe60e50e0392b6beedf658530917e546a6daa9a4d881f8ab27cd13bad1035b58'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 558, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":278,"beginning":{"parent":0,"coordinates":{"iteration":[277]}},"output":{"item":277}}', '\x010a460341278fe6e78457c8489e8086031f576153277bb0f9b17d798bf0805c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 559, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":278}', '\x21561757e8e21b954685d17006845435e92b83d699a4ea1a116354cde12fd6ef'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 560, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":279,"beginning":{"parent":0,"coordinates":{"iteration":[278]}},"output":{"item":278}}', '\x4cd7628f89baa95d9762989aadbc22b6870df31b6a51f54b8062e82179e8bfd7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 561, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":279}', '\x6db292aca9bd40fa1b23e08913543e0f893c8413d583a4e85fe694114b445b8f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 562, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":280,"beginning":{"parent":0,"coordinates":{"iteration":[279]}},"output":{"item":279}}', '\xd16d32a526c0235e4d2bf183e09d868152bfa7ee2f03749d2db4caede3eba337'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 563, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":280}', '\x29951834fe797ab03a4d0930d6bb2809f4a5e63faa0b15ff5681f5c6c07aaedf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 564, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":281,"beginning":{"parent":0,"coordinates":{"iteration":[280]}},"output":{"item":280}}', '\x2418362f51200c6a06ea56a450acc3b0c42500c007ee52a145afaaedc97b1fa0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 565, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":281}', '\x574e49e12dbe72fa07f2242df873d92dc878a70c1bbf8a7dcc934b45b9fc74eb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 566, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":282,"beginning":{"parent":0,"coordinates":{"iteration":[281]}},"output":{"item":281}}', '\x422dcf16a20672f9cf057cbb8e9fc0cf95e3d91409a056f86118f874cafb09e0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 567, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":282}', '\x64c79f8ef04f00500c6df957820fb89a27e7e0464b0ad68ca828d26c7f0bf982'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 568, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":283,"beginning":{"parent":0,"coordinates":{"iteration":[282]}},"output":{"item":282}}', '\x7570e8cd67be195713076430701fc2d7985f5f69a518414db6e9a003fdde8d5b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 569, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":283}', '\x224ba19400f0641cb02a1a5161a8571163b2046e4164cc5557ec6f96c94130ff'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 570, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":284,"beginning":{"parent":0,"coordinates":{"iteration":[283]}},"output":{"item":283}}', '\x6c9b34b5335dc972a14e0c45b68d8c66d28967ec9e9cd2bcccbdcf7aef22b9a3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 571, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":284}', '\x0f092043152f8a41cb277b029ed5c5526585754dd9225a7095d79b2530046c57'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 572, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":285,"beginning":{"parent":0,"coordinates":{"iteration":[284]}},"output":{"item":284}}', '\x4d817bf4033eb0c69dd66d359dbf35ea7de161d706177928c390cd1f6d7c63be'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 573, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":285}', '\xef016607dc6eba0ab6aa2eaea6540dcf6ed185f2f3d7f27f3a59eec1cbaad3dd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 574, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":286,"beginning":{"parent":0,"coordinates":{"iteration":[285]}},"output":{"item":285}}', '\xe9464c4864ac79e75f4ba389c0bb6ad892394e0881ea5fc01eb6d90ac0cedd94'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 575, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":286}', '\x46c11c622a916fc9fddfb3041641e686dd7be5551e6caa26aa5424cf07e4d703'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 576, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":287,"beginning":{"parent":0,"coordinates":{"iteration":[286]}},"output":{"item":286}}', '\x1fc2da6e42eeef9e0dea277a403e209214904a6aafc998321b8055a8c219575c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 577, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":287}', '\xb8e29034163aeb14a4173c8df14219c67b4812378ed075f40c4838ad24ba4f81'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 578, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":288,"beginning":{"parent":0,"coordinates":{"iteration":[287]}},"output":{"item":287}}', '\xbb7ef18ec53c5387904a104fa9d7ed14bf3f01059e3502a42d8c347b42cae0da'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 579, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":288}', '\x2a0cb710632baa7aef340fbaf036966310a3c6520a26785e1cd7aaeace4b40ee'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 580, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":289,"beginning":{"parent":0,"coordinates":{"iteration":[288]}},"output":{"item":288}}', '\xf542d55a1eb8f54dcb0fa240d75f80c2e470f5e4d2297bf39e9d252a0b2241bf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 581, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":289}', '\x2d9e4841bc5f14ea3da306f60a828ea012269a4b9a6474c773c4e2d3279d7cc0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 582, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":290,"beginning":{"parent":0,"coordinates":{"iteration":[289]}},"output":{"item":289}}', '\x2c21e5b3e6e14d1ce8ed00881cab00b179e58aed35ce3d06a4b8a01d79b6f51c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 583, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":290}', '\xdfee6fd16df0cb97500ec8a372c98368109d15ac23581475fda435ee8f44b8e5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 584, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":291,"beginning":{"parent":0,"coordinates":{"iteration":[290]}},"output":{"item":290}}', '\xeb239bec815d124f5cc114e3215f45980999d1a8af4f469c190d142793dd8f4b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 585, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":291}', '\xabbed8210db78060fd9c689b522578f499e011484cc246a2c36ee63d10a070a8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 586, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":292,"beginning":{"parent":0,"coordinates":{"iteration":[291]}},"output":{"item":291}}', '\x2dff889b10ac8ca0851b3fd0528fed1953afae4a5dcc4ad84812403a1a7b4d0d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 587, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":292}', '\x385a23255ba02ef0c1afdcdb05d738e7372dbf21a6ce11be18c990ea163119a2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 588, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":293,"beginning":{"parent":0,"coordinates":{"iteration":[292]}},"output":{"item":292}}', '\x1a3b5b40ddb85180f1309e6f2331c96ebfe5d73593993e6a1ab7eeade94a7239'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 589, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":293}', '\xd88f190e9d0b85ee2d46e8c7652dab6f218b44066454e12babf612bd71b93558'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 590, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":294,"beginning":{"parent":0,"coordinates":{"iteration":[293]}},"output":{"item":293}}', '\x372c03067b8d6ffedfd2333f1a6406194aa99b091a5651149fd0aede96815318'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 591, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":294}', '\xa0d7d931e407f5dba0258e51ffbb0b8cbc77ceffba470b42fc4b61f91d09f805'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 592, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":295,"beginning":{"parent":0,"coordinates":{"iteration":[294]}},"output":{"item":294}}', '\xb9be9506cf03846b392b0272d5901d463af14573462af5e6273bca78a6c0849d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 593, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":295}', '\x023e9743f0e698fda5b6a00dbbdfc1e96418e0f36e98bd01a3548a8d85a06dd8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 594, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":296,"beginning":{"parent":0,"coordinates":{"iteration":[295]}},"output":{"item":295}}', '\x0217ed0d142e69353ca8a2dc6471db90fb4c577857b2f5a65e65161d4dcb9824'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 595, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":296}', '\x3175288bd804668f1454004c8ba150854cb57f7022cb07f3a97dbcb5606ba121'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 596, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":297,"beginning":{"parent":0,"coordinates":{"iteration":[296]}},"output":{"item":296}}', '\x8444907a4ff8c2b144bd2b284b30636127324a99a48f6ff4182a5bd527f43acd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 597, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":297}', '\x6fb242d00d1448ed2f61e52088a394e763d73e3ff61f837353d4f8c1f2afb565'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 598, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":298,"beginning":{"parent":0,"coordinates":{"iteration":[297]}},"output":{"item":297}}', '\x9ff0e4c0910779e5a01b5f5b4beb0b818b4594f40638aca1d889481cb9415a2f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 599, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":298}', '\x15422c45a851b1bc459c55f74d92f71707ce5995d1b7e3d6c54f153728f2d2c4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 600, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":299,"beginning":{"parent":0,"coordinates":{"iteration":[298]}},"output":{"item":298}}', '\xa24b086c104f1a17b9b80c5aa1b3830bf69af6b0ea815d54f17bf3e65f7300ac'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 601, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":299}', '\x98b34ab71ab3eeda08a67822383b3256bca08553ccd38e1953a3834309e8d0bc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 602, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":300,"beginning":{"parent":0,"coordinates":{"iteration":[299]}},"output":{"item":299}}', '\xd67e9f04f7740408321f50825e78b0885970d70367f8c21283b0a219c1b522be'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 603, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":300}', '\xd2aeacfcfc26681e7653621e158b5b7575bb7fc00618b64666564cc6686632a9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 604, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":301,"beginning":{"parent":0,"coordinates":{"iteration":[300]}},"output":{"item":300}}', '\x3b039a79761b8b84e8d7d54132fb0de5bc9471ae7108edc02074eb4a22cdac2e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 605, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":301}', '\x058377abd73797a59996aa0922860a835d551b575aedd3ae1fa9f34ad14c8c34'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 606, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":302,"beginning":{"parent":0,"coordinates":{"iteration":[301]}},"output":{"item":301}}', '\xbee62c0ff908f4366ec9b05a5e1d3f798436383010371c3e2f30d022ee3d8441'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 607, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":302}', '\x35f57c018bc0d07005e843f1ed0bb4898d0d5c8979392d1e75374c707de50de3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 608, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":303,"beginning":{"parent":0,"coordinates":{"iteration":[302]}},"output":{"item":302}}', '\xa80f2b9f588a2f4f0ab0bf3a6a3228861c81af7ee6270b3a3bc7981ffdcf6cd0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 609, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":303}', '\x2fb67fea439a7e812a3819b75063c7977be23dc2f6cace20033a79102f44a731'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 610, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":304,"beginning":{"parent":0,"coordinates":{"iteration":[303]}},"output":{"item":303}}', '\x539b97854137931574f691378fafce9b2f711e234765fc82c8fb327486ca30ea'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 611, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":304}', '\xb5fa13652a6f44fba583d7d4c584e4f5201f83a631a77081add597dc49d976d2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 612, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":305,"beginning":{"parent":0,"coordinates":{"iteration":[304]}},"output":{"item":304}}', '\x3be82308d3af429a6e3f2accfabe4fed8248e56909be7e0e32ea7dfdef9cf871'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 613, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":305}', '\xd824fcf2fb14cc0fca57dc9b4219e7e8ad71bd37fc970d12e04773d5172eb26e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 614, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":306,"beginning":{"parent":0,"coordinates":{"iteration":[305]}},"output":{"item":305}}', '\xa1f17a8f6628ce426baf9ef099594b3608d9c88bfd8b20ed2bde82bf7ff3635b');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 615, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":306}', '\x96e3ed69f7a79ed3e7364b970000fb916c2599ace5265b37b4a2b166909a9639'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 616, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":307,"beginning":{"parent":0,"coordinates":{"iteration":[306]}},"output":{"item":306}}', '\x188b9955910bcdd914c5ab286b85cd9e45f9c798c25833e811a998f543d74fdf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 617, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":307}', '\x0ad92fa2cd022a8a9bff0ab9e31281a6b23b5fffa8cc91b9b5f8c70b70c4c195'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 618, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":308,"beginning":{"parent":0,"coordinates":{"iteration":[307]}},"output":{"item":307}}', '\xfe04a298ace5a63be5141963c81be6443dc1bcb6d742f50cf7f60a73ae904f9e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 619, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":308}', '\xc40e2b7ccc7fa3f20cb7a757cc540b1308dcbf978a01d08b00c64a5b104ab4a4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 620, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":309,"beginning":{"parent":0,"coordinates":{"iteration":[308]}},"output":{"item":308}}', '\x13181856c1f3fb16532e94efba7e989970c0ba625660b0ffcb26948d213f433f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 621, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":309}', '\x58ac3d3b26feaa9d9de1ea56cbea80b5504f293230cdf42ebfb7442d33b83869'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 622, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":310,"beginning":{"parent":0,"coordinates":{"iteration":[309]}},"output":{"item":309}}', '\xadfdb1e2f5f18666134fa7ede587ec102f725d863f3c33da2d1e90b381d1ac63'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 623, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":310}', '\xc9fdb0141c65808cb27c4c6c241bb6f6a49e058b8368016e5ebb7d4375110148'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 624, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":311,"beginning":{"parent":0,"coordinates":{"iteration":[310]}},"output":{"item":310}}', '\x069afaf42e75eca5a98ddda84881e5c5573842e98c2491b03f896a2dd7281e18'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 625, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":311}', '\xa4d9fa85be443aead2f0d77276c98f414c6ef31e955d4e3c1a2b02f17aab1354'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 626, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":312,"beginning":{"parent":0,"coordinates":{"iteration":[311]}},"output":{"item":311}}', '\x3f81a62ba5eda3e3cb7b8eeb036092bdbee9ef70ea8416c2961cee80db82692e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 627, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":312}', '\xa102b316cf37d41ce2059ad5f2fc6d34044715cd41638a6621abfa8a49c08d07'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 628, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":313,"beginning":{"parent":0,"coordinates":{"iteration":[312]}},"output":{"item":312}}', '\xc02b9c696e4e319f83dc740688ed5cff8da11710f7c378e7cd449f8630d2b138'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 629, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":313}', '\x826abc2a41857dc00341e513bc5dc588c7d060206e3a2a6ea3f5e6b4958e5116'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 630, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":314,"beginning":{"parent":0,"coordinates":{"iteration":[313]}},"output":{"item":313}}', '\x94034581f202611643fcff84a0a60e92ec5a5d507a8c8cc2ba604099ce8412a2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 631, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":314}', '\x5d1e05221127e7c52e4534a2a7ec26c6f5b336a0606b1276f77ab3e4fa772af4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 632, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":315,"beginning":{"parent":0,"coordinates":{"iteration":[314]}},"output":{"item":314}}', '\x90712e28d3a90d3a31225aa45a3eb20a6b90bd5b063fe4e37cb5959f2d2e3dec'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 633, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":315}', '\x92f97b777e06b1a96650c846f5801b4199f461a446e3861901e5335b84bb0fed'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 634, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":316,"beginning":{"parent":0,"coordinates":{"iteration":[315]}},"output":{"item":315}}', '\x440653672a3ec1ad40855d4a2b68e6c29c269658d0feccf3c98535320b2e3c7f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 635, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":316}', '\xd79508f4b83ef40eef91fe24eca65ac4970226876219faccc848084416c49cef'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 636, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":317,"beginning":{"parent":0,"coordinates":{"iteration":[316]}},"output":{"item":316}}', '\x980aa3ae32e182a04b65e704348ee79370bc9e2f7197d6991b4309c6e2cae78f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 637, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":317}', '\x77bd624f84c6480e247fa1ec19af520a08eaf319030cae43dc893f5bb24bd48e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 638, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":318,"beginning":{"parent":0,"coordinates":{"iteration":[317]}},"output":{"item":317}}', '\xbd635674fe8aa8c10762b91f251d05d94e8cd07e087f1e80697f2b32a78bc410'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 639, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":318}', '\xc382aa057095b240075c8b9c6da8b5e2bc59d95303286510f19bb5e104f93005'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 640, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":319,"beginning":{"parent":0,"coordinates":{"iteration":[318]}},"output":{"item":318}}', '\x20cca2ceda0fd29f833a42199ede52e4eff949737624b5924ecc23332005ef3a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 641, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":319}', '\x06a8d557f6c47c91bcb283004f043c4cba668db4b9aa0c13a6fa7d9a1afa8cc8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 642, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":320,"beginning":{"parent":0,"coordinates":{"iteration":[319]}},"output":{"item":319}}', '\x79654e11e55513e5475fac8691636446d37af9e4245292a327c6d6cdedd82e9d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 643, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":320}', '\xbc8b841f4b3416795eccd3e4c6694e7db98bc085d860e0673b96f4c9bc54b3a5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 644, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":321,"beginning":{"parent":0,"coordinates":{"iteration":[320]}},"output":{"item":320}}', '\x085fa84b53f6ebbf7e2293f83cf10d38679a5b4cd7efae0c211cf62f77825a2d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 645, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":321}', '\x150bce61b650f5bf1955f30b02c0cc56065cd4506638cbf3fb57bede014a7f20'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 646, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":322,"beginning":{"parent":0,"coordinates":{"iteration":[321]}},"output":{"item":321}}', '\x01ba424f4219eddc2f332a10a66818512b221651913f8ac37a3fddb4d98455a0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 647, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":322}', '\x211e0ced5e3d081f013c7f94790a4470750c39db65ff511226dd806e33dd179b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 648, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":323,"beginning":{"parent":0,"coordinates":{"iteration":[322]}},"output":{"item":322}}', '\x6d197f57648fcd8bf01a7457d78708da656c96396f5b0fa76a250e87926b8d4c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 649, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":323}', '\x2d0007f81efc3093f25840d5a1ccc44724dfbfed957494a16ad029e327155199'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 650, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":324,"beginning":{"parent":0,"coordinates":{"iteration":[323]}},"output":{"item":323}}', '\xf4ed687ed53fa8eda6115b5c3903880e116d846887cf3495a6664e2845974149'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 651, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":324}', '\x919f6633eb77b6f72bb112e83018e54f0f568682d34295a619c86c0aed299008'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 652, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":325,"beginning":{"parent":0,"coordinates":{"iteration":[324]}},"output":{"item":324}}', '\x72509d90f6d52053d11415a67b3d16df348f8cbf8060369d98e09c2840e1d19b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 653, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":325}', '\x8a34a6f12622d2234f659a0d19db8f203553c453eab1b795575be904ebbc40b9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 654, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":326,"beginning":{"parent":0,"coordinates":{"iteration":[325]}},"output":{"item":325}}', '\xba05220e275dfe2717ed9b89d82a105086c95d53c00a96e3f3132c415d20a5e5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 655, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":326}', '\x8e928f48e58e7a50e9a25f66016d2e1f67ac4cedbf76c98db8c4e79a1d7c0d24'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 656, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":327,"beginning":{"parent":0,"coordinates":{"iteration":[326]}},"output":{"item":326}}', '\xa36209b814f67255777b558db2526e58c373226b018644dd6081ed499f6bf95d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 657, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":327}', '\x070dd84bdb2683ea7f7505b05302f6229357a649684527cb12f3740cd9216a59'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 658, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":328,"beginning":{"parent":0,"coordinates":{"iteration":[327]}},"output":{"item":327}}', '\xcd2fa6c8509176e00607168177b9ff03e24a02bc18c12fb70482dbeb1b5cd5b2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 659, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":328}', '\x1d65ed1d95845b115a265d0ccb4abfcf8e54ecae3de302087aa715cd7dafba9a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 660, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":329,"beginning":{"parent":0,"coordinates":{"iteration":[328]}},"output":{"item":328}}', '\x1674558f7bd91fcb0c6dc958f4e0e145044c531077a3f61ef6e398032265bea3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 661, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":329}', '\x3e1902776a87f7e809fffe38fbdeb1557af4a1327430f442f7341547d7deac29'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 662, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":330,"beginning":{"parent":0,"coordinates":{"iteration":[329]}},"output":{"item":329}}', '\x988cc41323cf77a68b3e181f3e3850bef47c9c31e73ca0d6f12aefdd44eea351'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 663, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":330}', '\xfc9a14ce4a5c8083a8f18ffe9269afd9a63f7665df75cf247947161ae4601ec1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 664, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":331,"beginning":{"parent":0,"coordinates":{"iteration":[330]}},"output":{"item":330}}', '\xa58e97720f8ce4194e08cf119bfbc8f6513a0d9dbaebd721af0835cf9562915c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 665, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":331}', '\xbfbcf3fdb562041717a23bc24b5783595d2eca69aadf1b07591478568895ddd3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 666, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":332,"beginning":{"parent":0,"coordinates":{"iteration":[331]}},"output":{"item":331}}', '\x763511e7f2a95fb869111e2967c3fa95aa571b00c4a04785bfd9615f99ab9156'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 667, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":332}', '\x2792d7e7dc343b8ed604f70724237451e680fd57cb238c6b657e7e2101178be1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 668, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":333,"beginning":{"parent":0,"coordinates":{"iteration":[332]}},"output":{"item":332}}', '\xdf2a143a4665b1b5f873353855de063492c95bd02ca43f847c249a6a7facb41d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 669, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":333}', '\x3c5ef10daee08683bdf494fc1d86564c8af7f0692fd3bfef895ab00e62e4de41'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 670, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":334,"beginning":{"parent":0,"coordinates":{"iteration":[333]}},"output":{"item":333}}', '\xf69db533dc38e4fe63118d735ab3f92d06df9ad3c1133014658df784eba51f2b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 671, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":334}', '\xc4bffa98dabd11a342e1a235f85c08c25f1daead605b39387bb851b428948b7c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 672, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":335,"beginning":{"parent":0,"coordinates":{"iteration":[334]}},"output":{"item":334}}', '\xcc6c976e5ac779028d0c91d7c7667c83a8bcbe6d9bb7a3004e23c9f2edd17c69'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 673, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":335}', '\x59872495416ae2bead66c48a83695d865c18373ff86b8173d14a63430141dc4c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 674, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":336,"beginning":{"parent":0,"coordinates":{"iteration":[335]}},"output":{"item":335}}', '\x0562243387392873a8819b06e69f669e014f7104be7e2d5aa5bc82a8695a7819'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 675, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":336}', '\xc3695be3619a50fbbfa46b7a715e14cb11da8a64ada8dd881edd84331f6f9d0c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 676, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":337,"beginning":{"parent":0,"coordinates":{"iteration":[336]}},"output":{"item":336}}', '\x396cbc48273da3c080fde2b19b9c3c03df16e2e9a941e7f4855ddc36047b3a54'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 677, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":337}', '\xb7e592ce453940044f303c10756c7b33bc64c010aa17ddc215cf26f3027c731d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 678, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":338,"beginning":{"parent":0,"coordinates":{"iteration":[337]}},"output":{"item":337}}', '\xcda40b678794a96de3bf18e689d99f70f79f110105fc7d65d84577da4d293010'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 679, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":338}', '\xc6460ef17b91ece427c2c3b55f9aeb767ee8bef51160b9930a16990e6432cb43'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 680, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":339,"beginning":{"parent":0,"coordinates":{"iteration":[338]}},"output":{"item":338}}', '\xf5e2b99dd62731da57cbdc2008616a4aa8afa9fb3cff8649e6e5403b9abb1efe'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 681, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":339}', '\x005c6fa9d8c28ee1c19be6a9313fc842f2400d74b0b2e3397a8f60d47cb5b1fe'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 682, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":340,"beginning":{"parent":0,"coordinates":{"iteration":[339]}},"output":{"item":339}}', '\x05e47ac071dc5d44a2f215dc4b36bac2781cf64d0c1e4ea14aaec69852ba2027'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 683, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":340}', '\xd6564cd468b4b39509badd9f75a5e3ab0184b4b921c591044c161557a8d05816'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 684, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":341,"beginning":{"parent":0,"coordinates":{"iteration":[340]}},"output":{"item":340}}', '\xef4bbe2aa54c925657b99fde5dd2fb6ae9a8b3c154d67d6fe792899974fd1d02'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 685, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":341}', '\xb123a6d7caa932bc26c4756f535078fc847ef7944573889bd830182bdd9be0a3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 686, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":342,"beginning":{"parent":0,"coordinates":{"iteration":[341]}},"output":{"item":341}}', '\xd6798cfba425b32728a8d3f44083fe37b71a05b4c5c28ca477369fd0b934814b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 687, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":342}', '\x08f6dfc02f1dbc16be09a87305487f816d94fce23f48d8dbd00c3223e8bd47b8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 688, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":343,"beginning":{"parent":0,"coordinates":{"iteration":[342]}},"output":{"item":342}}', '\x7011a400e48a0989fdabc0df6ae690a5d59e0ee69daaa37da060875dc0fcd032'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 689, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":343}', '\x33a75b76e53b7555a01218b8779f4d8a3f6ded212c200bd606d1e132e30f24ad'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 690, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":344,"beginning":{"parent":0,"coordinates":{"iteration":[343]}},"output":{"item":343}}', '\xc886e9d9a4d30eeed4cd41a061d2d381c24c5d6be013f43f61b9ecbe6fc24134'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 691, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":344}', '\x3cb03e050fc2f200b05d71f2c5d480a1799f31958b2a65ef99cd4f4a121ff613'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 692, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":345,"beginning":{"parent":0,"coordinates":{"iteration":[344]}},"output":{"item":344}}', '\x8d1276913ae9666c2ef73c5a3c93cc812571081ee449c79747953d96b2e0f137'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 693, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":345}', '\x02cfbd3662a1ed1dfb40dc61bac9680c9fad67981c54a73cc838d554c60bb5f0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 694, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":346,"beginning":{"parent":0,"coordinates":{"iteration":[345]}},"output":{"item":345}}', '\x1970cd400acbe66142179dbeb78c85783891793bf074c7ba72d56d66b387459a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 695, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":346}', '\xb36be72c6cd5df818c95ab73f5f726cc03266d55c39e40d72e615d8b73843b22'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 696, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":347,"beginning":{"parent":0,"coordinates":{"iteration":[346]}},"output":{"item":346}}', '\x7688d6d3b87fe37420dfb792819670e38015f6ef95809cac55f2847f054cb978'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 697, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":347}', '\x35212cc1bdab89b7603e753e20f0763f2492bc736df3bf94b7420683ff111667'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 698, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":348,"beginning":{"parent":0,"coordinates":{"iteration":[347]}},"output":{"item":347}}', '\xf43f6ef85eef409cb1bec956aa316dbc4cf88bed7259f671df0f1f13da8c25b4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 699, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":348}', '\x36e9156fef9dccd9bada5dde3d715ffb6a41b6bbffcd53b79f0bab175e57d137'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 700, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":349,"beginning":{"parent":0,"coordinates":{"iteration":[348]}},"output":{"item":348}}', '\xf5b935e2c786de2b6c77ff7488ae56db2851502f597b3772dce99c649067c366'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 701, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":349}', '\xcf5dda8333b224112a3833af93e6eed5106150cc454d28454f5ef7074d6e4f47'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 702, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":350,"beginning":{"parent":0,"coordinates":{"iteration":[349]}},"output":{"item":349}}', '\x14b49c61fce24231ac3ebc7f3790b726c51735c20ee9140e6807434cc9e98274'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 703, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":350}', '\x1a9120f64fe875b7a59f9ce753e365ed8b06567fb57d06f7f733d8dd3ce6e0c7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 704, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":351,"beginning":{"parent":0,"coordinates":{"iteration":[350]}},"output":{"item":350}}', '\xaf6fb40fbcd6cb789ecabfd9b045ed89fbeef905f9d38258e05d857bfa378556'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 705, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":351}', '\xd4f7508ee408eefb5e98b0ffb0ab1e7ce5cc3e01d0bfca5be4ac14e01ac33666'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 706, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":352,"beginning":{"parent":0,"coordinates":{"iteration":[351]}},"output":{"item":351}}', '\x09a11a570c819e792ee8722610177c189be4649799753fdb479303d69dde8a32'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 707, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":352}', '\x5d754bb70c366e835b3fb29e915782e31479f40aaa0a230624c757a464be0963'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 708, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":353,"beginning":{"parent":0,"coordinates":{"iteration":[352]}},"output":{"item":352}}', '\x230ad98e40acf150893bdfaad2d1d78e4ed0be4c3d747d3fae11932b05b7f476'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 709, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":353}', '\xc8448b2f24bbe047013a583ea51dd6e66c74b90a7af981d72dcd8a51e576c683'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 710, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":354,"beginning":{"parent":0,"coordinates":{"iteration":[353]}},"output":{"item":353}}', '\x5961b240d4c861683c958d4cf36aebd87df0cf49202e14278dc0cafbe8c902a5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 711, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":354}', '\xda6533cfdb4e6b7a8b0201dd7bf857448b201dacf32940ca3ee338444dd5aba8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 712, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":355,"beginning":{"parent":0,"coordinates":{"iteration":[354]}},"output":{"item":354}}', '\x797e56b0cd9b40dacc1e0f6cf7e5aa5f78083c2443e8da0bcfd67a66fe2262b5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 713, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":355}', '\x6c10f89a0260679c86bfaae7fa8c742765608978d2b8252367ee50f05340a3cc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 714, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":356,"beginning":{"parent":0,"coordinates":{"iteration":[355]}},"output":{"item":355}}', '\x99f81eaed3d69b43608bde652080c4b8c43bb76293fc0e46f2aa05a954f8f07c');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 715, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":356}', '\xcc17542f7c1cc60a1935859000d7df6c8d71da283e88d5efcdac0886c8cc3a82'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 716, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":357,"beginning":{"parent":0,"coordinates":{"iteration":[356]}},"output":{"item":356}}', '\x519cc11b040f4e747d08830c94676bcd3dda054ddc998c090bd305c405960d87'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 717, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":357}', '\xaa933971a5f32853fc552ff5b9fc0761b321b5d88bb2e014af9bda811aa3d45f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 718, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":358,"beginning":{"parent":0,"coordinates":{"iteration":[357]}},"output":{"item":357}}', '\x81adc68979c6fbdecc28dbe39176babfd1edc0463bbf7df37597abea537730d5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 719, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":358}', '\xc32d1d8ebd13d693ac5bce36bca52547ec98ae10237559e185e172f43e25b99a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 720, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":359,"beginning":{"parent":0,"coordinates":{"iteration":[358]}},"output":{"item":358}}', '\xf12d77a35a1bd9054b4aad7f7de43b3098b1ed14af62807b6062849f1a8d0f44'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 721, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":359}', '\x12d345755fac729ee90d126b86587423264d5eff3ad3014a812b2a1607c69566'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 722, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":360,"beginning":{"parent":0,"coordinates":{"iteration":[359]}},"output":{"item":359}}', '\x2dbec14fcc4a4989b514868048bdf1a081a58c721fc3f1f52822107f9b01e89a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 723, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":360}', '\x08754cd8fae1e74a98dfef9760f6a85eb505bbcaed4e9fa25dc8fc13049b9e83'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 724, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":361,"beginning":{"parent":0,"coordinates":{"iteration":[360]}},"output":{"item":360}}', '\xe05ddf8605f34fd78ad29714eb3a6e40be8705b4c40ecbd280a41722d9c46ad2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 725, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":361}', '\x5eb535c3ebdea94a7eafcac44d03f5a3bc85fa4bf01fdac7aeb6b328e36924e9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 726, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":362,"beginning":{"parent":0,"coordinates":{"iteration":[361]}},"output":{"item":361}}', '\xb7a7b643c8edcf0558a83eec089e69ad898ee19473c7d49f21c1e75d1afdc730'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 727, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":362}', '\x7dc89ecef13ecb392ad46a458528b0831118ef667bf7dd24a485a547a87ebd10'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 728, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":363,"beginning":{"parent":0,"coordinates":{"iteration":[362]}},"output":{"item":362}}', '\xcb20597565da6a5fc701cde49ecdc17d06865cde4421750a6b6d67078d00e7d0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 729, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":363}', '\xd799a0acf0bc8e42a1c17a184085ddbe105e7336ed227b841e4f95b32ce45777'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 730, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":364,"beginning":{"parent":0,"coordinates":{"iteration":[363]}},"output":{"item":363}}', '\x6c76f3a59f1ef630962f6851b75ece98d636ff05d2f1da3fc07f0cc22ee1ddf7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 731, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":364}', '\xe4c93b3bed934ece62557dcacf538b3343a4876c7f1b83c47e85b62bcbb72951'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 732, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":365,"beginning":{"parent":0,"coordinates":{"iteration":[364]}},"output":{"item":364}}', '\xfeceb7bcf7b1c4ec4fbed189240ab8906482f4ebbd2003ad6e3140cca0e8ac74'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 733, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":365}', '\x19f4097cb1eaac4e59490ef7e7ef1604651e749177ea0e7df9673bc40b1388f7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 734, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":366,"beginning":{"parent":0,"coordinates":{"iteration":[365]}},"output":{"item":365}}', '\x76652bbd4646fe9d8ba1ab1fbe3d22a35d2eb61aace0cfb5a3090122edfefcde'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 735, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":366}', '\x9598005efa2b3fc5114d74f4941081521cc1e9e0c6aa54a5f8db147a33f78707'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 736, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":367,"beginning":{"parent":0,"coordinates":{"iteration":[366]}},"output":{"item":366}}', '\xf8f547016a771caa864497f5df799c9e31cd034f1436f479a661161abd02264c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 737, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":367}', '\x3593f4066e6d729d5f3facf136f06c33252e0072a8ee7f006a8c3d4819d9ca1e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 738, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":368,"beginning":{"parent":0,"coordinates":{"iteration":[367]}},"output":{"item":367}}', '\x1cf0f2b6f757a7c2d3c7c170878cc4012304b55b5be4393225ef11654c40add7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 739, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":368}', '\x2a0e715c9eb3f2334370ea4a9dad59b0b6047068bd8fa328c851537a267ee774'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 740, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":369,"beginning":{"parent":0,"coordinates":{"iteration":[368]}},"output":{"item":368}}', '\xba0d8b317bd1619d749b56701f8980fcf1901baab5b3620c9acef3609f3e9e33'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 741, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":369}', '\xa05eed134be2a279c4e07011680cf016d745ab37e1345900f18de97ed15276be'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 742, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":370,"beginning":{"parent":0,"coordinates":{"iteration":[369]}},"output":{"item":369}}', '\xcab1ebcea71fca4cb8af8fbecb976ca920785149606cc53d8a3b16ffc3d69ed8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 743, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":370}', '\xc045e1af6fb6dc715976882eee79705e8504faaa4deaba8d146c36f5f03aceec'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 744, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":371,"beginning":{"parent":0,"coordinates":{"iteration":[370]}},"output":{"item":370}}', '\x18a33ffa5d9f1c65a82a5d9cde91455bf7cb24e6fc78c0944ffca9faf9bf6d6b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 745, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":371}', '\xc15c885e23559347e7b384cdb294ac52dac17a673616dcf710aca046a51d3cbc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 746, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":372,"beginning":{"parent":0,"coordinates":{"iteration":[371]}},"output":{"item":371}}', '\x6a81e1c57e4f82152516f52ace42c1cf08988a3df509e35b2bb478e70da1df56'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 747, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":372}', '\x63af0cff39509392742e1e5c3df965280fc52977bda45edbb1679d084672ad97'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 748, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":373,"beginning":{"parent":0,"coordinates":{"iteration":[372]}},"output":{"item":372}}', '\x168c6ca1a73411679b1ff785845757490dc99a29c98aedcf2d75671e003525ac'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 749, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":373}', '\x53da98897c3cf134ee9dfc0bbe28d65bd9d80b8f4fe6056502019d5af507f183'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 750, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":374,"beginning":{"parent":0,"coordinates":{"iteration":[373]}},"output":{"item":373}}', '\x0e0eb2c3bf7e335bccb8af0aee2af3427fa6297768f114a418cb1a47fd103f26'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 751, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":374}', '\x02f910c28e8ef3570d5468b8c5d1a224ffddd9200f217e3785290ed29c7a7edf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 752, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":375,"beginning":{"parent":0,"coordinates":{"iteration":[374]}},"output":{"item":374}}', '\x48563df69a976d2256a45ed5ad688d4f4f5d89dca75a78ecc7cd705843be1b98'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 753, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":375}', '\x2a94a2cc7b4e2ed4ff35cc4cb7528cd72dba1a9f25fa2c43bbe11d73a7d96243'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 754, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":376,"beginning":{"parent":0,"coordinates":{"iteration":[375]}},"output":{"item":375}}', '\x1a6867f3a2187d238e12a99c728affa3857f9596b1eefffc62b7a1cc93df30ca'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 755, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":376}', '\x2974d2affe99e3c3edd40b85d03157a4ac331d8b206cc8e73080403a6855d987'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 756, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":377,"beginning":{"parent":0,"coordinates":{"iteration":[376]}},"output":{"item":376}}', '\x339c91f010bf379b079d839be855d40f14cdf7ec1300db24ce2d2eae27bb05e5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 757, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":377}', '\x1e3c65ddd20b6c1c2b157b698c57deb67265bfb958fa7a3cb7b527cc172545e1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 758, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":378,"beginning":{"parent":0,"coordinates":{"iteration":[377]}},"output":{"item":377}}', '\x0023de206ffb2219a8073fb85163a710b0637829115fdf35e3f0be40150274fb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 759, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":378}', '\x7567bff91697168de7fbaa98c98a29833680b20cc9f4f992a76e011de9e729b2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 760, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":379,"beginning":{"parent":0,"coordinates":{"iteration":[378]}},"output":{"item":378}}', '\x5136368dab58903e6e7eaa7c885a1b497c24481e7efa81c5ed1075e85f7b3963'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 761, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":379}', '\x0fc9418466830c5583cfcdfeda1b1894317ebb593bf6aa58e3aa7c4726e7dfcc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 762, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":380,"beginning":{"parent":0,"coordinates":{"iteration":[379]}},"output":{"item":379}}', '\x0b7619c274aaa71568e33a420188c1f9c6cdaed08dcb8119494548291b570349'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 763, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":380}', '\x2cd1adb11347bdf108860df381a6048ec57fd676834bcdf316fed7c23f3c4bcf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 764, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":381,"beginning":{"parent":0,"coordinates":{"iteration":[380]}},"output":{"item":380}}', '\x8852b0ff237c05683e09ccff0555ca3aca59402d45d821a146005d1d9fca06eb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 765, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":381}', '\xf9eaad9122779fca47cef995d660bf6ad9dcb88b40a3de314220dfd29df6c677'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 766, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":382,"beginning":{"parent":0,"coordinates":{"iteration":[381]}},"output":{"item":381}}', '\xd8b2891568522c1b9c19f3e7a9ba33c229b8258df67ce568bd0f15ddfa55f055'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 767, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":382}', '\x28931fcdbfafcf0d455fca9faf737f7e06b146fa4ea84e6e8a8647c51112dae0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 768, '2026-11-30 10:11:59.31249+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":383,"beginning":{"parent":0,"coordinates":{"iteration":[382]}},"output":{"item":382}}', '\x165495760f62e9d1d932ff98c556ebd391a32868e02b403533e09fad9e6379fd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 769, '2026-11-30 10:11:59.31249+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":383}', '\x6c514efb5acf6e531cea842c49ecbc597f806911f4be3409ad81ee4a6732fe7a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1026, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":512,"beginning":{"parent":0,"coordinates":{"iteration":[511]}},"output":{"item":511}}', '\x00f7154a0d80388b87589a0e188c0dbb269abae925e7d20d47c1e80eccc80c2b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1027, '2026-11-30 10:11:59.319571+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":512}', '\x8fb5614cd440c83d49c9f563e4391485a204bb002a50bd4cf2b7c10ca94b7404'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1028, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":513,"beginning":{"parent":0,"coordinates":{"iteration":[512]}},"output":{"item":512}}', '\x1401b012957595fcb95144bd19a80bb484806686c3e028904855a653fa00695a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1029, '2026-11-30 10:11:59.319571+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":513}', '\x7ec1ffa6478eb8bd27e6ccba058f199d145d24b461cd40a941219151a03b0cb1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1030, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":514,"beginning":{"parent":0,"coordinates":{"iteration":[513]}},"output":{"item":513}}', '\x28cdd36a8cbd4b072e99b59cbd9964dd655393c67b28af9e7ab27d9f37260b48'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1031, '2026-11-30 10:11:59.319571+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":514}', '\xbadfa9b0a6a0075a313cbe1f12c8d70fb0b407314b92a12919b8f46104419577'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1032, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":515,"beginning":{"parent":0,"coordinates":{"iteration":[514]}},"output":{"item":514}}', '\xb50a9f0522d3815aab6cb5531db9c11258db24955c0cbf560d2ed84f99cd26f6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1033, '2026-11-30 10:11:59.319571+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":515}', '\xf530c4e5e724f0a3544e74464f8a370b82cc35cd2c221cd3766d60fd38a29355'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1034, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":516,"beginning":{"parent":0,"coordinates":{"iteration":[515]}},"output":{"item":515}}', '\xa949d1e675c58a1050179b8ec61d4cd08fe662a7e38ad4abba663c79e174e906'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1035, '2026-11-30 10:11:59.319571+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":516}', '\xfa5b75efb27000fd69960fded2dacf54ca557ebb0b48a048a53a7420377b77ce'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1036, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":517,"beginning":{"parent":0,"coordinates":{"iteration":[516]}},"output":{"item":516}}', '\x9e59a5657c24a833b4d73b705645427a67146e9fbbeb72446f635dc31fd2dc05'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1037, '2026-11-30 10:11:59.319571+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":517}', '\x9d941d63fa55d786d72163832872a5e1853c92874f1266855b8a56ef07f5ecec'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1038, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":518,"beginning":{"parent":0,"coordinates":{"iteration":[517]}},"output":{"item":517}}', '\x9e0b9eeb5f962a7fbf7743bab82d25a44101dc0e69a947e1f697a09903a7381b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1039, '2026-11-30 10:11:59.319571+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":518}', '\xea52488e6c0ce1065dc27ed79fcfcce1d519e365f530586163784bcf16ffc305'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1040, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":519,"beginning":{"parent":0,"coordinates":{"iteration":[518]}},"output":{"item":518}}', '\xc38062dad6f72d1dbe2e532215b0776feca9d9fb90f3ad2e45f604c662b2213e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1041, '2026-11-30 10:11:59.319571+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":519}', '\xaf290a6bb8108b10b518335d3d27dd5648a405e5e8d5d4f5b6b4fbb3734f6aea'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1042, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":520,"beginning":{"parent":0,"coordinates":{"iteration":[519]}},"output":{"item":519}}', '\x3b1d0dc7cd013e3f5fc3926ab09bfdff268c798d4eef345863aaf66c70c88f11'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1043, '2026-11-30 10:11:59.319571+00', 'task.completed', '/do/0/each', NULL, 'engine', '{"execution":0,"output":{"item":519}}', '\xbda91a3c6ac273ffce4b4e0484806cbdd6cd38c0023c49f520f33135fd4f343d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1044, '2026-11-30 10:11:59.319571+00', 'task.started', '/do/1/wait', NULL, 'engine', '{"execution":521,"beginning":{},"listening":[{"with":{"type":"long.go"}}]}', '\x4529067e5211e8b05b20bf52d6c12ba31e744422c27f785bffb04b7b42dce71d'),
	(129, '01a22bf0-9efb-750f-ac24-b837dacd6181', 2, '2026-11-30 10:11:59.364502+00', 'run.admitted', NULL, NULL, 'engine', '{}', '\x07263f772f2b55fa2ae97f936a03b0a63155875195b379ba59e44fdc617100bc'),
	(129, '01a22bf0-9efb-750f-ac24-b837dacd6181', 3, '2026-11-30 10:11:59.364502+00', 'task.started', '/do/0/wait', NULL, 'engine', '{"execution":0,"beginning":{},"listening":[{"with":{"type":"queue.go"}}]}', '\x4931bd8fe9b93c9db19639c6fa4e7507806f8d7890ff0c2523ac2c57a439f58b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 802, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":400,"beginning":{"parent":0,"coordinates":{"iteration":[399]}},"output":{"item":399}}', '\xf4c9e907b058d3eb56d9738e01b911c64372044f1944138f5feae0557f908fd4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 803, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":400}', '\x6ec7bb903c15c8f741aa5dd1cf3a48877e641b89ab056590117b3cdfbaaa32e3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 804, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":401,"beginning":{"parent":0,"coordinates":{"iteration":[400]}},"output":{"item":400}}', '\x9b912ecc52c3043acd046f5230f21cbed9f28f1bc468b58db62fd787f325c4c4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 805, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":401}', '\x7c56da50ac65652268c61d037f04f05fe4b09f45aaa46f5ae2561823bb7ed5a0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 806, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":402,"beginning":{"parent":0,"coordinates":{"iteration":[401]}},"output":{"item":401}}', '\xbe36a786b0fbd6ab7cce1ae40056fd49d903349fa8030c8d7191f1c60daf2667'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 807, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":402}', '\x51fe3971ae74a24b7fed5aa3223301c4aa0d73b7468483909b256d2aa1dae326'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 808, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":403,"beginning":{"parent":0,"coordinates":{"iteration":[402]}},"output":{"item":402}}', '\x48beb1c224fce1255e0ad708b333f403c6afae4b1b001a525d57d3a4cdf93cbf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 809, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":403}', '\xff06d74702c4f3d07b1d7e508ae4df9284efacc40e6803b330b64deea69314a7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 810, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":404,"beginning":{"parent":0,"coordinates":{"iteration":[403]}},"output":{"item":403}}', '\xb418d0937f6e1715fe0d8320e10ebc9f063a963ea5ff16ef2dfefeaad93c31f4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 811, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":404}', '\x3429443894aa78674d5ab9de978e34cea71ca9f846f5f875904f709263e6dfe9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 812, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":405,"beginning":{"parent":0,"coordinates":{"iteration":[404]}},"output":{"item":404}}', '\xd2bb5e43261b66e38dbc0525c40e98b9588fa0bb74fa6fce74e0129730ca2279'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 813, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":405}', '\xae0a42ac87b2e3551a21b462ef1637c07ee5c81e61b955a12edbc14d7ebeef6d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 814, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":406,"beginning":{"parent":0,"coordinates":{"iteration":[405]}},"output":{"item":405}}', '\x5346bed406b884b67cf00becaceb83cd7c3c4620969087c7b51619f935bacb6c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 815, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":406}', '\x71c13ef55c9eb4c16e71923a20719bdc1866b6e177b084daa2cc39f1b27b1ddd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 816, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":407,"beginning":{"parent":0,"coordinates":{"iteration":[406]}},"output":{"item":406}}', '\xbac78646edeee9dffbdc23966a5dee971be34d70a90f0e4daaee7f79be2ef3e0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 817, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":407}', '\x3b94d70a32d67819e5274ce4e68395587aab1373df9fde3a84e9f984ce3817a2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 818, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":408,"beginning":{"parent":0,"coordinates":{"iteration":[407]}},"output":{"item":407}}', '\x5c533146887b53b30c86daf40dfe6e42abc0fdc0f758df56d89691605a03cc92'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 819, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":408}', '\xf220c7213603f59dc9f5f6db423ea8aa09f135bb653ab5a02c81a2705598bdec'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 820, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":409,"beginning":{"parent":0,"coordinates":{"iteration":[408]}},"output":{"item":408}}', '\xef507b40fea491d9a6943dbb01be485123448c555dd2e8783560b0617c9d80ed'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 821, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":409}', '\x9dd5c36174208cd74aaa2b740aba29ab021b006a1ae5bb43f0301a839b489d3d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 822, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":410,"beginning":{"parent":0,"coordinates":{"iteration":[409]}},"output":{"item":409}}', '\x68adc16a4c7595f1e3737eedb8826b34d3687e07359e3d1cc9b06fc11fb17da2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 823, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":410}', '\x15f13eaff81696e0866b67c45ac7a59c45311905698a07776848c86f81ca8377'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 824, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":411,"beginning":{"parent":0,"coordinates":{"iteration":[410]}},"output":{"item":410}}', '\x0da9d77e4238f71fae6703a8d1f6d822a7286a3348b1584a0a7ac52532ff844e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 825, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":411}', '\x73952aa8c19e073fc3f708890b30528b591452f020a4aa51bf991dca6957d709');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 826, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":412,"beginning":{"parent":0,"coordinates":{"iteration":[411]}},"output":{"item":411}}', '\xc062f07505fe38837f68fed07f746412ac62964f08e61f70601c950ac57dbd3e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 827, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":412}', '\xd22f8b8eca97955aec6be9511295b5f412f0494d9cd544d6e196483994f24f43'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 828, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":413,"beginning":{"parent":0,"coordinates":{"iteration":[412]}},"output":{"item":412}}', '\xf63afd59b4bff57e3c0f90da1e421c2458b743706e8d14860acfa80d12f979a2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 829, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":413}', '\x4a80d7573974b5b27b529240d478ea8eac5a8c1d91b0309ff0e75170caaf9e95'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 830, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":414,"beginning":{"parent":0,"coordinates":{"iteration":[413]}},"output":{"item":413}}', '\xe2fce15e5067c4d634dcfbb08b09d7fc820dbcf3cd18e448bbe83847d6ec6e21'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 831, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":414}', '\x000e8899368121303cff98e92744f5959bfa2270c9a103b39ef7672ed62467c6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 832, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":415,"beginning":{"parent":0,"coordinates":{"iteration":[414]}},"output":{"item":414}}', '\xd5e4e08ea0628c56357633eb94e38534a7f19f9a2c899b7d7e0d8c14d28a2416'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 833, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":415}', '\xb36c9a54aaa3dc6f6a62d413efab39037076e3c6ec60f09851e6b3d646d178ae'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 834, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":416,"beginning":{"parent":0,"coordinates":{"iteration":[415]}},"output":{"item":415}}', '\xb75c90610de653e6e3f5b158cb32b52bf64a5615ae69774ba8a0ac703aa60a94'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 835, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":416}', '\x32500ca8699f905e68d9813560662b9438ce1c0614214ce71495db19c3d03ece'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 836, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":417,"beginning":{"parent":0,"coordinates":{"iteration":[416]}},"output":{"item":416}}', '\x3cb7e7103566eeaa003e246cc68c5da54ecbcc5be3631ce9abd8275b581483ee'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 837, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":417}', '\x405fe271a5ba48ca609c03a809b7bffa3016139109c9622c89a7f3253413306d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 838, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":418,"beginning":{"parent":0,"coordinates":{"iteration":[417]}},"output":{"item":417}}', '\xfee9322e8f2f7c911a178f04198f01faa1744942d13570b1a04201b271db1d3c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 839, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":418}', '\x014b1604d4150b798bbd88bcb7b71ff3e24ddfcb796ee8a6acb3dd7a4d691968'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 840, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":419,"beginning":{"parent":0,"coordinates":{"iteration":[418]}},"output":{"item":418}}', '\x2799705a32f42dc5c7d4f9009ae3ab8c6c59db79ee93823d05e60ce6020778ba'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 841, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":419}', '\xc4e2ed192f59aaa443627f1bfc119cda72328695ca0a34bef08f74dc56a7d5a5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 842, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":420,"beginning":{"parent":0,"coordinates":{"iteration":[419]}},"output":{"item":419}}', '\x7789ba12f570df33894566cc72cb384501466f2ce8b183fecc6ac8f8dc463ca5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 843, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":420}', '\x304a07d5d913cb6b87f6b024d331392ee73f9be085efe19959828bad7d615907'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 844, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":421,"beginning":{"parent":0,"coordinates":{"iteration":[420]}},"output":{"item":420}}', '\xca643a21b70c231515660d183798a62769828c895b6d34f1813b92ea50de7dd5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 845, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":421}', '\x164b942b08413ec6598a56af99ca243914452f7746765381abc575f1bc7d734e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 846, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":422,"beginning":{"parent":0,"coordinates":{"iteration":[421]}},"output":{"item":421}}', '\x3f351ec9f867d97e86056040aceac090b99d95fc4360f1b7f6993fac02ce8a4a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 847, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":422}', '\x27f7ceaba4b46ca22f20fc693c71c594f71bbc70e9c3d9be9201cd1a173629e6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 848, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":423,"beginning":{"parent":0,"coordinates":{"iteration":[422]}},"output":{"item":422}}', '\xb41d2d1384ac2b04c4218a97b2bdd0127922f062878708c22ff2bd9737277edd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 849, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":423}', '\xf629d22c8d6aec5d8c0f9ed26863d4e8a01964b61b2e906eb61d0b8364461e34'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 850, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":424,"beginning":{"parent":0,"coordinates":{"iteration":[423]}},"output":{"item":423}}', '\xf7062bac7ed8d5ca5517f3aa587b2423a19464af47af58f9849cd96b1dc42033'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 851, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":424}', '\x142b60bf945d9825edad64e6d4bb17a47c3e7f23d5acda8b1416d4bd52b2792d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 852, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":425,"beginning":{"parent":0,"coordinates":{"iteration":[424]}},"output":{"item":424}}', '\x49183350b7e545c56ad4a3b264aae70f8c5e0b0956d03df5fb8eaa21614127e8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 853, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":425}', '\x879a5feaa7069feae48d604085ba1cbc131a9f426676d45ea0a2b9486592e33d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 854, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":426,"beginning":{"parent":0,"coordinates":{"iteration":[425]}},"output":{"item":425}}', '\xbe1c1a9ffd6ad1312f371d350bcf077784ec925f6ed3d85929efe1baf3ad6428'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 855, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":426}', '\x6321e70aed1c5d0c312197c33b9417997a271fab52778122d34f1c575f5ecb31'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 856, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":427,"beginning":{"parent":0,"coordinates":{"iteration":[426]}},"output":{"item":426}}', '\x853aa7c97165b62ff0537bfeacbc161d72f9051326fba7f4537c4051295fe04f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 857, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":427}', '\x0b2a1abf889c207e0d30349887d7555542ed027c11bcb22ef3b7a7348358d22d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 858, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":428,"beginning":{"parent":0,"coordinates":{"iteration":[427]}},"output":{"item":427}}', '\x9a5d8be7bc70eb05cbef368f8e2333cc21744d6c97141757a4a79f16d3557622'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 859, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":428}', '\x891b5c9e1df78470859ed8aac40856b8ffa5dc554704c9151cab66c2343a91cc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 860, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":429,"beginning":{"parent":0,"coordinates":{"iteration":[428]}},"output":{"item":428}}', '\x1c69d40ccfc447665490e133c41e99a34e60d475bf63166169296b8be03b9222'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 861, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":429}', '\x3e80285e6f71dfca2c03534260d33c16b14905ff0deb15a9b8e3dfa2b75261d6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 862, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":430,"beginning":{"parent":0,"coordinates":{"iteration":[429]}},"output":{"item":429}}', '\x6bffb5ca362f61d9dadbd7cdbf226cfd9e713321737387cd06e23071208756ed'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 863, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":430}', '\x565a08734f45c8a1248c9d28c068130cd81e9f65f4ac9fd21a86301e4c187b63'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 864, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":431,"beginning":{"parent":0,"coordinates":{"iteration":[430]}},"output":{"item":430}}', '\x4259625c596ec852cc124e0fe925909e8b848387e7d085c1ed7b376221270a9b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 865, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":431}', '\x748258813a0721dffc03bca88f455f010a16738f959e72294a2ef2c3d3bcf86d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 866, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":432,"beginning":{"parent":0,"coordinates":{"iteration":[431]}},"output":{"item":431}}', '\x0f5d989b4cfeb67fa50854cf515a83a428aad535dd2c8befc80096bad7cb545a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 867, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":432}', '\x8bf478a44d92638c3fc84a4811004a6c698379e1e4c58c99668e39fc4326847c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 868, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":433,"beginning":{"parent":0,"coordinates":{"iteration":[432]}},"output":{"item":432}}', '\x4c7393ae070c4e4aba10ff4786def062765737d02a6e5bc9d73ca6cdc79a5795'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 869, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":433}', '\x1a7f19c4fd5ef33e2708ab16e51c806a9cbccb74d99674dedc8adf92d6c82142'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 870, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":434,"beginning":{"parent":0,"coordinates":{"iteration":[433]}},"output":{"item":433}}', '\x930063dcfb3953bfb12bad45074e1af72d345cb70e12632636071d8602305a1c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 871, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":434}', '\x6ea5c8daa74d33fa3e55114c700bb2a3a6d9dea6e4d8e1303e6b09dd7015208e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 872, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":435,"beginning":{"parent":0,"coordinates":{"iteration":[434]}},"output":{"item":434}}', '\x294e5229efa5b6b7e971cbb9542962414e57893303a08d6ff7631b3633087e1b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 873, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":435}', '\xca5de7d8418acac07493990051baff2fa13a34371f5b04c5a4cb2b1daa8cc13e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 874, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":436,"beginning":{"parent":0,"coordinates":{"iteration":[435]}},"output":{"item":435}}', '\xe1856070a3863eb3b76e9df59feac1582b0fe7f0211ee8f951c9398f97146893'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 875, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":436}', '\x4f82eefb67143c710790eab2b1304f0b2980e48cd6c0b25c3af55bb35a1b4ce0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 876, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":437,"beginning":{"parent":0,"coordinates":{"iteration":[436]}},"output":{"item":436}}', '\x6ae77c1f5fc143c6518005d5fba699ef70c90b3fbb6a6d1adae74fa30696ba1b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 877, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":437}', '\xa5c6d782c3c0c61b9db81db9bcd47a266824d919f4895b2860ad500a8a608c52'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 878, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":438,"beginning":{"parent":0,"coordinates":{"iteration":[437]}},"output":{"item":437}}', '\xbec37300855580e2fdf9e4c9f814805353873cfbce420937a020c59c88d93485'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 879, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":438}', '\x6af46f38cc3f84594dc27a2b81411df0d9f49a629857ec11722219d699b0a1af'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 880, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":439,"beginning":{"parent":0,"coordinates":{"iteration":[438]}},"output":{"item":438}}', '\x0718c25f3d9d0f3ece4c4ae83b9189d89cb2f4a17385c6cb9df588f011df5c00'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 881, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":439}', '\xb8903f3b1b49e0d92a446af8cfa85d13fd2f096d792cfd41a139b0a416eec675'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 882, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":440,"beginning":{"parent":0,"coordinates":{"iteration":[439]}},"output":{"item":439}}', '\x80c54f320aa9127ffac74c1e243327676453129e07dbc71dc3a5bcf7b97c929c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 883, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":440}', '\xbf8c6e779f6cd943a47881e3f96b6b2be31fd660c6ca077316714314dd6ebb16'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 884, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":441,"beginning":{"parent":0,"coordinates":{"iteration":[440]}},"output":{"item":440}}', '\x5dfadca72a24570726e9c2f3dd77f7482a790b69194a33a7b54fa0414b17b7af'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 885, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":441}', '\x35850d9d06926ed9bed76e69e7528fdd9b8e3c2058248a34fdcce2a23acf1793'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 886, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":442,"beginning":{"parent":0,"coordinates":{"iteration":[441]}},"output":{"item":441}}', '\xcda36309018501d5546ddea9bedd444ac03c9eecdd4e3263c16d03311bd4ad32'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 887, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":442}', '\xbb050bdb1dca4ccea567a073b8465a182e14b5269507e1dd8f49fca1d6c60fed'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 888, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":443,"beginning":{"parent":0,"coordinates":{"iteration":[442]}},"output":{"item":442}}', '\xbfc83e41edc4f7509a0ccd6e8432cf2c3ef6b401ba257bef04f779e02776ecd3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 889, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":443}', '\xa40dd3996edc412a535cc0be5051ea63cd6306552ab3af4e6573fa472847ddc8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 890, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":444,"beginning":{"parent":0,"coordinates":{"iteration":[443]}},"output":{"item":443}}', '\x9a4b67b80fcae50e884c5d52b35b1adda35cc18b9d66535a8398fc064b881fc9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 891, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":444}', '\xbbbd9baca84c1e07fcf1a895c99b1d44b9f829bbb1ae54678c2d153b7edcebab'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 892, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":445,"beginning":{"parent":0,"coordinates":{"iteration":[444]}},"output":{"item":444}}', '\x22403c7256608b0e393e5a6daeb0656cd24b905e892f719f57448c98a5477dd9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 893, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":445}', '\xc7712eaf5bcf546f06ef932366d2dc2ae032ed39c07ee61237988220a6552a52'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 894, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":446,"beginning":{"parent":0,"coordinates":{"iteration":[445]}},"output":{"item":445}}', '\x7fcf83b64b87cb7bc6e447243a4fd260feab40b4cbd5d80e772f94abcc230700'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 895, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":446}', '\x7fc3257eb37cb53ccd27697ffb0bfb6cf28b8fd80a6dbd6ad2d5429786bad7ab'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 896, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":447,"beginning":{"parent":0,"coordinates":{"iteration":[446]}},"output":{"item":446}}', '\xa3f962821e2e5bf005d504fe12710bd99ba415db830a4becd6ccc92b7eceae5b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 897, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":447}', '\x4be50c4f608c880bce5f5fe82ae2df917d8949701e9be24758c1d7291a28e176'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 898, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":448,"beginning":{"parent":0,"coordinates":{"iteration":[447]}},"output":{"item":447}}', '\xf8599645e3da90192caa8fe530ff6efd6ae225b4ade6c738313c2f4979e51eac'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 899, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":448}', '\x94baf22d08f0ae727a4910046692cd395450ece696bcebd9bcedf84e13d03f2d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 900, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":449,"beginning":{"parent":0,"coordinates":{"iteration":[448]}},"output":{"item":448}}', '\xe557e58d3f4895641bb048d8aeb4b3521dd56eaad16c229c5545205fd135ddd8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 901, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":449}', '\xe20ad0398866c1e1b8e83f97555639ed39deb172b8730928f89a9b4abef62509'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 902, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":450,"beginning":{"parent":0,"coordinates":{"iteration":[449]}},"output":{"item":449}}', '\x3fe5f142d8779789e69c6a4260f02c25de5de139066e35e7ee87c508b0097b7d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 903, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":450}', '\xcd0c997944703e777701263919299568ac59a030a6ee9cc2dd51c3e22362fa3d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 904, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":451,"beginning":{"parent":0,"coordinates":{"iteration":[450]}},"output":{"item":450}}', '\xdce097c22a96f05675698be7f6ce2b38d0ab3b5d704553d3c1d2da394c48d311'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 905, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":451}', '\x3587c6f44fb7498b7844b8f08798d3e4d56e2d211b46987557c48f8bf8d7e66a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 906, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":452,"beginning":{"parent":0,"coordinates":{"iteration":[451]}},"output":{"item":451}}', '\xff4e981e809ea4b491c2d76779fce8b4e8a91b1bb41f2005d1e61ad3898bcebd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 907, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":452}', '\x224bd09cfd926fd82800d5d144f086c143c88f15d05d99424a28845ac54b2666'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 908, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":453,"beginning":{"parent":0,"coordinates":{"iteration":[452]}},"output":{"item":452}}', '\xf3406afd134c4499672da78b76790ad164c4f41885892ebe45d1ae6e8e083f43'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 909, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":453}', '\x8cea20819e3e2028f3deab08fd16242859f1743999689e941228e2e52eb6900e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 910, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":454,"beginning":{"parent":0,"coordinates":{"iteration":[453]}},"output":{"item":453}}', '\x88c7f7eec791f03a6c602308fa400339818ded6e55036c75a514bf6eb60110f1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 911, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":454}', '\x2cc818ae480372e8cc37dcae75ceba8b65139cc92013fde26b969a173d8a0f1b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 912, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":455,"beginning":{"parent":0,"coordinates":{"iteration":[454]}},"output":{"item":454}}', '\xa19f3d2faf0beef57b39e690c3e1468b11da2eb49614ff6569762a7660b8e598'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 913, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":455}', '\xb83b64c4dcb1b0e0627131927ab505dd0d4be0290e46af27698b3a9ba759f2bf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 914, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":456,"beginning":{"parent":0,"coordinates":{"iteration":[455]}},"output":{"item":455}}', '\x3ee17466029826d37477b030a4522cf1b68659ad33eb04cd391edfc4a5668f86'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 915, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":456}', '\x97e6aae799e419744ef89b1a0fa46c5d51304a9e885f2cdc9eb70ab49be38e92'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 916, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":457,"beginning":{"parent":0,"coordinates":{"iteration":[456]}},"output":{"item":456}}', '\x3cbb8c3acaeab9527a2f6ddc26a7d88b0d3553296eb2ea1dc876b4e20623ac9a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 917, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":457}', '\x4448707b9d94e19881f4c6a1e54a27b9ad6fe02a73fb54a48e371e9e0c9a5b7a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 918, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":458,"beginning":{"parent":0,"coordinates":{"iteration":[457]}},"output":{"item":457}}', '\x7baddbc2f3245a5af9bc6b76ed1cd7ea6d5325d4ba8d6e929a39721a4f4a22f1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 919, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":458}', '\x0afd7734ad09d487b3e7cb8c70659d4e566cdf102e5adeb3cb28f51e27b894be'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 920, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":459,"beginning":{"parent":0,"coordinates":{"iteration":[458]}},"output":{"item":458}}', '\x23ba181a9f2e502e62b5a2836a93d931ced1aafd2c366fad1f02c0a3cf8a256a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 921, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":459}', '\xedd974a454702105e1b6e7ceed1f3333e924a4b6322dfd214a3495ceaad81045'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 922, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":460,"beginning":{"parent":0,"coordinates":{"iteration":[459]}},"output":{"item":459}}', '\xd3a3db5d1dbf8785e54e9e049b331372ac9958591be0a3003addd17edc37b3b7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 923, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":460}', '\xbc10f69ab315bdcc131fd450eecb7eea720ff30fe40b846790711ca0cb1822f5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 924, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":461,"beginning":{"parent":0,"coordinates":{"iteration":[460]}},"output":{"item":460}}', '\x4820414e18168a6abb2a71ec026387ceef213815e5710a4a8ce9a315fa4d5592'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 925, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":461}', '\xd7ff74c327726dbef50d106fa82a25f489bb6cce82531119acb8ccbc0ce72d5d');
INSERT INTO public.journal_20261130 VALUES
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 926, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":462,"beginning":{"parent":0,"coordinates":{"iteration":[461]}},"output":{"item":461}}', '\x280c17227a1ddb29c2595ae4f176c872ca843bec3696163612f7af927bb1b5a0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 927, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":462}', '\xc2859057851ce4a01500c9099b651e98cdfbc6b44c4cc5386f5676f9f895131c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 928, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":463,"beginning":{"parent":0,"coordinates":{"iteration":[462]}},"output":{"item":462}}', '\x93bce6a1964d0060868ee30e381f6bcdd9411d957e8ed4773c479ff5d8f53b13'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 929, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":463}', '\x07a28803481dcdb30438197090e45ad03807e8b47304d1228150bea13654a83f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 930, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":464,"beginning":{"parent":0,"coordinates":{"iteration":[463]}},"output":{"item":463}}', '\xbed24b74a19fdbb04a126cf2fc59a7be5017fb6ca9f24c0633dd47af0006af2b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 931, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":464}', '\x9875f0efeab3de633e646c4eed090ce2635fb453c8046e1051eaacc2acc1ffa8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 932, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":465,"beginning":{"parent":0,"coordinates":{"iteration":[464]}},"output":{"item":464}}', '\x8a05d367e382efa98b8b8ca8f1ea62eac47d0ef9f0cfa435c371333d271b06e1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 933, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":465}', '\x06fe34068f02b533cb6a2406d630eed7a5404344dc1605564ea141a03d55f8d3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 934, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":466,"beginning":{"parent":0,"coordinates":{"iteration":[465]}},"output":{"item":465}}', '\x734fca612f239cba6a9f05b0a335342d48621b123d2dd3f4ed3215a4e320258c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 935, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":466}', '\xd18c651b00b7620d64e390b51cd52c91f4a479fe2b73501fe72be56576199356'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 936, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":467,"beginning":{"parent":0,"coordinates":{"iteration":[466]}},"output":{"item":466}}', '\xe1a09419d0a4777bc58ccca69ac05065db205a3d9596311135362f6c01bbb9ac'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 937, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":467}', '\x4cb71d2c61de5a547e17288e910f66a9c5337f0232086a32520fabc07081b9dc'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 938, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":468,"beginning":{"parent":0,"coordinates":{"iteration":[467]}},"output":{"item":467}}', '\x9c5fd008ccf4c59072eefe97eabf69b5e74f31a458943e78bde737b85ab6fc2e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 939, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":468}', '\xc4bb7c86168c683734cf35663b0724ab6891c411abd9d50a734800ac53c5f394'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 940, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":469,"beginning":{"parent":0,"coordinates":{"iteration":[468]}},"output":{"item":468}}', '\xa496b225bae7c1243ffdd824817799669b84636ab00a5c065293201a0babcf04'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 941, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":469}', '\xb20bbd3dc46b51b84cd5ab09e3df7106ff483f355d9aed0fc84ca8689c98b411'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 942, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":470,"beginning":{"parent":0,"coordinates":{"iteration":[469]}},"output":{"item":469}}', '\xe1affcb8a65f029eccf843def49471b7aa172b4fbdb3d645a44277f5759d4ced'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 943, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":470}', '\xfa9378af710812e8521d1de5881be84d11f4863161a9b6bcbc330a27d4a948df'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 944, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":471,"beginning":{"parent":0,"coordinates":{"iteration":[470]}},"output":{"item":470}}', '\x33ec0dfb307f083b722b3e819f4bfb756f23b8440a80afa04fafb8ae013645b2'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 945, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":471}', '\x70db3cd6c682cf47438137081274e41570cb79d58acde7be7ae0b159f92d140a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 946, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":472,"beginning":{"parent":0,"coordinates":{"iteration":[471]}},"output":{"item":471}}', '\xf8306c7598edcfba25e4860b3623fe2c5ca425fc931e9b4b4f59cafc98481227'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 947, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":472}', '\x44838bba51466b5c5d4ff3fae12e16fa52fb792d6c385790ad0f678cd62f2af5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 948, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":473,"beginning":{"parent":0,"coordinates":{"iteration":[472]}},"output":{"item":472}}', '\x238a53c38ae91843e9c44ef8051277a7e033c45f2a284afc8051b8224a47cbd0'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 949, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":473}', '\x28d4d9774ada1177d3eeba4883e39246d85475aeb2112de142ebc5c931409556'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 950, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":474,"beginning":{"parent":0,"coordinates":{"iteration":[473]}},"output":{"item":473}}', '\xdfd28eb2ca5d86bd4da6fe8f24a2b5a32497b83d3d8890631f44a131e44db6fd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 951, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":474}', '\x19ba35d4eb34ed0f23d8dabb07447b3bb6c64cdbde7b593c13de8f3576f033f5'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 952, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":475,"beginning":{"parent":0,"coordinates":{"iteration":[474]}},"output":{"item":474}}', '\xa0b519b8b0b3c4b7def8a260cdd65a7811fda5b05f25d4c173be6ecfc1f6f037'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 953, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":475}', '\x08fd99348eabce9850dd3a12e0d8d7e782eb81bbbd672e014068a6e6600c0b67'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 954, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":476,"beginning":{"parent":0,"coordinates":{"iteration":[475]}},"output":{"item":475}}', '\x21e3e4981a34f49b515db8f6b7cae39b246ad9250f629a8bd534c031e938e395'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 955, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":476}', '\x5ac634bf58a02395e120d8d5a845c560115d320bbd158c30530a6baf15d0a3fa'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 956, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":477,"beginning":{"parent":0,"coordinates":{"iteration":[476]}},"output":{"item":476}}', '\x7f43664ce38fe0dcd70a4f5e598e6e296e677e4fd9b23c483bda95638742ea25'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 957, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":477}', '\xcd5c64f8d0c0fbf72ca82ea875b87341c9c37f048f160984a8f45971fa462de4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 958, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":478,"beginning":{"parent":0,"coordinates":{"iteration":[477]}},"output":{"item":477}}', '\x77a672013b94dc7a6f1cf915bfacc0b843d7d256f1355372195afa01f16b0e44'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 959, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":478}', '\x97db49f03fbb5d40b3cf10c9ba25bd891c74d4b159fe0996e0300a6795828ece'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 960, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":479,"beginning":{"parent":0,"coordinates":{"iteration":[478]}},"output":{"item":478}}', '\xcb736b542434234fd79770dd28c2305b345de9a3387a7b4d9f9de54116f784ab'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 961, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":479}', '\x956a9f2072f7b47a57b1e008c579ae67aa3b452e989938940cdecf6bd8f68db7'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 962, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":480,"beginning":{"parent":0,"coordinates":{"iteration":[479]}},"output":{"item":479}}', '\xf959382d10b6757eeb6b1941dc2a304dfb8af6499d407618d5cb631592e2eadb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 963, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":480}', '\xec21a53dd6e7c9e6983576d6f76253e174c0ff72004e9e3082d749356ec26466'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 964, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":481,"beginning":{"parent":0,"coordinates":{"iteration":[480]}},"output":{"item":480}}', '\x18142f4192c922a8be295fd5e9314cdaa7d0896d0a1d98f1ac3fb444266cca48'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 965, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":481}', '\x7367c93172e8a3125f596e3254ed4dae15496db9fcd6ab2bed98e47f1dbb03d8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 966, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":482,"beginning":{"parent":0,"coordinates":{"iteration":[481]}},"output":{"item":481}}', '\x5b04e815513b06b32117c61a40505331b12b6a9c81fcc12ef1ac6ba6e66f39d8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 967, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":482}', '\x7a0a7db41abe8c100f20f206004ea82f54209812db2d7bf032ae73417c4a8fdb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 968, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":483,"beginning":{"parent":0,"coordinates":{"iteration":[482]}},"output":{"item":482}}', '\x1ae4c908dce2d01489a141e57993d5299826b103ec44f2830ed65b692759443a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 969, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":483}', '\x16334fc2801a76c3adeb825610f7978f536b75945afc3546d1848c508311f9a9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 970, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":484,"beginning":{"parent":0,"coordinates":{"iteration":[483]}},"output":{"item":483}}', '\xdb01db882e3d92361a3da8704778831ac06f59194b556863cf471391a632625f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 971, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":484}', '\x8e4bc106a1a40acf42774ee1cfdb0467fd754627b0bc832de56393db00433e62'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 972, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":485,"beginning":{"parent":0,"coordinates":{"iteration":[484]}},"output":{"item":484}}', '\x578a63fa306e8cf96da0d0e87dea1fac10414598791da02d663babfba5758cbf'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 973, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":485}', '\xa5ff9044a46ac7d0b84024e28d18f5b4880ed0c01f9597c42ca1749f8172a2c1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 974, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":486,"beginning":{"parent":0,"coordinates":{"iteration":[485]}},"output":{"item":485}}', '\x286272af58f0ae4bdd818a5a89f92997e5bc25df2d9832dafa64dee54d980f86'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 975, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":486}', '\x7d6d6e75ace8c8d9482dd14e3665cd5856467a3f0813a4cbb00f580a9ceaa16c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 976, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":487,"beginning":{"parent":0,"coordinates":{"iteration":[486]}},"output":{"item":486}}', '\xbf3bb3069bba5697dce46fc41dfcf7f22c3a50181c52a536381c8be7047a1f2f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 977, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":487}', '\xcf9c6e56b3f4e26f3b898c84e0f8868e9ec0275a15cf46f91d510742d50602fb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 978, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":488,"beginning":{"parent":0,"coordinates":{"iteration":[487]}},"output":{"item":487}}', '\xebd29f0e72b4a4250208c1f13268caad0b93cd438c22fa78de3af0ab122e9737'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 979, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":488}', '\xf9c70ab57ae61d1b2874d5b82d11402666019cfa842740597064e9d09d761624'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 980, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":489,"beginning":{"parent":0,"coordinates":{"iteration":[488]}},"output":{"item":488}}', '\x48e1fa00b5fdf941e590975f5fc3adb8a5d7e7e6d00ea801d1e59fd34f471810'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 981, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":489}', '\xac726bc1177c459635669cc80d68c5ab684526af45c8c4175b2aa4afc804799c'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 982, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":490,"beginning":{"parent":0,"coordinates":{"iteration":[489]}},"output":{"item":489}}', '\x58fdce7dd18824f674b4c38277b8ea9929a23eeebdadf5b444698f3c245f6f12'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 983, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":490}', '\x0e061e991f8f4a514c342a6bebce2a278e36c909834ff8b39c1d60f5227e4068'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 984, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":491,"beginning":{"parent":0,"coordinates":{"iteration":[490]}},"output":{"item":490}}', '\x69bf27666ffe3860fc04eccc33c1fb315a02164615fa6c115aba5d083f918886'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 985, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":491}', '\x794cdc6df6477d9c322560aba25e41ba2a85edba0bd1f1c51e54c4ff9d90ffd1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 986, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":492,"beginning":{"parent":0,"coordinates":{"iteration":[491]}},"output":{"item":491}}', '\x17df8a8844ca477425de2d63c6a0fff04a3712d16c597bc5f40b417cd97e3663'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 987, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":492}', '\xdfee7b46fc3bae50eacaedde38ecf8ea3ac1b3690fc9d5473976396c70ba96bd'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 988, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":493,"beginning":{"parent":0,"coordinates":{"iteration":[492]}},"output":{"item":492}}', '\xb42230f8ba8cab70739efa3cf15c8a7a449a23d4188c2d982ba4ea30f009565a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 989, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":493}', '\xd10717bb84d0ba8fb8dc83b1c11a894f72f4e4c434136a83cf1cee4b4870c79f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 990, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":494,"beginning":{"parent":0,"coordinates":{"iteration":[493]}},"output":{"item":493}}', '\x1dcf929da7c62138fb03b99c2d4e76cac8fd188b77f406d532f25ef91c94818f'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 991, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":494}', '\x726846d228643ae7cf719aca0206da4567da872676d2028400b185a0a6e32be8'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 992, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":495,"beginning":{"parent":0,"coordinates":{"iteration":[494]}},"output":{"item":494}}', '\x91bd8ecf7db9a693e285fa4e74f854c70830fc81f6c747fc608a7ed6d09e8d82'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 993, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":495}', '\x8dbabdcf1b9ffa784da9d9bd8c42d6ac9b3d701675adfaaf49652a8cb310b7da'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 994, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":496,"beginning":{"parent":0,"coordinates":{"iteration":[495]}},"output":{"item":495}}', '\x729ae7cd618a724677c67dd0831eeb5c3ad1c5161d65828b076a25ecefb79a46'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 995, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":496}', '\xd00630bd5b9897d609f429992f4d82e7c8dea8c0c49ef56af52b8d2bffb30237'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 996, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":497,"beginning":{"parent":0,"coordinates":{"iteration":[496]}},"output":{"item":496}}', '\x3b234e996e3c5e0cbd3815eb258b7bc3e297a483e0348d425778aa7180c50841'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 997, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":497}', '\xfef407716f9d316079770dc3755626a056a4dcd986e56837fbdd800203d1d67a'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 998, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":498,"beginning":{"parent":0,"coordinates":{"iteration":[497]}},"output":{"item":497}}', '\xae117561a86640a601f7ad4f3d3567bce92d0420adb8d3f1196f5aca5a91177b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 999, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":498}', '\x519bba21aa67c6b6db04902c2bfc9192ae2f704fd29e2cd8dab7129abd8873f1'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1000, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":499,"beginning":{"parent":0,"coordinates":{"iteration":[498]}},"output":{"item":498}}', '\x8fcae3ba219f33a120d1f1bf348649044963c31ce3f6ca154ee6e1a2c76f14bb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1001, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":499}', '\x4b74b059a8c292810384bf47ac9df7b9f1be2d37a7e1356e20490e152b42695b'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1002, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":500,"beginning":{"parent":0,"coordinates":{"iteration":[499]}},"output":{"item":499}}', '\x7cf42547f40d6ee09f9dbd5449d1557c350b21f5e24714b302592167035ddfe3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1003, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":500}', '\x067663b2fa9214e28ef830dc215c21f9aa9e0c6f37a227938eeace81ad2ec824'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1004, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":501,"beginning":{"parent":0,"coordinates":{"iteration":[500]}},"output":{"item":500}}', '\x92fc5c3c48b4260d84fcd8a891d36ff7b0dcec2cd5a998934f5edb40ccec15d4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1005, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":501}', '\x6c870807608b7390c8ba5666c03683d4468ffc0bc9da680f16d319b5af01b909'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1006, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":502,"beginning":{"parent":0,"coordinates":{"iteration":[501]}},"output":{"item":501}}', '\x84b7a7a9479495b32b4c2d50f070202f7cc9c8bcaa5351bdd8904c589672ccf4'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1007, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":502}', '\x999260511d85a8fb69a3c66efb0a9a19ab843d4f3df529523258f94c65dc7ac6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1008, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":503,"beginning":{"parent":0,"coordinates":{"iteration":[502]}},"output":{"item":502}}', '\x673ad925bd72706011cc97b58ed9816375fd38f81d21b555aa3df55028e8fc18'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1009, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":503}', '\x166a20def11642399a1a5d3a31efb0c52d43137d7b635df78247509518240a89'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1010, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":504,"beginning":{"parent":0,"coordinates":{"iteration":[503]}},"output":{"item":503}}', '\x54ec18fdd23a0f90b92184e011dd27fd07c619fbf4abf364edb49774cedeb0d9'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1011, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":504}', '\x38ea0d95f668bee34c2d4448aaf9fbf34991e7648fce6130eb8dadca34370553'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1012, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":505,"beginning":{"parent":0,"coordinates":{"iteration":[504]}},"output":{"item":504}}', '\x351a2ab3fc5db42b6ae1c8139ceca18e38abdd89d9d164acc66c040039e5df2d'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1013, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":505}', '\x19b4d253dec544db611967b64ba249845e37996d65e5a73bffff88ac03d363c6'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1014, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":506,"beginning":{"parent":0,"coordinates":{"iteration":[505]}},"output":{"item":505}}', '\x5c0178cacf0bd2e8b8c798a87a4394cb8c39ee50e385b0bcc7a96b0083fa2013'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1015, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":506}', '\x349afd417dece65b4efe322394e63bc64660e90764adaeb66429d8481d2dd505'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1016, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":507,"beginning":{"parent":0,"coordinates":{"iteration":[506]}},"output":{"item":506}}', '\xa01e0b49c0d999b0c9e8855b6eb72c915a81b4f958290e8bc929daf95039be2e'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1017, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":507}', '\x4ca56293f5f185dbe0c1a1695fa51371d8603a66fd06bf7f2ec5b4789e09c6fb'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1018, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":508,"beginning":{"parent":0,"coordinates":{"iteration":[507]}},"output":{"item":507}}', '\xd9e2efc7176569a11036c721a33f9d83158809ceac92600f4d16f47206e7be13'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1019, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":508}', '\x610284e3e80091982142cb5fa3be4f8461ae0a427bca64c376e38673b58d5ba3'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1020, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":509,"beginning":{"parent":0,"coordinates":{"iteration":[508]}},"output":{"item":508}}', '\x5b31cbdbeb5fa733831ceeb37e8be1ca5cd83f8d48f94cd7f6ee0e7d4e475c95'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1021, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":509}', '\xf5f98ceb3e3566a60c5edafbf2f159281802c1ca1318af3fa0ed1f6c68268f64'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1022, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":510,"beginning":{"parent":0,"coordinates":{"iteration":[509]}},"output":{"item":509}}', '\x24941babe70d5c8268a5881f3295968f9a1cb2d03e231ba7faa6861fdf495809'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1023, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":510}', '\xaff5cb86f58a37c316cc413c2fa5ee7060734a8db9ce1d5e6037b47e2a8de579'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1024, '2026-11-30 10:11:59.315502+00', 'task.completed', '/do/0/each/do/0/step', NULL, 'engine', '{"execution":511,"beginning":{"parent":0,"coordinates":{"iteration":[510]}},"output":{"item":510}}', '\xef0af86faf5e3948e16ede91e837b404618fbafd647c4b57cc05f8c68c2eff76'),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 1025, '2026-11-30 10:11:59.315502+00', 'iteration.started', '/do/0/each', NULL, 'engine', '{"execution":0,"index":511}', '\x3a4764588829f8fd10bdf456c7aa89c26aa39f2cbda16e7bb7d58031cd8d1f8d');
INSERT INTO public.journal_20261130 VALUES
	(129, '01a22bf0-9efb-750f-ac24-b837dacd6181', 1, '2026-11-30 10:11:59.355354+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"queue","n":1,"key":"k"}],"transformed":{"type":"queue","n":1,"key":"k"},"key":"k","event":"01a22bf0-9efb-750f-ac24-b836a268acae","environment":"sandbox","queued":true}', '\x88e0bef73715816ec05c9f17cc98202f462438873a38d19944dd1f66e3c3f93d'),
	(48, '01a22bf0-9f05-74cb-a272-bc1abcabe230', 1, '2026-11-30 10:11:59.365032+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"queue","n":1,"key":"k"}],"transformed":{"type":"queue","n":1,"key":"k"},"key":"k","event":"01a22bf0-9f04-732e-8528-c8ffaeb0fd0e","environment":"sandbox","queued":true}', '\x42e838223e48f0f57a07540e728871f7f2e915140c3ba6d22dae5cba627a55eb'),
	(61, '01a22bf0-9f0c-74ee-9816-eaef48bc8f3d', 1, '2026-11-30 10:11:59.372231+00', 'run.started', NULL, NULL, 'source:test', '{"input":[{"type":"timer","n":1,"key":"k"}],"transformed":{"type":"timer","n":1,"key":"k"},"event":"01a22bf0-9f0c-74ee-9816-eaeeddd70fa1","environment":"sandbox"}', '\x2501ab9e49e4bc99e1d7fae53f7708d9eb871e0f0d975223d54211ed04066a00'),
	(61, '01a22bf0-9f0c-74ee-9816-eaef48bc8f3d', 2, '2026-11-30 10:11:59.372231+00', 'task.started', '/do/0/pause', NULL, 'engine', '{"execution":0,"beginning":{},"until":"2026-11-30T10:12:04.372231Z"}', '\x45cf11f954fc541f1aaed554931d83d63006afc4cd98d919e10add233e1093cd');


--
-- Data for Name: journal_20261201; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: journal_20261202; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: journal_20261203; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: journal_20261204; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: journal_20261205; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: journal_20261206; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: journal_20261207; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: journal_default; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: lanes; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.lanes VALUES
	('test', 'queue', 'k', 2);


--
-- Data for Name: links; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: listeners; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.listeners VALUES
	(87, '01a22bf0-9d21-739b-ad51-435b75d71057', 0, 0, 'listener.paid', '6:0:/do/0/paid', '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', true, NULL),
	(221, '01a22bf0-9d86-77c7-8978-87d3fc604edd', 0, 0, 'suspended.go', '12:0:/do/0/wait', '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', true, NULL),
	(124, '01a22bf0-9e51-792a-8b3e-350b1404ee7c', 0, 0, 'child.go', '2:0:/do/0/wait', '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', true, NULL),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 3, 0, 'loop.next', '8:0:/do/0/each/do/0/next', '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', true, NULL),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 521, 0, 'long.go', '7:0:/do/1/wait', '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', false, 841),
	(129, '01a22bf0-9efb-750f-ac24-b837dacd6181', 0, 0, 'queue.go', '10:0:/do/0/wait', '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', false, 849);


--
-- Data for Name: login_links; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: node_roles; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: nodes; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.nodes VALUES
	('0c1f367f-4d10-400e-a848-0a8dc0dad517', 'stepwell', '0.1.0', '2026-11-30 10:11:58.834583+00', '2026-11-30 10:11:59.337235+00', '2026-11-30 10:12:00.837235+00', NULL);


--
-- Data for Name: oauth_tokens; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: outgoing; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: proposals; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: redeliveries; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: refusals; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: runs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.runs VALUES
	(157, '01a22bf0-9d07-7488-8960-5f66db0dfe9d', 3, 'completed', NULL, NULL, '01a22bf0-9d07-7488-8960-5f65af2a25da', NULL, NULL, NULL, 1, 3, 0, NULL, '\x56312ac9294301a2755693422223abb276a1595f5b4886f6a087ba42364bf106', '2026-11-30 10:11:58.860668+00', '2026-11-30 10:11:58.860668+00', NULL, NULL, NULL),
	(87, '01a22bf0-9d21-739b-ad51-435b75d71057', 6, 'waiting', NULL, NULL, '01a22bf0-9d21-739b-ad51-435a1bacebf4', NULL, '/do/0/paid', NULL, 1, 2, 0, NULL, '\xa641a44c9a1dbf7c7b84bf43189204d8bd200cc8c788d19ac8d6b2e90ef2f905', '2026-11-30 10:11:58.886676+00', NULL, NULL, NULL, NULL),
	(50, '01a22bf0-9d30-74a8-b9f3-8fc9f5b20832', 4, 'faulted', 'faulted', NULL, '01a22bf0-9d30-74a8-b9f3-8fc8bd9794c6', NULL, '/do/0/step', NULL, 1, 4, 0, NULL, '\xc15b40280db230e23f9edc03b1a7f9d1e9d9e22d30e995d1bb9da045b362c6cb', '2026-11-30 10:11:58.901904+00', NULL, '{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/faulted answered 400","instance":"/do/0/step"}', '6b0e522a77f5a916', '2026-11-30 10:11:58.900538+00'),
	(68, '01a22bf0-9e8d-7216-a2ea-555808eaa344', 8, 'waiting', NULL, NULL, '01a22bf0-9e8d-7216-a2ea-5557f56d8081', NULL, '/do/0/each/do/0/next', NULL, 2, 9, 0, NULL, '\xca18e4b2ac36dcc59e55db3fe23abedb895df011e9f3810ec11545b1cdeeb52a', '2026-11-30 10:11:59.250249+00', NULL, NULL, NULL, NULL),
	(120, '01a22bf0-9d3d-77bc-8f29-817cc42c4178', 11, 'compensating', 'compensation_stuck', NULL, '01a22bf0-9d3c-71a8-8b0e-c4344b13467c', NULL, '/do/0/step/metadata/compensate', NULL, 1, 9, 0, NULL, '\xc189775d65715a43cbd099f498dedb314dc9e8d4412b74159ac50ad1c525668c', '2026-11-30 10:11:58.91415+00', NULL, '{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/unstuck answered 400","instance":"/do/0/step/metadata/compensate"}', 'ffdc77c50d2d974c', '2026-11-30 10:11:58.917888+00'),
	(13, '01a22bf0-9d60-7294-8d63-c268f44d0b0d', 14, 'compensated', NULL, NULL, '01a22bf0-9d60-7294-8d63-c2675a1c3b89', NULL, NULL, NULL, 1, 9, 0, NULL, '\x522bf4fdd03fc0215bb5dfbfe7e131b61c235afd968b365f60359b8136a6628e', '2026-11-30 10:11:58.950081+00', '2026-11-30 10:11:58.960897+00', '{"type":"https://serverlessworkflow.io/spec/1.0.0/errors/communication","status":400,"title":"Bad Request","detail":"POST http://127.0.0.1:46121/refused answered 400","instance":"/do/1/refused"}', NULL, NULL),
	(221, '01a22bf0-9d86-77c7-8978-87d3fc604edd', 12, 'suspended', NULL, NULL, '01a22bf0-9d85-7645-a132-b37482642de1', NULL, '/do/0/wait', NULL, 2, 3, 0, NULL, '\xda2e25074f9d67b7fff8bc5bfb79e0b5f5cce3059ba8be64a5707ce6f8ebee5f', '2026-11-30 10:11:58.98717+00', NULL, NULL, NULL, NULL),
	(92, '01a22bf0-9dee-72f7-8da8-ba5d30ff9d5c', 1, 'cancelled', NULL, NULL, '01a22bf0-9dee-72f7-8da8-ba5c8746dcfc', NULL, NULL, NULL, 2, 4, 0, NULL, '\x3ec91480f70672c4bf2de4a0f9bdbcc917209784b33545adc3ede176eae87cbe', '2026-11-30 10:11:59.09164+00', '2026-11-30 10:11:59.165828+00', NULL, NULL, NULL),
	(124, '01a22bf0-9e51-792a-8b3e-350b1404ee7c', 2, 'waiting', NULL, NULL, NULL, '01a22bf0-9e4c-70b7-a872-9e6f962c99e3', '/do/0/wait', NULL, 1, 2, 0, NULL, '\xc323f2adf4142dafd3a291361a034ca8dc86b30049278e04fc9808d4d7788c44', '2026-11-30 10:11:59.187975+00', NULL, NULL, NULL, NULL),
	(227, '01a22bf0-9e4c-70b7-a872-9e6f962c99e3', 9, 'waiting', NULL, NULL, '01a22bf0-9e4c-70b7-a872-9e6ea78a4f80', NULL, '/do/0/child', NULL, 1, 3, 0, NULL, '\x4257274fb6777507cfde27d16468c0c336ed3649c3f80a9091a0422e80f0cdcd', '2026-11-30 10:11:59.185999+00', NULL, NULL, NULL, NULL),
	(78, '01a22bf0-9e6f-72d3-b5be-94cf7373bd4e', 5, 'running', NULL, NULL, '01a22bf0-9e6f-72d3-b5be-94ce86e9eb39', NULL, '/do/0/both/fork/branches/1/right', '0c1f367f-4d10-400e-a848-0a8dc0dad517', 1, 4, 1, NULL, '\x99ae5ad2375af8cb36e45e5216a9d02522a0410957d5f866b97604152ae92d29', '2026-11-30 10:11:59.220697+00', NULL, NULL, NULL, NULL),
	(16, '01a22bf0-9e74-70b3-b187-753c45f55310', 15, 'running', NULL, NULL, '01a22bf0-9e74-70b3-b187-753b854568fc', NULL, '/do/0/step', '0c1f367f-4d10-400e-a848-0a8dc0dad517', 1, 2, 1, NULL, '\xb911c2d0a876c9bfc55ffa1bd4c4bcdd10060e316f2f0ae931fbcab54c131dc3', '2026-11-30 10:11:59.225329+00', NULL, NULL, NULL, NULL),
	(214, '01a22bf0-9ec2-70ec-ad60-b99fa5acded6', 7, 'waiting', NULL, NULL, '01a22bf0-9ec2-70ec-ad60-b99eff1b00bd', NULL, '/do/1/wait', NULL, 1, 1044, 0, NULL, '\x4529067e5211e8b05b20bf52d6c12ba31e744422c27f785bffb04b7b42dce71d', '2026-11-30 10:11:59.303545+00', NULL, NULL, NULL, NULL),
	(129, '01a22bf0-9efb-750f-ac24-b837dacd6181', 10, 'waiting', NULL, 'k', '01a22bf0-9efb-750f-ac24-b836a268acae', NULL, '/do/0/wait', NULL, 2, 3, 0, NULL, '\x4931bd8fe9b93c9db19639c6fa4e7507806f8d7890ff0c2523ac2c57a439f58b', '2026-11-30 10:11:59.355354+00', NULL, NULL, NULL, NULL),
	(48, '01a22bf0-9f05-74cb-a272-bc1abcabe230', 10, 'pending', NULL, 'k', '01a22bf0-9f04-732e-8528-c8ffaeb0fd0e', NULL, NULL, NULL, 1, 1, 0, NULL, '\x42e838223e48f0f57a07540e728871f7f2e915140c3ba6d22dae5cba627a55eb', '2026-11-30 10:11:59.365032+00', NULL, NULL, NULL, NULL),
	(61, '01a22bf0-9f0c-74ee-9816-eaef48bc8f3d', 13, 'waiting', NULL, NULL, '01a22bf0-9f0c-74ee-9816-eaeeddd70fa1', NULL, '/do/0/pause', NULL, 1, 2, 0, '2026-11-30 10:12:04.372231+00', '\x45cf11f954fc541f1aaed554931d83d63006afc4cd98d919e10add233e1093cd', '2026-11-30 10:11:59.372231+00', NULL, NULL, NULL, NULL);


--
-- Data for Name: schedule_acts; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: schedules; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: sequence_arrivals; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: sequences; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: sessions; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: tokens; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.tokens VALUES
	('01a22bf0-9cb0-7478-b872-21165abec79e', 'cli', '\x08e1de1b1cbec2766ca4d0d43544aad56ed321dc63fcc7e39416e63b27340017', '{admin}', '2026-11-30 10:11:58.76866+00', NULL, NULL, NULL);


--
-- Data for Name: topics; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: totals_changes; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: totals_companies; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: totals_days; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: totals_lines; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: totals_passes; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: totals_sign_offs; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: totals_staged; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: turns; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.turns VALUES
	('test', 'queue', 'k', 1, '01a22bf0-9efb-750f-ac24-b837dacd6181', true),
	('test', 'queue', 'k', 2, '01a22bf0-9f05-74cb-a272-bc1abcabe230', false);


--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: watermarks; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Name: definitions_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.definitions_id_seq', 15, true);


--
-- Name: sequence_arrivals_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.sequence_arrivals_id_seq', 1, false);


--
-- Name: _sqlx_migrations _sqlx_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);


--
-- Name: acts acts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.acts
    ADD CONSTRAINT acts_pkey PRIMARY KEY (id);


--
-- Name: batch_reports batch_reports_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_reports
    ADD CONSTRAINT batch_reports_pkey PRIMARY KEY (batch_id, cursor);


--
-- Name: batch_rows batch_rows_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_rows
    ADD CONSTRAINT batch_rows_pkey PRIMARY KEY (name, key);


--
-- Name: batches batches_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (id);


--
-- Name: batches batches_run; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_run UNIQUE (run_id, name);


--
-- Name: commands commands_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.commands
    ADD CONSTRAINT commands_pkey PRIMARY KEY (id);


--
-- Name: conflicts conflicts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conflicts
    ADD CONSTRAINT conflicts_pkey PRIMARY KEY (id);


--
-- Name: connection_limits connection_limits_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.connection_limits
    ADD CONSTRAINT connection_limits_pkey PRIMARY KEY (connection);


--
-- Name: connection_slots connection_slots_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.connection_slots
    ADD CONSTRAINT connection_slots_pkey PRIMARY KEY (connection, node_id);


--
-- Name: definitions definitions_namespace_name_version_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.definitions
    ADD CONSTRAINT definitions_namespace_name_version_key UNIQUE (namespace, name, version);


--
-- Name: definitions definitions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.definitions
    ADD CONSTRAINT definitions_pkey PRIMARY KEY (id);


--
-- Name: environment environment_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.environment
    ADD CONSTRAINT environment_pkey PRIMARY KEY (one);


--
-- Name: event_attention event_attention_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_attention
    ADD CONSTRAINT event_attention_pkey PRIMARY KEY (event);


--
-- Name: event_keys event_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event_keys
    ADD CONSTRAINT event_keys_pkey PRIMARY KEY (source, event_id);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);


--
-- Name: events_20261129 events_20261129_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_20261129
    ADD CONSTRAINT events_20261129_pkey PRIMARY KEY (id);


--
-- Name: events_20261130 events_20261130_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_20261130
    ADD CONSTRAINT events_20261130_pkey PRIMARY KEY (id);


--
-- Name: events_20261201 events_20261201_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_20261201
    ADD CONSTRAINT events_20261201_pkey PRIMARY KEY (id);


--
-- Name: events_20261202 events_20261202_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_20261202
    ADD CONSTRAINT events_20261202_pkey PRIMARY KEY (id);


--
-- Name: events_20261203 events_20261203_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_20261203
    ADD CONSTRAINT events_20261203_pkey PRIMARY KEY (id);


--
-- Name: events_20261204 events_20261204_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_20261204
    ADD CONSTRAINT events_20261204_pkey PRIMARY KEY (id);


--
-- Name: events_20261205 events_20261205_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_20261205
    ADD CONSTRAINT events_20261205_pkey PRIMARY KEY (id);


--
-- Name: events_20261206 events_20261206_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_20261206
    ADD CONSTRAINT events_20261206_pkey PRIMARY KEY (id);


--
-- Name: events_20261207 events_20261207_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_20261207
    ADD CONSTRAINT events_20261207_pkey PRIMARY KEY (id);


--
-- Name: events_default events_default_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_default
    ADD CONSTRAINT events_default_pkey PRIMARY KEY (id);


--
-- Name: freezes freezes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.freezes
    ADD CONSTRAINT freezes_pkey PRIMARY KEY (id);


--
-- Name: frozen frozen_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.frozen
    ADD CONSTRAINT frozen_pkey PRIMARY KEY (run_id);


--
-- Name: gathered gathered_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.gathered
    ADD CONSTRAINT gathered_pkey PRIMARY KEY (gathering, event);


--
-- Name: gathering_keys gathering_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.gathering_keys
    ADD CONSTRAINT gathering_keys_pkey PRIMARY KEY (namespace, name, signature, key);


--
-- Name: gatherings gatherings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.gatherings
    ADD CONSTRAINT gatherings_pkey PRIMARY KEY (id);


--
-- Name: journal journal_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_20261129 journal_20261129_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_20261129
    ADD CONSTRAINT journal_20261129_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_20261130 journal_20261130_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_20261130
    ADD CONSTRAINT journal_20261130_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_20261201 journal_20261201_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_20261201
    ADD CONSTRAINT journal_20261201_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_20261202 journal_20261202_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_20261202
    ADD CONSTRAINT journal_20261202_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_20261203 journal_20261203_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_20261203
    ADD CONSTRAINT journal_20261203_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_20261204 journal_20261204_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_20261204
    ADD CONSTRAINT journal_20261204_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_20261205 journal_20261205_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_20261205
    ADD CONSTRAINT journal_20261205_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_20261206 journal_20261206_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_20261206
    ADD CONSTRAINT journal_20261206_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_20261207 journal_20261207_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_20261207
    ADD CONSTRAINT journal_20261207_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: journal_default journal_default_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_default
    ADD CONSTRAINT journal_default_pkey PRIMARY KEY (shard, run_id, seq);


--
-- Name: lanes lanes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lanes
    ADD CONSTRAINT lanes_pkey PRIMARY KEY (namespace, name, key);


--
-- Name: links links_crm; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_crm UNIQUE (entity, crm_id);


--
-- Name: links links_erp; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_erp UNIQUE (entity, erp_id);


--
-- Name: links links_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (id);


--
-- Name: listeners listeners_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.listeners
    ADD CONSTRAINT listeners_pkey PRIMARY KEY (shard, run_id, execution, filter);


--
-- Name: login_links login_links_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.login_links
    ADD CONSTRAINT login_links_pkey PRIMARY KEY (hash);


--
-- Name: node_roles node_roles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.node_roles
    ADD CONSTRAINT node_roles_pkey PRIMARY KEY (name);


--
-- Name: nodes nodes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.nodes
    ADD CONSTRAINT nodes_pkey PRIMARY KEY (id);


--
-- Name: oauth_tokens oauth_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.oauth_tokens
    ADD CONSTRAINT oauth_tokens_pkey PRIMARY KEY (id);


--
-- Name: outgoing outgoing_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outgoing
    ADD CONSTRAINT outgoing_pkey PRIMARY KEY (id);


--
-- Name: proposals proposals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.proposals
    ADD CONSTRAINT proposals_pkey PRIMARY KEY (id);


--
-- Name: redeliveries redeliveries_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.redeliveries
    ADD CONSTRAINT redeliveries_pkey PRIMARY KEY (event, body_hash);


--
-- Name: refusals refusals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refusals
    ADD CONSTRAINT refusals_pkey PRIMARY KEY (id);


--
-- Name: runs runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (shard, id);


--
-- Name: schedule_acts schedule_acts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schedule_acts
    ADD CONSTRAINT schedule_acts_pkey PRIMARY KEY (id);


--
-- Name: schedules schedules_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (namespace, name);


--
-- Name: sequence_arrivals sequence_arrivals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sequence_arrivals
    ADD CONSTRAINT sequence_arrivals_pkey PRIMARY KEY (id);


--
-- Name: sequences sequences_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sequences
    ADD CONSTRAINT sequences_pkey PRIMARY KEY (source, channel);


--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (hash);


--
-- Name: tokens tokens_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_hash_key UNIQUE (hash);


--
-- Name: tokens tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);


--
-- Name: topics topics_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.topics
    ADD CONSTRAINT topics_pkey PRIMARY KEY (source, topic);


--
-- Name: totals_changes totals_changes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals_changes
    ADD CONSTRAINT totals_changes_pkey PRIMARY KEY (id);


--
-- Name: totals_companies totals_companies_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals_companies
    ADD CONSTRAINT totals_companies_pkey PRIMARY KEY (id);


--
-- Name: totals_days totals_days_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals_days
    ADD CONSTRAINT totals_days_pkey PRIMARY KEY (day);


--
-- Name: totals_lines totals_lines_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals_lines
    ADD CONSTRAINT totals_lines_pkey PRIMARY KEY (day, currency, company, key);


--
-- Name: totals_passes totals_passes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals_passes
    ADD CONSTRAINT totals_passes_pkey PRIMARY KEY (id);


--
-- Name: totals_passes totals_passes_run; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals_passes
    ADD CONSTRAINT totals_passes_run UNIQUE (run_id);


--
-- Name: totals_sign_offs totals_sign_offs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals_sign_offs
    ADD CONSTRAINT totals_sign_offs_pkey PRIMARY KEY (id);


--
-- Name: totals_staged totals_staged_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals_staged
    ADD CONSTRAINT totals_staged_pkey PRIMARY KEY (pass_id, key);


--
-- Name: turns turns_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (namespace, name, key, ticket);


--
-- Name: users users_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_name_key UNIQUE (name);


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: watermarks watermarks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.watermarks
    ADD CONSTRAINT watermarks_pkey PRIMARY KEY (name);


--
-- Name: acts_by_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX acts_by_subject ON public.acts USING btree (subject, id);


--
-- Name: batches_by_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX batches_by_name ON public.batches USING btree (name, id);


--
-- Name: commands_by_event; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX commands_by_event ON public.commands USING btree (run_id, execution, event_id) WHERE (event_id IS NOT NULL);


--
-- Name: commands_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX commands_open ON public.commands USING btree (run_id) WHERE (answered_at IS NULL);


--
-- Name: conflicts_by_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX conflicts_by_state ON public.conflicts USING btree (state, id);


--
-- Name: conflicts_open; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX conflicts_open ON public.conflicts USING btree (link_id, COALESCE(row_name, ''::text)) WHERE (state = ANY (ARRAY['open'::text, 'chosen'::text]));


--
-- Name: event_attention_by_source; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_attention_by_source ON public.event_attention USING btree (of_source, event);


--
-- Name: event_keys_by_age; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX event_keys_by_age ON public.event_keys USING btree (received_at);


--
-- Name: events_unrouted; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_unrouted ON ONLY public.events USING btree (id) WHERE (NOT routed);


--
-- Name: events_20261129_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261129_id_idx ON public.events_20261129 USING btree (id) WHERE (NOT routed);


--
-- Name: events_without_run; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_without_run ON ONLY public.events USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_20261129_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261129_outcome_id_idx ON public.events_20261129 USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_by_type; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_by_type ON ONLY public.events USING btree (type, id);


--
-- Name: events_20261129_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261129_type_id_idx ON public.events_20261129 USING btree (type, id);


--
-- Name: events_20261130_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261130_id_idx ON public.events_20261130 USING btree (id) WHERE (NOT routed);


--
-- Name: events_20261130_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261130_outcome_id_idx ON public.events_20261130 USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_20261130_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261130_type_id_idx ON public.events_20261130 USING btree (type, id);


--
-- Name: events_20261201_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261201_id_idx ON public.events_20261201 USING btree (id) WHERE (NOT routed);


--
-- Name: events_20261201_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261201_outcome_id_idx ON public.events_20261201 USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_20261201_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261201_type_id_idx ON public.events_20261201 USING btree (type, id);


--
-- Name: events_20261202_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261202_id_idx ON public.events_20261202 USING btree (id) WHERE (NOT routed);


--
-- Name: events_20261202_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261202_outcome_id_idx ON public.events_20261202 USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_20261202_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261202_type_id_idx ON public.events_20261202 USING btree (type, id);


--
-- Name: events_20261203_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261203_id_idx ON public.events_20261203 USING btree (id) WHERE (NOT routed);


--
-- Name: events_20261203_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261203_outcome_id_idx ON public.events_20261203 USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_20261203_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261203_type_id_idx ON public.events_20261203 USING btree (type, id);


--
-- Name: events_20261204_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261204_id_idx ON public.events_20261204 USING btree (id) WHERE (NOT routed);


--
-- Name: events_20261204_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261204_outcome_id_idx ON public.events_20261204 USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_20261204_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261204_type_id_idx ON public.events_20261204 USING btree (type, id);


--
-- Name: events_20261205_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261205_id_idx ON public.events_20261205 USING btree (id) WHERE (NOT routed);


--
-- Name: events_20261205_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261205_outcome_id_idx ON public.events_20261205 USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_20261205_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261205_type_id_idx ON public.events_20261205 USING btree (type, id);


--
-- Name: events_20261206_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261206_id_idx ON public.events_20261206 USING btree (id) WHERE (NOT routed);


--
-- Name: events_20261206_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261206_outcome_id_idx ON public.events_20261206 USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_20261206_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261206_type_id_idx ON public.events_20261206 USING btree (type, id);


--
-- Name: events_20261207_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261207_id_idx ON public.events_20261207 USING btree (id) WHERE (NOT routed);


--
-- Name: events_20261207_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261207_outcome_id_idx ON public.events_20261207 USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_20261207_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_20261207_type_id_idx ON public.events_20261207 USING btree (type, id);


--
-- Name: events_default_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_default_id_idx ON public.events_default USING btree (id) WHERE (NOT routed);


--
-- Name: events_default_outcome_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_default_outcome_id_idx ON public.events_default USING btree (outcome, id) WHERE (outcome <> 'run'::text);


--
-- Name: events_default_type_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_default_type_id_idx ON public.events_default USING btree (type, id);


--
-- Name: freezes_unreleased; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX freezes_unreleased ON public.freezes USING btree (id) WHERE (released_at IS NULL);


--
-- Name: frozen_by_freeze; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX frozen_by_freeze ON public.frozen USING btree (freeze_id, run_id);


--
-- Name: gatherings_complete; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX gatherings_complete ON public.gatherings USING btree (id) WHERE (run_id IS NOT NULL);


--
-- Name: gatherings_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX gatherings_open ON public.gatherings USING btree (namespace, name, signature, key, id) WHERE (run_id IS NULL);


--
-- Name: listeners_by_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX listeners_by_key ON public.listeners USING btree (event_type, kind, key, run_id, execution, filter);


--
-- Name: listeners_unchecked; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX listeners_unchecked ON public.listeners USING btree (run_id) WHERE (NOT checked);


--
-- Name: outgoing_by_sink; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX outgoing_by_sink ON public.outgoing USING btree (COALESCE(sink, ''::text), due_at);


--
-- Name: outgoing_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX outgoing_due ON public.outgoing USING btree (due_at);


--
-- Name: proposals_by_run; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX proposals_by_run ON public.proposals USING btree (run_id, id);


--
-- Name: proposals_once; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX proposals_once ON public.proposals USING btree (run_id, actor, digest) WHERE (decision IS NULL);


--
-- Name: runs_attention; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX runs_attention ON public.runs USING btree (id) WHERE (attention IS NOT NULL);


--
-- Name: runs_by_cause; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX runs_by_cause ON public.runs USING btree (fingerprint, id) WHERE (attention IS NOT NULL);


--
-- Name: runs_by_definition; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX runs_by_definition ON public.runs USING btree (definition_id, id);


--
-- Name: runs_by_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX runs_by_id ON public.runs USING btree (id);


--
-- Name: runs_by_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX runs_by_key ON public.runs USING btree (key, id) WHERE (key IS NOT NULL);


--
-- Name: runs_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX runs_due ON public.runs USING btree (wake_at) WHERE ((owner IS NULL) AND (wake_at IS NOT NULL));


--
-- Name: runs_live; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX runs_live ON public.runs USING btree (status, id) WHERE (finished_at IS NULL);


--
-- Name: runs_owned; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX runs_owned ON public.runs USING btree (owner) WHERE (owner IS NOT NULL);


--
-- Name: runs_unhappy; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX runs_unhappy ON public.runs USING btree (definition_id, status, id) WHERE (status = ANY (ARRAY['compensated'::text, 'cancelled'::text, 'faulted'::text]));


--
-- Name: schedule_acts_of; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX schedule_acts_of ON public.schedule_acts USING btree (namespace, name, id);


--
-- Name: schedules_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX schedules_due ON public.schedules USING btree (next_at) WHERE ((next_at IS NOT NULL) AND (paused_at IS NULL));


--
-- Name: schedules_waiting; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX schedules_waiting ON public.schedules USING btree (run_id) WHERE ((next_at IS NULL) AND (run_id IS NOT NULL));


--
-- Name: sequences_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sequences_due ON public.sequences USING btree (next_at) WHERE (next_at IS NOT NULL);


--
-- Name: sequences_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sequences_open ON public.sequences USING btree (source) WHERE (gaps > 0);


--
-- Name: sessions_by_id; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX sessions_by_id ON public.sessions USING btree (id);


--
-- Name: sessions_by_token; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_by_token ON public.sessions USING btree (token_id) WHERE (token_id IS NOT NULL);


--
-- Name: sessions_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_by_user ON public.sessions USING btree (user_id) WHERE (user_id IS NOT NULL);


--
-- Name: totals_changes_by_day; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX totals_changes_by_day ON public.totals_changes USING btree (day, id);


--
-- Name: totals_changes_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX totals_changes_open ON public.totals_changes USING btree (day, currency, company, key, id) WHERE (sign_off IS NULL);


--
-- Name: totals_lines_by_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX totals_lines_by_key ON public.totals_lines USING btree (((key || ''::text)));


--
-- Name: totals_lines_by_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX totals_lines_by_state ON public.totals_lines USING btree (state, day, currency, company, key);


--
-- Name: totals_passes_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX totals_passes_open ON public.totals_passes USING btree (id) WHERE (ended_at IS NULL);


--
-- Name: totals_sign_offs_by_day; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX totals_sign_offs_by_day ON public.totals_sign_offs USING btree (until_day, from_day);


--
-- Name: totals_staged_by_day; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX totals_staged_by_day ON public.totals_staged USING btree (pass_id, day);


--
-- Name: turns_of_run; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX turns_of_run ON public.turns USING btree (run_id);


--
-- Name: events_20261129_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_20261129_id_idx;


--
-- Name: events_20261129_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_20261129_outcome_id_idx;


--
-- Name: events_20261129_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_20261129_pkey;


--
-- Name: events_20261129_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_20261129_type_id_idx;


--
-- Name: events_20261130_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_20261130_id_idx;


--
-- Name: events_20261130_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_20261130_outcome_id_idx;


--
-- Name: events_20261130_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_20261130_pkey;


--
-- Name: events_20261130_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_20261130_type_id_idx;


--
-- Name: events_20261201_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_20261201_id_idx;


--
-- Name: events_20261201_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_20261201_outcome_id_idx;


--
-- Name: events_20261201_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_20261201_pkey;


--
-- Name: events_20261201_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_20261201_type_id_idx;


--
-- Name: events_20261202_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_20261202_id_idx;


--
-- Name: events_20261202_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_20261202_outcome_id_idx;


--
-- Name: events_20261202_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_20261202_pkey;


--
-- Name: events_20261202_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_20261202_type_id_idx;


--
-- Name: events_20261203_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_20261203_id_idx;


--
-- Name: events_20261203_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_20261203_outcome_id_idx;


--
-- Name: events_20261203_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_20261203_pkey;


--
-- Name: events_20261203_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_20261203_type_id_idx;


--
-- Name: events_20261204_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_20261204_id_idx;


--
-- Name: events_20261204_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_20261204_outcome_id_idx;


--
-- Name: events_20261204_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_20261204_pkey;


--
-- Name: events_20261204_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_20261204_type_id_idx;


--
-- Name: events_20261205_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_20261205_id_idx;


--
-- Name: events_20261205_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_20261205_outcome_id_idx;


--
-- Name: events_20261205_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_20261205_pkey;


--
-- Name: events_20261205_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_20261205_type_id_idx;


--
-- Name: events_20261206_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_20261206_id_idx;


--
-- Name: events_20261206_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_20261206_outcome_id_idx;


--
-- Name: events_20261206_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_20261206_pkey;


--
-- Name: events_20261206_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_20261206_type_id_idx;


--
-- Name: events_20261207_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_20261207_id_idx;


--
-- Name: events_20261207_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_20261207_outcome_id_idx;


--
-- Name: events_20261207_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_20261207_pkey;


--
-- Name: events_20261207_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_20261207_type_id_idx;


--
-- Name: events_default_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_unrouted ATTACH PARTITION public.events_default_id_idx;


--
-- Name: events_default_outcome_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_without_run ATTACH PARTITION public.events_default_outcome_id_idx;


--
-- Name: events_default_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_default_pkey;


--
-- Name: events_default_type_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_by_type ATTACH PARTITION public.events_default_type_id_idx;


--
-- Name: journal_20261129_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_20261129_pkey;


--
-- Name: journal_20261130_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_20261130_pkey;


--
-- Name: journal_20261201_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_20261201_pkey;


--
-- Name: journal_20261202_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_20261202_pkey;


--
-- Name: journal_20261203_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_20261203_pkey;


--
-- Name: journal_20261204_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_20261204_pkey;


--
-- Name: journal_20261205_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_20261205_pkey;


--
-- Name: journal_20261206_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_20261206_pkey;


--
-- Name: journal_20261207_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_20261207_pkey;


--
-- Name: journal_default_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.journal_pkey ATTACH PARTITION public.journal_default_pkey;


--
-- Name: batch_reports batch_reports_batch_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.batch_reports
    ADD CONSTRAINT batch_reports_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.batches(id) ON DELETE CASCADE;


--
-- Name: gathered gathered_gathering_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.gathered
    ADD CONSTRAINT gathered_gathering_fkey FOREIGN KEY (gathering) REFERENCES public.gatherings(id) ON DELETE CASCADE;


--
-- Name: runs runs_definition_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_definition_id_fkey FOREIGN KEY (definition_id) REFERENCES public.definitions(id);


--
-- Name: totals_staged totals_staged_pass_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.totals_staged
    ADD CONSTRAINT totals_staged_pass_id_fkey FOREIGN KEY (pass_id) REFERENCES public.totals_passes(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--



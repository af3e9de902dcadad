-- Payloads: what is large stands once. A journal row whose text repeats something has `null` in its place, and `held` says what belongs
-- there: a payload of the run, or the event that started it. Hashes are over the whole text, so chains, archives and exports do not change.
--
-- Format 3: such a row.

create table payloads (
    shard  smallint not null,
    run_id uuid     not null,
    hash   bytea    not null,
    body   text     not null,
    primary key (shard, run_id, hash),
    foreign key (shard, run_id) references runs (shard, id) on delete cascade
);
comment on table payloads is 'large values in journals, once per run; each goes with its run';
comment on column payloads.hash is 'SHA-256 of body';
comment on column payloads.body is 'JSON text';
-- Such texts are worth compressing, and lz4 costs little. A server without it keeps its default.
do $$
begin
    alter table payloads alter column body set compression lz4;
exception when feature_not_supported then null;
end $$;

alter table journal add column held bytea;
comment on column journal.held is 'what belongs in data instead of a null: offset (4 bytes), kind (p, e or m), and the payload''s hash or the event''s id; see journal_text';
comment on column journal.format is '1: a record; 2: the records of a decision, as an array in data; 3: as 2, with values held elsewhere';

-- A JSON text without the white space between its tokens.
create function compact_json(json_text text) returns text language sql immutable parallel safe as $$
    select regexp_replace(json_text, '("(?:[^"\\]|\\.)*")|[ \t\r\n]+', '\1', 'g')
$$;

-- The whole text of a row that holds values elsewhere. If one is missing, or `held` is not as it was written, it gives a sentence instead,
-- which nothing can take for records.
create function journal_whole(of_shard smallint, of_run uuid, data text, held bytea) returns text language plpgsql stable as $$
declare
    source  bytea   := convert_to(data, 'UTF8');
    whole   bytea   := '';
    taken   integer := 0;
    place   integer := 0;
    hole    integer;
    kind    text;
    part    text;
    size    integer;
begin
    while place < length(held) loop
        hole := (get_byte(held, place) << 24) | (get_byte(held, place + 1) << 16) | (get_byte(held, place + 2) << 8) | get_byte(held, place + 3);
        kind := chr(get_byte(held, place + 4));
        size := case kind when 'p' then 32 else 16 end;
        if kind = 'p' then
            select p.body into part from payloads p
            where p.shard = of_shard and p.run_id = of_run and p.hash = substring(held from place + 6 for size);
        else
            select coalesce(e.data::text, convert_from(e.body, 'UTF8')) into part from events e
            where e.id = encode(substring(held from place + 6 for size), 'hex')::uuid;
            if kind = 'm' then
                part := compact_json(part);
            end if;
        end if;
        if part is null then
            return format('%s %s is missing', case kind when 'p' then 'payload' else 'event' end,
                          encode(substring(held from place + 6 for size), 'hex'));
        end if;
        whole := whole || substring(source from taken + 1 for hole - taken) || convert_to(part, 'UTF8');
        taken := hole + 4;
        place := place + 5 + size;
    end loop;
    return convert_from(whole || substring(source from taken + 1), 'UTF8');
exception when others then
    return format('what it holds elsewhere cannot be read: %s', sqlerrm);
end $$;

-- The text of a journal row, whatever its format.
create function journal_text(of_shard smallint, of_run uuid, data json, held bytea) returns text language sql stable as $$
    select case when held is null then data::text else journal_whole(of_shard, of_run, data::text, held) end
$$;
comment on function journal_text(smallint, uuid, json, bytea) is 'what a row says and what its hash covers';

create or replace view journal_records as
select shard, run_id, seq, at, kind, task, attempt, actor, data
from journal where format = 1
union all
select j.shard, j.run_id, (j.seq - json_array_length(t.data) + r.place)::integer,
       coalesce((r.record ->> 'at')::timestamptz, j.at), r.record ->> 'kind', r.record ->> 'task',
       (r.record ->> 'attempt')::integer, coalesce(r.record ->> 'actor', 'engine'), r.record -> 'data'
from journal j
cross join lateral (select journal_text(j.shard, j.run_id, j.data, j.held)::json as data offset 0) t
cross join lateral json_array_elements(t.data) with ordinality as r (record, place)
where j.format in (2, 3);

//! Stores accepted events and the runs they start, in one statement.

use std::borrow::Cow;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{KnownEvent, NewEvent, NewRun};
use crate::machine::Time;
use crate::store::runs::journal::NewRow;
use crate::store::{StoreError, shard};

/// `type` of the event stored for a start through the API with an idempotency key. No run can wait for it.
pub const START_TYPE: &str = "stepwell.start";

/// A run to start.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// Row of the run.
    pub run: &'a NewRun,
    /// Its first journal rows.
    pub rows: &'a [NewRow],
    /// The event that must be new for the run to start.
    pub with: Option<Uuid>,
}

/// The result of [`accept`].
#[derive(Debug, Default)]
pub struct Acceptance {
    /// New events, and whether a run may be waiting for each.
    pub stored: Vec<(Uuid, bool)>,
    /// Whether a freeze exists that the caller does not know. If so, nothing was written.
    pub is_frozen: bool,
}

/// Stores events whose keys are new, and starts runs unless their event is a duplicate.
///
/// Keys are inserted in sorted order, so that concurrent batches lock them in one order. With `freezes`, the freezes on
/// which the decisions were based, it waits for a freeze that is just beginning and writes nothing if there is another.
///
/// A run that begins to wait during this commit cannot see these events yet. It checks again once all transactions that
/// are in progress then have ended (see [`crate::store::events::listeners`]).
///
/// # Errors
/// The database is unavailable or rejects a value.
#[expect(clippy::too_many_lines, reason = "one statement")]
pub async fn accept(
    conn: &mut PgConnection,
    freezes: Option<&[Uuid]>,
    events: &[&NewEvent],
    beginnings: &[Beginning<'_>],
) -> Result<Acceptance, StoreError> {
    let (e, b) = (events, beginnings);
    let rows: Vec<(&Beginning<'_>, &NewRow)> = b.iter().flat_map(|b| b.rows.iter().map(move |row| (b, row))).collect();
    let done = sqlx::query!(
        r#"with judged as materialized (
               select case when $1::uuid[] is null then true else freezes_in_force() <@ $1 end as holds),
           won as (
               insert into event_keys (source, event_id, event, body_hash, runs, received_at)
               select u.source, u.event_id, u.id, u.body_hash, u.runs::uuid[], u.received_at
               from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[])
                    as u (id, source, event_id, runs, received_at, body_hash)
               where (select holds from judged)
               on conflict do nothing returning event),
           new as materialized (select array(select event from won) as ids),
           stored as (
               insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs, detail, data, routed)
               select u.id, u.source, u.event_id, u.type, u.received_at, u.headers::json, u.body, u.attributes::json, u.outcome,
                      u.runs::uuid[], u.detail::json, u.data::json,
                      u.type = $8 or u.outcome = 'rejected' or not (u.awaited or exists (select from listeners l where l.event_type = u.type)
                                           or exists (select from listeners l where l.event_type = ''))
               from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $9::text[], $10::text[], $11::bytea[],
                           $12::text[], $13::text[], $14::text[], $15::text[], $16::boolean[])
                    as u (id, source, event_id, runs, received_at, type, headers, body, attributes, outcome, detail, data, awaited)
               where u.id = any((select ids from new)::uuid[])
               returning id, routed),
           begun as (
               insert into runs (shard, id, definition_id, status, attention, key, event_id, parent_id, task, owner, fence, seq,
                                 attempts, wake_at, head, created_at, finished_at, error, fingerprint, attention_at, format)
               select u.shard, u.id, u.definition_id, u.status, u.attention, u.key, u.event_id, u.parent_id, u.task, u.owner, 1,
                      u.seq, case when u.owner is null then 0 else 1 end, u.wake_at, u.head, u.created_at, u.finished_at,
                      u.error::json, u.fingerprint, case when u.attention is not null then now() end, u.format
               from unnest($17::smallint[], $18::uuid[], $19::integer[], $20::text[], $21::text[], $22::text[], $23::uuid[],
                           $24::uuid[], $25::text[], $26::uuid[], $27::integer[], $28::timestamptz[], $29::bytea[],
                           $30::timestamptz[], $31::timestamptz[], $32::text[], $33::text[], $34::smallint[], $35::uuid[])
                    as u (shard, id, definition_id, status, attention, key, event_id, parent_id, task, owner, seq, wake_at, head,
                          created_at, finished_at, error, fingerprint, format, begins_with)
               where (select holds from judged) and (u.begins_with is null or u.begins_with = any((select ids from new)::uuid[]))),
           written as (
               insert into journal (shard, run_id, seq, at, kind, task, attempt, actor, data, hash, format, held)
               select u.shard, u.run_id, u.seq, u.at, u.kind, u.task, u.attempt, u.actor, u.data::json, u.hash, u.format, u.held
               from unnest($36::smallint[], $37::uuid[], $38::integer[], $39::timestamptz[], $40::text[], $41::text[], $42::integer[],
                           $43::text[], $44::text[], $45::bytea[], $46::smallint[], $47::bytea[], $48::uuid[])
                    as u (shard, run_id, seq, at, kind, task, attempt, actor, data, hash, format, held, begins_with)
               where (select holds from judged) and (u.begins_with is null or u.begins_with = any((select ids from new)::uuid[])))
           select j.holds as "holds!", s.id as "id?", s.routed as "routed?" from judged j left join stored s on true"#,
        freezes as Option<&[Uuid]>,
        &e.iter().map(|e| e.id).collect::<Vec<_>>(),
        &e.iter().map(|e| e.source.as_str()).collect::<Vec<_>>() as &[&str],
        &e.iter().map(|e| e.event_id.as_str()).collect::<Vec<_>>() as &[&str],
        &e.iter().map(|e| array_of(&e.runs)).collect::<Vec<_>>(),
        &e.iter().map(|e| e.received_at).collect::<Vec<_>>(),
        &e.iter().map(|e| e.body_hash.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        START_TYPE,
        &e.iter().map(|e| e.r#type.as_str()).collect::<Vec<_>>() as &[&str],
        &e.iter().map(|e| e.headers.as_str()).collect::<Vec<_>>() as &[&str],
        &e.iter().map(|e| &*e.body).collect::<Vec<_>>() as &[&[u8]],
        &e.iter().map(|e| e.attributes.as_str()).collect::<Vec<_>>() as &[&str],
        &e.iter().map(|e| e.outcome).collect::<Vec<_>>() as &[&str],
        &e.iter().map(|e| e.detail.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &e.iter().map(|e| e.data.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &e.iter().map(|e| e.awaited).collect::<Vec<_>>(),
        &b.iter().map(|b| shard(b.run.id)).collect::<Vec<_>>(),
        &b.iter().map(|b| b.run.id).collect::<Vec<_>>(),
        &b.iter().map(|b| b.run.definition_id).collect::<Vec<_>>(),
        &b.iter().map(|b| b.run.state.status).collect::<Vec<_>>() as &[&str],
        &b.iter().map(|b| b.run.state.attention).collect::<Vec<_>>() as &[Option<&str>],
        &b.iter().map(|b| b.run.key.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &b.iter().map(|b| b.run.event_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &b.iter().map(|b| b.run.parent_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &b.iter().map(|b| b.run.state.task.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &b.iter().map(|b| b.run.state.owner).collect::<Vec<_>>() as &[Option<Uuid>],
        &b.iter().map(|b| b.run.state.seq).collect::<Vec<_>>(),
        &b.iter().map(|b| b.run.state.wake_at).collect::<Vec<_>>() as &[Option<Time>],
        &b.iter().map(|b| b.run.state.head.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &b.iter().map(|b| b.run.created_at).collect::<Vec<_>>(),
        &b.iter().map(|b| b.run.state.finished_at).collect::<Vec<_>>() as &[Option<Time>],
        &b.iter().map(|b| b.run.state.error.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &b.iter().map(|b| b.run.state.fingerprint.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &b.iter().map(|b| b.run.state.format).collect::<Vec<_>>(),
        &b.iter().map(|b| b.with).collect::<Vec<_>>() as &[Option<Uuid>],
        &rows.iter().map(|(b, _)| shard(b.run.id)).collect::<Vec<_>>(),
        &rows.iter().map(|(b, _)| b.run.id).collect::<Vec<_>>(),
        &rows.iter().map(|(_, r)| r.seq).collect::<Vec<_>>(),
        &rows.iter().map(|(_, r)| r.at).collect::<Vec<_>>(),
        &rows.iter().map(|(_, r)| r.kind).collect::<Vec<_>>() as &[Option<&str>],
        &rows.iter().map(|(_, r)| r.task.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &rows.iter().map(|(_, r)| r.attempt).collect::<Vec<_>>() as &[Option<i32>],
        &rows.iter().map(|(_, r)| r.actor.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &rows.iter().map(|(_, r)| r.kept()).collect::<Vec<_>>() as &[Cow<'_, str>],
        &rows.iter().map(|(_, r)| r.hash.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &rows.iter().map(|(_, r)| r.format).collect::<Vec<_>>(),
        &rows.iter().map(|(_, r)| r.held()).collect::<Vec<_>>() as &[Option<Vec<u8>>],
        &rows.iter().map(|(b, _)| b.with).collect::<Vec<_>>() as &[Option<Uuid>],
    )
    .fetch_all(conn)
    .await?;
    Ok(Acceptance {
        is_frozen: done.iter().any(|row| !row.holds),
        stored: done.into_iter().filter_map(|row| Some((row.id?, !row.routed?))).collect(),
    })
}

/// Formats ids as a Postgres array literal, because arrays of arrays cannot be bound.
fn array_of(ids: &[Uuid]) -> String {
    format!("{{{}}}", ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(","))
}

/// Returns the stored events with these keys.
///
/// # Errors
/// The database is unavailable.
pub async fn known_events(conn: &mut PgConnection, keys: &[(&str, &str)]) -> Result<Vec<KnownEvent>, StoreError> {
    Ok(sqlx::query_as!(
        KnownEvent,
        r#"select k.source, k.event_id, k.event, k.body_hash,
                  coalesce((select e.runs from events e where e.id = k.event), k.runs) as "runs!",
                  coalesce((select e.resumed from events e where e.id = k.event), '{}') as "resumed!"
           from unnest($1::text[], $2::text[]) as u (source, event_id)
           join event_keys k on k.source = u.source and k.event_id = u.event_id"#,
        &keys.iter().map(|(source, _)| *source).collect::<Vec<_>>() as &[&str],
        &keys.iter().map(|(_, id)| *id).collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(conn)
    .await?)
}

//! Stores transitions of runs with their journal rows, in one statement.

use std::borrow::Cow;

use sqlx::PgConnection;
use uuid::Uuid;

use super::Transition;
use crate::machine::{RunId, Time};
use crate::store::runs::journal::NewRow;
use crate::store::{StoreError, shard};

/// Updates runs that their nodes still own, and appends the journal rows of those. Returns their ids. Runs are locked
/// in sorted order, so that concurrent batches do not deadlock.
///
/// Progress resets the count of claims. Without progress, a claim still counts while the node keeps the run, and is
/// given back when the node releases it.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn advance(
    conn: &mut PgConnection,
    transitions: &[&Transition],
    rows: &[(RunId, &NewRow)],
) -> Result<Vec<Uuid>, StoreError> {
    let t = transitions;
    // `is not distinct from` cannot use an index. On an empty table, a plan through the index on owners would look as
    // cheap as one by key, and would be kept even when a node owns ten thousand runs.
    Ok(sqlx::query_scalar!(
        r#"with moved as (
               update runs r
               set status = u.status, attention = u.attention, task = u.task, owner = u.new_owner, wake_at = u.wake_at,
                   seq = u.seq, head = u.head, finished_at = u.finished_at, error = u.error::json, fingerprint = u.fingerprint,
                   format = greatest(r.format, u.format),
                   attention_at = case when u.attention is not null then coalesce(r.attention_at, now()) end,
                   attempts = case when u.progress then case when u.new_owner is null then 0 else 1 end
                                   when u.new_owner is null then greatest(r.attempts - 1, 0) else r.attempts end
               from unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::integer[], $6::text[], $7::text[], $8::text[],
                           $9::uuid[], $10::timestamptz[], $11::integer[], $12::bytea[], $13::timestamptz[], $14::boolean[], $15::text[],
                           $16::text[], $17::smallint[])
                    as u (shard, id, owner, fence, seq_before, status, attention, task, new_owner, wake_at, seq, head, finished_at,
                          progress, error, fingerprint, format)
               where r.shard = u.shard and r.id = u.id and r.owner is not distinct from u.owner and r.fence = u.fence
                 and r.seq = u.seq_before
               returning r.id),
           these as materialized (select array(select id from moved) as ids),
           written as (
               insert into journal (shard, run_id, seq, at, kind, task, attempt, actor, data, hash, format, held)
               select u.shard, u.run_id, u.seq, u.at, u.kind, u.task, u.attempt, u.actor, u.data::json, u.hash, u.format, u.held
               from unnest($18::smallint[], $19::uuid[], $20::integer[], $21::timestamptz[], $22::text[], $23::text[], $24::integer[],
                           $25::text[], $26::text[], $27::bytea[], $28::smallint[], $29::bytea[])
                    as u (shard, run_id, seq, at, kind, task, attempt, actor, data, hash, format, held)
               where u.run_id = any((select ids from these)::uuid[]))
           select unnest(ids) as "id!" from these"#,
        &t.iter().map(|t| shard(t.id)).collect::<Vec<_>>(),
        &t.iter().map(|t| t.id).collect::<Vec<_>>(),
        &t.iter().map(|t| t.owner).collect::<Vec<_>>(),
        &t.iter().map(|t| t.fence).collect::<Vec<_>>(),
        &t.iter().map(|t| t.seq_before).collect::<Vec<_>>(),
        &t.iter().map(|t| t.state.status).collect::<Vec<_>>() as &[&str],
        &t.iter().map(|t| t.state.attention).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|t| t.state.task.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|t| t.state.owner).collect::<Vec<_>>() as &[Option<Uuid>],
        &t.iter().map(|t| t.state.wake_at).collect::<Vec<_>>() as &[Option<Time>],
        &t.iter().map(|t| t.state.seq).collect::<Vec<_>>(),
        &t.iter().map(|t| t.state.head.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &t.iter().map(|t| t.state.finished_at).collect::<Vec<_>>() as &[Option<Time>],
        &t.iter().map(|t| t.progress).collect::<Vec<_>>(),
        &t.iter().map(|t| t.state.error.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|t| t.state.fingerprint.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|t| t.state.format).collect::<Vec<_>>(),
        &rows.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &rows.iter().map(|(run, _)| *run).collect::<Vec<Uuid>>(),
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
    )
    .fetch_all(conn)
    .await?)
}

/// Pins runs to other versions. The transaction must have locked them.
///
/// # Errors
/// The database is unavailable.
pub async fn redefine(conn: &mut PgConnection, moves: &[(RunId, i32)]) -> Result<(), StoreError> {
    sqlx::query!(
        "update runs r set definition_id = u.definition_id
         from unnest($1::smallint[], $2::uuid[], $3::integer[]) as u (shard, id, definition_id)
         where r.shard = u.shard and r.id = u.id",
        &moves.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &moves.iter().map(|(run, _)| *run).collect::<Vec<Uuid>>(),
        &moves.iter().map(|(_, definition)| *definition).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The columns of a run that the committer compares after a commit whose reply was lost.
#[derive(Debug)]
pub struct Standing {
    /// Id of the run.
    pub id: Uuid,
    /// Node that drives it.
    pub owner: Option<Uuid>,
    /// Its current fence.
    pub fence: i64,
    /// Number of its journal records.
    pub seq: i32,
    /// Hash of the last journal row.
    pub head: Vec<u8>,
}

/// Returns the current state of these runs.
///
/// # Errors
/// The database is unavailable.
pub async fn standings(conn: &mut PgConnection, runs: &[RunId]) -> Result<Vec<Standing>, StoreError> {
    Ok(sqlx::query_as!(
        Standing,
        "select r.id, r.owner, r.fence, r.seq, r.head from unnest($1::smallint[], $2::uuid[]) as u (shard, id)
         join runs r on r.shard = u.shard and r.id = u.id",
        &runs.iter().map(|r| shard(*r)).collect::<Vec<_>>(),
        runs,
    )
    .fetch_all(conn)
    .await?)
}

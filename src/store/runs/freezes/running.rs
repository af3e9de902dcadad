//! Runs in progress that a pause of their workflow suspends. They wait beside the runs that were held back, and go on with them.

use sqlx::PgPool;
use uuid::Uuid;

use super::Freeze;
use crate::machine::{Act, Approval};
use crate::store::StoreError;

/// Tells runs in progress to wait, in the name of whoever paused; gives how many. Each is told once, whichever nodes try.
///
/// # Errors
/// The database is away.
pub async fn suspend(pool: &PgPool, freeze: &Freeze, reason: &str, limit: i64) -> Result<usize, StoreError> {
    let mut transaction = pool.begin().await?;
    let held = sqlx::query!(
        r#"with live as materialized (
               select r.shard, r.id from unnest(array['pending', 'running', 'waiting', 'compensating']) as s (status)
               join runs r on r.status = s.status and r.finished_at is null
               join definitions d on d.id = r.definition_id
               where r.attention is null and d.namespace || '/' || d.name = any($1) and r.created_at <= $2
                 and not exists (select from frozen f where f.run_id = r.id)
               order by r.id limit $3),
           held as (insert into frozen (run_id, freeze_id) select id, $4 from live on conflict do nothing returning run_id)
           select l.shard, l.id from live l join held h on h.run_id = l.id"#,
        &freeze.workflows,
        freeze.created_at,
        limit,
        freeze.id
    )
    .fetch_all(&mut *transaction)
    .await?;
    sqlx::query!(
        "insert into commands (id, shard, run_id, act, actor, reason, approval)
         select u.id, u.shard, u.run_id, $4::text::json, $5, $6, $7::text::json
         from unnest($1::uuid[], $2::smallint[], $3::uuid[]) as u (id, shard, run_id)",
        &held.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>(),
        &held.iter().map(|run| run.shard).collect::<Vec<_>>(),
        &held.iter().map(|run| run.id).collect::<Vec<_>>(),
        serde_json::json!(Act::Suspend).to_string(),
        freeze.actor,
        reason,
        serde_json::json!(Approval::of_freeze(freeze.id)).to_string()
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(held.len())
}

/// Notes that every run that was in progress has been told to wait.
///
/// # Errors
/// The database is away.
pub async fn note_suspended(pool: &PgPool, freeze: Uuid) -> Result<(), StoreError> {
    sqlx::query!("update freezes set suspended_at = now() where id = $1 and suspended_at is null", freeze)
        .execute(pool)
        .await?;
    Ok(())
}

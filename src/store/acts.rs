//! Acts of people and programs that belong to no run's journal, and refused attempts.
//!
//! An act is recorded in the transaction that performs it. Refusals are only counted and reported, in bounded space: a
//! stranger must not be able to fill the database.

use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::audit::{self, RowKey, Sealed};
use super::runs::restarts;
use super::{StoreError, schedules};
use crate::machine::{Actor, RunId, Time};

/// Who acts, and why.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Who acts.
    pub actor: &'a Actor,
    /// The reason given, if any.
    pub reason: Option<&'a str>,
}

impl<'a> From<&'a Actor> for By<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self { actor, reason: None }
    }
}

/// Records an act whose subject has no row in a sealed table.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn record(
    conn: &mut PgConnection,
    by: By<'_>,
    act: &str,
    subject: &str,
    detail: Option<&Value>,
) -> Result<(), StoreError> {
    record_change(conn, by, act, subject, detail, Vec::new()).await
}

/// Records an act and seals the rows that it changed. This must be the last thing that a transaction does: see
/// [`audit`].
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn record_change(
    conn: &mut PgConnection,
    by: By<'_>,
    act: &str,
    subject: &str,
    detail: Option<&Value>,
    mut changed: Vec<RowKey>,
) -> Result<(), StoreError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into acts (id, actor, act, subject, reason, detail) values ($1, $2, $3, $4, $5, $6::text::json)",
        id,
        by.actor.0,
        act,
        subject,
        by.reason,
        detail.map(Value::to_string)
    )
    .execute(&mut *conn)
    .await?;
    changed.push((Sealed::Acts, id.to_string()));
    audit::seal(conn, &changed).await
}

/// Records an act that consists of many parts before the first of them is done. Each part is recorded separately.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn announce(pool: &PgPool, by: By<'_>, act: &str, subject: &str, detail: &Value) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    record(&mut transaction, by, act, subject, Some(detail)).await?;
    transaction.commit().await?;
    Ok(())
}

/// An act that starts a run. It is recorded in the transaction that starts the run.
#[derive(Debug, Clone)]
pub struct StartAct {
    /// Who acts.
    pub actor: Actor,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// What the act does.
    pub kind: StartKind,
}

/// How someone starts a run.
#[derive(Debug, Clone)]
pub enum StartKind {
    /// Retries the failed rows of this batch.
    BatchRetry(Uuid),
    /// Fires a schedule by hand.
    Fire {
        /// Namespace of the schedule's workflow.
        namespace: String,
        /// Name of the schedule's workflow.
        name: String,
    },
    /// Does the work of this closed run again; the number counts its restarts from 1.
    Restart(RunId, i32),
}

impl StartAct {
    /// Records the act as the start of this run.
    ///
    /// # Errors
    /// The database is unavailable or rejects a value.
    pub async fn record(&self, conn: &mut PgConnection, run: RunId) -> Result<(), StoreError> {
        let (actor, reason) = (&self.actor, self.reason.as_deref());
        match &self.kind {
            StartKind::BatchRetry(batch) => {
                let detail = json!({ "run": run });
                record(conn, By { actor, reason }, "batch.retry", &batch.to_string(), Some(&detail)).await
            }
            StartKind::Fire { namespace, name } => {
                schedules::record_fire(conn, &schedules::NewAct { namespace, name, actor: &actor.0, reason }, run).await
            }
            StartKind::Restart(of, number) => restarts::record(conn, By { actor, reason }, (*of, *number), run).await,
        }
    }
}

/// A recorded act, as administrators see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ActRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Database time of the act.
    pub at: Time,
    /// Who acted: `user:ada`, `token:ci`, `local:root@host`.
    pub actor: String,
    /// What they did: `user.disable`, `workflow.deploy` and others.
    pub act: String,
    /// What they acted on, such as `user:ada`.
    pub subject: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// What changed, as JSON.
    pub detail: Option<Value>,
}

/// Lists acts, newest first, optionally of one subject, before the act `before`.
///
/// # Errors
/// The database is unavailable.
pub async fn list(
    pool: &PgPool,
    subject: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ActRow>, StoreError> {
    Ok(sqlx::query_as!(
        ActRow,
        "select id, at, actor, act, subject, reason, detail from acts
         where ($1::text is null or subject = $1) and ($2::uuid is null or id < $2) order by id desc limit $3",
        subject,
        before,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Number of refusals kept.
const REFUSALS_MAX: i64 = 10_000;

/// Refused attempts of one kind from one peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefusal {
    /// `token`, `session`, `login`, `signature`, `source` or `scope`.
    pub kind: &'static str,
    /// Address that the connection came from.
    pub peer: String,
    /// What was requested.
    pub subject: String,
    /// Number of attempts counted in this row.
    pub count: i64,
}

/// Records a refusal, and deletes all but the newest ten thousand.
///
/// # Errors
/// The database is unavailable.
pub async fn refused(pool: &PgPool, new: &NewRefusal) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into refusals (id, kind, peer, subject, count) values ($1, $2, $3, $4, $5)",
        Uuid::now_v7(),
        new.kind,
        new.peer,
        new.subject,
        new.count
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "delete from refusals where id <= (select id from refusals order by id desc offset $1 limit 1)",
        REFUSALS_MAX
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A refusal, as administrators see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RefusalRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Database time at which it was recorded.
    pub at: Time,
    /// What was refused: `token`, `session`, `login`, `signature`, `source` or `scope`.
    pub kind: String,
    /// Address that the connection came from.
    pub peer: String,
    /// What was requested.
    pub subject: String,
    /// Number of attempts counted in this row.
    pub count: i64,
}

/// Lists refusals, newest first, before the refusal `before`.
///
/// # Errors
/// The database is unavailable.
pub async fn refusals(pool: &PgPool, before: Option<Uuid>, limit: i64) -> Result<Vec<RefusalRow>, StoreError> {
    Ok(sqlx::query_as!(
        RefusalRow,
        "select id, at, kind, peer, subject, count from refusals where $1::uuid is null or id < $1
         order by id desc limit $2",
        before,
        limit
    )
    .fetch_all(pool)
    .await?)
}

//! What people and programs did that no journal of a run tells, and who was turned away.
//!
//! An act is recorded in the transaction that does it. A refusal is only counted and reported, in bounded space: a stranger
//! must not be able to fill the database.

use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::audit::{self, RowKey, Sealed};
use super::runs::restarts;
use super::{StoreError, schedules};
use crate::machine::{Actor, RunId, Time};

/// Who does something, and why.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Why; none if nobody said.
    pub reason: Option<&'a str>,
}

impl<'a> From<&'a Actor> for By<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self { actor, reason: None }
    }
}

/// Records an act on a subject that has no row of its own among the sealed ones.
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

/// Records an act and seals what it left of the rows that it wrote. The last thing that a transaction does: see [`audit`].
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

/// Records an act whose parts are recorded each by itself, before the first of them is done.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn announce(pool: &PgPool, by: By<'_>, act: &str, subject: &str, detail: &Value) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    record(&mut transaction, by, act, subject, Some(detail)).await?;
    transaction.commit().await?;
    Ok(())
}

/// An act that starts a run; the transaction that starts it records the act.
#[derive(Debug, Clone)]
pub struct StartAct {
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: Option<String>,
    /// What starts the run.
    pub kind: StartKind,
}

/// What someone does to start a run.
#[derive(Debug, Clone)]
pub enum StartKind {
    /// The failed rows of this batch are tried again.
    BatchRetry(Uuid),
    /// A schedule fires by hand.
    Fire {
        /// Namespace of its workflow.
        namespace: String,
        /// Name of its workflow.
        name: String,
    },
    /// The work of this run, which has ended, is done again; for the how many-th time.
    Restart(RunId, i32),
}

impl StartAct {
    /// Records it.
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

/// An act, as an administrator sees it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ActRow {
    /// UUIDv7.
    pub id: Uuid,
    /// When.
    pub at: Time,
    /// Who: `user:ada`, `token:ci`, `local:root@host`.
    pub actor: String,
    /// What: `user.disable`, `workflow.deploy` and others.
    pub act: String,
    /// On what.
    pub subject: String,
    /// Why.
    pub reason: Option<String>,
    /// What it changed.
    pub detail: Option<Value>,
}

/// Acts, latest first, those before `before`.
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

/// Refusals that are kept.
const REFUSALS_MAX: i64 = 10_000;

/// Refusals of one kind and peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefusal {
    /// `token`, `session`, `login`, `signature`, `source` or `scope`.
    pub kind: &'static str,
    /// The address that the connection came from.
    pub peer: String,
    /// What was asked for.
    pub subject: String,
    /// How many attempts it stands for.
    pub count: i64,
}

/// Notes a refusal, and forgets those beyond the last ten thousand.
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

/// A refusal, as an administrator sees it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RefusalRow {
    /// UUIDv7.
    pub id: Uuid,
    /// When.
    pub at: Time,
    /// What was wrong: `token`, `session`, `login`, `signature`, `source` or `scope`.
    pub kind: String,
    /// The address that the connection came from.
    pub peer: String,
    /// What was asked for.
    pub subject: String,
    /// Attempts that it stands for.
    pub count: i64,
}

/// Refusals, latest first, those before `before`.
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

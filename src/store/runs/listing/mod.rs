//! Lists for the API, the dashboard and the command line: paged and bounded, without counting whole tables.
//!
//! Read them through a pool whose connections have [`READ_OPTIONS`].

mod causes;
mod counted;
mod page;
mod part;
mod rows;

use std::time::{Duration, Instant};

use sqlx::PgPool;
use uuid::Uuid;

use crate::dsl::WorkflowRef;
use crate::machine::{RunId, Status, Time, WorkflowError};
use crate::store::StoreError;
use crate::store::runs::unacknowledged;
pub use causes::{CauseGroup, Muted, Rule, causes};
pub use counted::Counted;
pub use page::RunsPage;
use rows::RunRecord;

/// Begins a transaction whose statements share one snapshot and read rows in index order. The planner does not know how
/// few rows a page reads, and would rather read and sort all of them.
pub(in crate::store) const ONE_MOMENT: &str = "begin isolation level repeatable read read only; set local enable_sort = off; \
    set local enable_bitmapscan = off; set local enable_seqscan = off; set local enable_incremental_sort = off";

/// Options of connections that read lists: plans use the actual values, and no statement runs longer than a second. For
/// `PgConnectOptions::options`.
pub const READ_OPTIONS: [(&str, &str); 3] =
    [("plan_cache_mode", "force_custom_plan"), ("statement_timeout", "1000"), ("jit", "off")];

/// Conditions on runs (CONTRACT.md, `GET /api/v1/runs`); all that are set must hold.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Workflow as `namespace/name` or `name`.
    pub workflow: Option<String>,
    /// Exact version.
    pub version: Option<String>,
    /// Any of these statuses; empty for all.
    pub status: Vec<Status>,
    /// `any`, `none` or a reason for attention.
    pub attention: Option<String>,
    /// Fingerprint shared by runs that need attention for the same cause.
    pub fingerprint: Option<String>,
    /// Only runs whose work did not happen and that nobody has acknowledged.
    pub unacknowledged: bool,
    /// Exact business key.
    pub key: Option<String>,
    /// Id of the event that started the run.
    pub event: Option<Uuid>,
    /// Prefix of the key or of the run's id.
    pub q: Option<String>,
    /// Created at or after this time.
    pub since: Option<Time>,
    /// Created before this time.
    pub until: Option<Time>,
    /// Whether the newest or the oldest come first.
    pub order: Order,
}

/// Order of a list, by creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
}

/// A run as listed.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Id, a UUIDv7.
    pub id: RunId,
    /// Workflow and version.
    pub workflow: WorkflowRef,
    /// Status as text.
    pub status: String,
    /// Why the run needs attention.
    pub attention: Option<String>,
    /// Business key of the run.
    pub key: Option<String>,
    /// Event that started it.
    pub event: Option<Uuid>,
    /// The run that started it.
    pub parent: Option<Uuid>,
    /// Reference of the task it is at.
    pub task: Option<String>,
    /// Error, if it faulted or did not complete.
    pub error: Option<WorkflowError>,
    /// Fingerprint shared by runs that need attention for the same cause.
    pub fingerprint: Option<String>,
    /// Time since which it needs attention.
    pub attention_at: Option<Time>,
    /// Id of the node that drives it.
    pub owner: Option<Uuid>,
    /// Number of records in its journal.
    pub seq: i32,
    /// Time at which it was accepted.
    pub created_at: Time,
    /// Time at which it closed.
    pub finished_at: Option<Time>,
    /// Time at which it continues by itself.
    pub wake_at: Option<Time>,
}

/// Returns a page of up to `limit` matching runs; `after` is `next` of the previous page. A page examines a bounded
/// number of rows, so it may have fewer than `limit` runs, or none, and still have a next page.
///
/// # Errors
/// The database is unavailable.
pub async fn page(pool: &PgPool, filter: &RunFilter, after: Option<RunId>, limit: i64) -> Result<RunsPage, StoreError> {
    page::read(pool, filter, after, limit).await
}

/// Time for which [`runs`] reads further pages.
const LOOKING_MAX: Duration = Duration::from_secs(2);

/// Like [`page()`], but reads further pages until `limit` runs were found, all were examined, or two seconds have
/// passed.
///
/// # Errors
/// The database is unavailable.
pub async fn runs(pool: &PgPool, filter: &RunFilter, after: Option<RunId>, limit: i64) -> Result<RunsPage, StoreError> {
    let until = Instant::now() + LOOKING_MAX;
    let mut found = RunsPage { rows: Vec::new(), next: after };
    loop {
        let left = limit - i64::try_from(found.rows.len()).unwrap_or(limit);
        let more = page::read(pool, filter, found.next, left).await?;
        found.rows.extend(more.rows);
        found.next = more.next;
        let is_full = i64::try_from(found.rows.len()).is_ok_and(|n| n >= limit);
        if is_full || found.next.is_none() || Instant::now() >= until {
            return Ok(found);
        }
    }
}

/// Returns a run.
///
/// # Errors
/// The database is unavailable.
pub async fn run(pool: &PgPool, id: RunId) -> Result<Option<RunRow>, StoreError> {
    let record = sqlx::query_as!(
        RunRecord,
        "select r.id, d.namespace, d.name, d.version, r.status, r.attention, r.key, r.event_id, r.parent_id,
                r.task, r.owner, r.seq, r.created_at, r.finished_at, r.wake_at, r.error::text as error, r.fingerprint,
                r.attention_at
         from runs r join definitions d on d.id = r.definition_id
         where r.id = $1 limit 1",
        id
    )
    .fetch_optional(pool)
    .await?;
    Ok(record.map(RunRow::from))
}

/// Returns the newest runs of a workflow (in any version, and in any namespace if none is given) with this business
/// key, newest first. Workflows call this, so it always uses an index.
///
/// # Errors
/// The database is unavailable.
pub async fn latest_of_key(
    pool: &PgPool,
    (namespace, name): (Option<&str>, &str),
    key: &str,
    limit: i64,
) -> Result<Vec<RunOfKey>, StoreError> {
    Ok(sqlx::query_as!(
        RunOfKey,
        // `offset 0` keeps the planner from starting with all versions of the workflow.
        "select r.id, r.status, r.attention from runs r
         cross join lateral (select namespace, name from definitions where id = r.definition_id offset 0) d
         where r.key = $3 and ($1::text is null or d.namespace = $1) and d.name = $2 order by r.id desc limit $4",
        namespace,
        name,
        key,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// A run with a business key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOfKey {
    /// Id of the run.
    pub id: RunId,
    /// Status as text.
    pub status: String,
    /// Why the run needs attention.
    pub attention: Option<String>,
}

/// Number of live runs by status, each up to [`COUNT_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Pairs of status and number.
    pub by_status: Vec<(String, i64)>,
    /// Number of runs that need attention.
    pub attention: i64,
    /// Ended runs whose work did not happen and that nobody has acknowledged.
    pub unacknowledged: i64,
}

/// Counting stops here; pages then show "10,000+".
pub const COUNT_MAX: i64 = 10_000;

/// Counts live runs through partial indexes. `faulted` counts only those that need attention.
///
/// # Errors
/// The database is unavailable.
pub async fn live_counts(pool: &PgPool) -> Result<LiveCounts, StoreError> {
    let rows = sqlx::query!(
        r#"select s.status as "status!",
                  (select count(*) from (select 1 from runs r
                                         where r.status = s.status and r.finished_at is null limit $2) found) as "n!"
           from unnest($1::text[]) with ordinality s(status, place) order by s.place limit 10"#,
        &["pending", "running", "waiting", "suspended", "compensating"].map(str::to_owned)[..],
        COUNT_MAX,
    )
    .fetch_all(pool)
    .await?;
    let attention = sqlx::query_scalar!(
        r#"select count(*) as "n!" from (select 1 from runs where attention is not null limit $1) found"#,
        COUNT_MAX
    )
    .fetch_one(pool)
    .await?;
    let unacknowledged = unacknowledged::count(pool).await?;
    Ok(LiveCounts { by_status: rows.into_iter().map(|r| (r.status, r.n)).collect(), attention, unacknowledged })
}

/// One deployed version of a workflow.
#[derive(Debug, Clone, serde::Serialize)]
pub struct VersionRow {
    /// Semantic version.
    pub version: String,
    /// SHA-256 over source and functions, as hexadecimal text.
    pub hash: String,
    /// Actor who deployed it.
    pub deployed_by: String,
    /// Time of deployment.
    pub deployed_at: Time,
}

/// Returns versions of a workflow, last deployed first.
///
/// # Errors
/// The database is unavailable.
pub async fn versions(pool: &PgPool, namespace: &str, name: &str, limit: i64) -> Result<Vec<VersionRow>, StoreError> {
    Ok(sqlx::query_as!(
        VersionRow,
        r#"select version, encode(hash, 'hex') as "hash!", deployed_by, deployed_at from definitions
           where namespace = $1 and name = $2 order by id desc limit $3"#,
        namespace,
        name,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the source text of a version as it was deployed.
///
/// # Errors
/// The database is unavailable.
pub async fn source(pool: &PgPool, workflow: &WorkflowRef) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select source from definitions where namespace = $1 and name = $2 and version = $3 limit 1",
        workflow.namespace,
        workflow.name,
        workflow.version,
    )
    .fetch_optional(pool)
    .await?)
}

/// Checks that the database answers.
///
/// # Errors
/// The database does not answer.
pub async fn ping(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(pool).await?;
    Ok(())
}

#[cfg(test)]
mod tests;

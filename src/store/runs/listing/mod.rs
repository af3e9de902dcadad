//! Lists for API, dashboard and command line: paged, bounded, never a count of a whole table.
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

/// Begins a transaction whose statements all see the same moment, and read rows in the order of an index: the planner does not know how few
/// rows a page looks at, and would rather read and sort all.
pub(in crate::store) const ONE_MOMENT: &str = "begin isolation level repeatable read read only; set local enable_sort = off; \
    set local enable_bitmapscan = off; set local enable_seqscan = off; set local enable_incremental_sort = off";

/// Options of connections that lists are read through: never a plan made without the values, never longer than a
/// second. For `PgConnectOptions::options`.
pub const READ_OPTIONS: [(&str, &str); 3] =
    [("plan_cache_mode", "force_custom_plan"), ("statement_timeout", "1000"), ("jit", "off")];

/// Which runs (CONTRACT.md, `GET /api/v1/runs`). Everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// `namespace/name` or `name`.
    pub workflow: Option<String>,
    /// Exact version.
    pub version: Option<String>,
    /// Any of these; empty for all.
    pub status: Vec<Status>,
    /// `any`, `none` or one reason.
    pub attention: Option<String>,
    /// What runs that need a person for one cause share.
    pub fingerprint: Option<String>,
    /// Only runs whose work did not happen and that nobody has acknowledged.
    pub unacknowledged: bool,
    /// Exact business key.
    pub key: Option<String>,
    /// The accepted event's id.
    pub event: Option<Uuid>,
    /// Start of the key, or of the run's id.
    pub q: Option<String>,
    /// Created at or after.
    pub since: Option<Time>,
    /// Created before.
    pub until: Option<Time>,
    /// Order by creation.
    pub order: Order,
}

/// Order of a list by creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
}

/// One line of a list of runs.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// UUIDv7.
    pub id: RunId,
    /// What it runs.
    pub workflow: WorkflowRef,
    /// Its status.
    pub status: String,
    /// Why it needs attention.
    pub attention: Option<String>,
    /// Business key.
    pub key: Option<String>,
    /// The accepted event.
    pub event: Option<Uuid>,
    /// The run that started it.
    pub parent: Option<Uuid>,
    /// Reference of the task where it stands.
    pub task: Option<String>,
    /// Why it stopped, or ended otherwise than well.
    pub error: Option<WorkflowError>,
    /// What runs that need a person for the same cause share.
    pub fingerprint: Option<String>,
    /// Since when it needs a person.
    pub attention_at: Option<Time>,
    /// Incarnation of the node that drives it.
    pub owner: Option<Uuid>,
    /// Number of journal rows.
    pub seq: i32,
    /// Accepted.
    pub created_at: Time,
    /// Ended.
    pub finished_at: Option<Time>,
    /// When it continues by itself.
    pub wake_at: Option<Time>,
}

/// A page of runs that fit, at most `limit`; `after` is what `next` of the page before held. A page looks at a bounded number of rows:
/// it may hold fewer than `limit`, or none, and still have a next one.
///
/// # Errors
/// The database is away.
pub async fn page(pool: &PgPool, filter: &RunFilter, after: Option<RunId>, limit: i64) -> Result<RunsPage, StoreError> {
    page::read(pool, filter, after, limit).await
}

/// How long [`runs`] goes on through pages.
const LOOKING_MAX: Duration = Duration::from_secs(2);

/// As [`page()`], and on through the next ones until `limit` runs were found, all were looked at, or two seconds have passed.
///
/// # Errors
/// The database is away.
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

/// One run.
///
/// # Errors
/// The database is away.
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

/// The latest runs of a workflow with this business key, all its versions, latest first; without a namespace of any. By an index whatever the table holds:
/// workflows ask for this, so it may not cost what a list for people may.
///
/// # Errors
/// The database is away.
pub async fn latest_of_key(
    pool: &PgPool,
    (namespace, name): (Option<&str>, &str),
    key: &str,
    limit: i64,
) -> Result<Vec<RunOfKey>, StoreError> {
    Ok(sqlx::query_as!(
        RunOfKey,
        // `offset 0` keeps the planner from beginning with all versions of the workflow.
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
    /// Its id.
    pub id: RunId,
    /// Its status.
    pub status: String,
    /// Why it needs attention.
    pub attention: Option<String>,
}

/// How many live runs there are by status, each at most [`COUNT_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Status to number.
    pub by_status: Vec<(String, i64)>,
    /// Runs that need a person.
    pub attention: i64,
    /// Ended runs whose work did not happen and that nobody has acknowledged.
    pub unacknowledged: i64,
}

/// Counting stops here; pages then say "10,000+".
pub const COUNT_MAX: i64 = 10_000;

/// Counts over the partial indexes of the live part only. `faulted` among them are those that wait for a person.
///
/// # Errors
/// The database is away.
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
    /// SHA-256 over source and functions, hexadecimal.
    pub hash: String,
    /// Who.
    pub deployed_by: String,
    /// When.
    pub deployed_at: Time,
}

/// Versions of a workflow, last deployed first.
///
/// # Errors
/// The database is away.
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

/// The source text of one version, as it was deployed.
///
/// # Errors
/// The database is away.
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

/// Whether the database answers.
///
/// # Errors
/// It does not.
pub async fn ping(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(pool).await?;
    Ok(())
}

#[cfg(test)]
mod tests;

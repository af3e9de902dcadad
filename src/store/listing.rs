//! Lists for API, dashboard and command line: paged, bounded, never a count of a whole table.
//!
//! A list has one statement per order and every filter is `($n is null or ...)`. That is fast only if Postgres plans
//! with the values at hand and drops what is null: read through a pool whose connections have [`READ_OPTIONS`].

use sqlx::PgPool;
use uuid::Uuid;

use super::StoreError;
use crate::dsl::WorkflowRef;
use crate::machine::{RunId, Status, Time};

/// Options of connections that lists are read through: never a plan made without the values, never longer than a
/// second. For `PgConnectOptions::options`.
pub const READ_OPTIONS: [(&str, &str); 3] =
    [("plan_cache_mode", "force_custom_plan"), ("statement_timeout", "1000"), ("jit", "off")];

/// How far the clock of a node that made an id may be from the database's without `since` and `until` missing the run.
const CLOCK_SLACK: chrono::Duration = chrono::Duration::minutes(5);

/// More versions of one workflow than this are not looked through.
const VERSIONS_MAX: i64 = 1000;

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
/// The database is away, or the filter is so unselective that a second is not enough.
pub async fn runs(
    pool: &PgPool,
    filter: &RunFilter,
    after: Option<RunId>,
    limit: i64,
) -> Result<Vec<RunRow>, StoreError> {
    let Some(bounds) = Bounds::of(pool, filter).await? else { return Ok(Vec::new()) };
    let records = match filter.order {
        Order::Newest => newest(pool, filter, &bounds, after, limit).await?,
        Order::Oldest => oldest(pool, filter, &bounds, after, limit).await?,
    };
    Ok(records.into_iter().map(RunRow::from).collect())
}

/// A filter in terms of columns.
#[derive(Default)]
struct Bounds {
    definitions: Option<Vec<i32>>,
    statuses: Option<Vec<String>>,
    /// Only live runs: says to the planner that the partial index will do.
    live: Option<bool>,
    /// `Some(true)`: any reason; `Some(false)`: none.
    attention: Option<bool>,
    reason: Option<String>,
    ids: Option<Vec<Uuid>>,
    id_low: Option<Uuid>,
    id_high: Option<Uuid>,
    q: Option<Prefix>,
}

/// What starts with a text, as ranges that an index can find.
struct Prefix {
    key_low: String,
    key_high: String,
    /// None where the text starts no UUID.
    ids: Option<(Uuid, Uuid)>,
}

impl Bounds {
    /// None where nothing can fit.
    async fn of(pool: &PgPool, filter: &RunFilter) -> Result<Option<Self>, StoreError> {
        let mut bounds = Self {
            id_low: filter.since.map(|t| uuid_floor(t - CLOCK_SLACK)),
            id_high: filter.until.map(|t| uuid_floor(t + CLOCK_SLACK)),
            q: filter.q.as_deref().map(Prefix::of),
            ..Self::default()
        };
        if !filter.status.is_empty() {
            bounds.statuses = Some(filter.status.iter().map(|s| s.as_str().to_owned()).collect());
            bounds.live = filter.status.iter().all(|s| is_live(*s)).then_some(true);
        }
        match filter.attention.as_deref() {
            None => {}
            Some("none") => bounds.attention = Some(false),
            Some("any") => bounds.attention = Some(true),
            Some(reason) => (bounds.attention, bounds.reason) = (Some(true), Some(reason.to_owned())),
        }
        if filter.workflow.is_some() || filter.version.is_some() {
            bounds.definitions = Some(definition_ids(pool, filter).await?);
        }
        if let Some(event) = filter.event {
            bounds.ids = Some(runs_of_event(pool, event).await?);
        }
        let nothing =
            bounds.definitions.as_ref().is_some_and(Vec::is_empty) || bounds.ids.as_ref().is_some_and(Vec::is_empty);
        Ok((!nothing).then_some(bounds))
    }
}

impl Prefix {
    fn of(text: &str) -> Self {
        let digits: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        let is_hex = !digits.is_empty() && digits.len() <= 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let padded = |with: char| {
            let text: String = digits.chars().chain(std::iter::repeat(with)).take(32).collect();
            Uuid::parse_str(&text).expect("32 hexadecimal digits are a UUID")
        };
        let ids = is_hex.then(|| (padded('0'), padded('f')));
        Self { key_low: text.to_owned(), key_high: format!("{text}{}", char::MAX), ids }
    }
}

/// The smallest UUIDv7 of an instant.
fn uuid_floor(at: Time) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0).min((1 << 48) - 1);
    Uuid::from_u128(u128::from(millis) << 80)
}

/// Live as far as the status tells. A faulted run may be live too: it waits for a person.
fn is_live(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Running | Status::Waiting | Status::Suspended | Status::Compensating)
}

async fn definition_ids(pool: &PgPool, filter: &RunFilter) -> Result<Vec<i32>, StoreError> {
    let (namespace, name) = match filter.workflow.as_deref().map(|w| (w, w.split_once('/'))) {
        Some((_, Some((namespace, name)))) => (Some(namespace), Some(name)),
        Some((name, None)) => (None, Some(name)),
        None => (None, None),
    };
    Ok(sqlx::query_scalar!(
        "select id from definitions
         where ($1::text is null or namespace = $1) and ($2::text is null or name = $2)
           and ($3::text is null or version = $3)
         order by id desc limit $4",
        namespace,
        name,
        filter.version,
        VERSIONS_MAX,
    )
    .fetch_all(pool)
    .await?)
}

/// The event's row names its runs, so `runs` needs no index on it.
async fn runs_of_event(pool: &PgPool, event: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let runs = sqlx::query_scalar!("select runs from events where id = $1 limit 1", event).fetch_optional(pool).await?;
    Ok(runs.unwrap_or_default())
}

struct RunRecord {
    id: Uuid,
    namespace: String,
    name: String,
    version: String,
    status: String,
    attention: Option<String>,
    key: Option<String>,
    event_id: Option<Uuid>,
    parent_id: Option<Uuid>,
    task: Option<String>,
    owner: Option<Uuid>,
    seq: i32,
    created_at: Time,
    finished_at: Option<Time>,
    wake_at: Option<Time>,
}

impl From<RunRecord> for RunRow {
    fn from(r: RunRecord) -> Self {
        Self {
            id: r.id,
            workflow: WorkflowRef { namespace: r.namespace, name: r.name, version: r.version },
            status: r.status,
            attention: r.attention,
            key: r.key,
            event: r.event_id,
            parent: r.parent_id,
            task: r.task,
            owner: r.owner,
            seq: r.seq,
            created_at: r.created_at,
            finished_at: r.finished_at,
            wake_at: r.wake_at,
        }
    }
}

/// The statement of a page; the two orders differ in comparison and direction only.
macro_rules! page {
    ($compare:literal, $direction:literal, $pool:expr, $filter:expr, $bounds:expr, $after:expr, $limit:expr) => {{
        let (filter, bounds) = ($filter, $bounds);
        let q = bounds.q.as_ref();
        sqlx::query_as!(
            RunRecord,
            "select r.id, d.namespace, d.name, d.version, r.status, r.attention, r.key, r.event_id, r.parent_id,
                    r.task, r.owner, r.seq, r.created_at, r.finished_at, r.wake_at
             from (
                 select id, definition_id, status, attention, key, event_id, parent_id, task, owner, seq, created_at,
                        finished_at, wake_at
                 from runs
                 where ($1::int[] is null or definition_id = any($1))
                   and ($2::text[] is null or status = any($2))
                   and ($3::bool is null or finished_at is null)
                   and ($4::bool is null or not $4 or attention is not null)
                   and ($4::bool is null or $4 or attention is null)
                   and ($5::text is null or attention = $5)
                   and ($6::text is null or key = $6)
                   and ($7::uuid[] is null or id = any($7))
                   and ($8::timestamptz is null or created_at >= $8)
                   and ($9::timestamptz is null or created_at < $9)
                   and ($10::uuid is null or id >= $10)
                   and ($11::uuid is null or id < $11)
                   and ($12::text is null or (key >= $12 and key <= $13) or (id >= $14 and id <= $15))
                   and ($16::uuid is null or id "
                + $compare
                + " $16)
                 order by id "
                + $direction
                + "
                 limit $17
             ) r join definitions d on d.id = r.definition_id
             order by r.id "
                + $direction
                + "
             limit $17",
            bounds.definitions.as_deref(),
            bounds.statuses.as_deref(),
            bounds.live,
            bounds.attention,
            bounds.reason.as_deref(),
            filter.key.as_deref(),
            bounds.ids.as_deref(),
            filter.since,
            filter.until,
            bounds.id_low,
            bounds.id_high,
            q.map(|p| p.key_low.as_str()),
            q.map(|p| p.key_high.as_str()),
            q.and_then(|p| p.ids).map(|ids| ids.0),
            q.and_then(|p| p.ids).map(|ids| ids.1),
            $after,
            $limit,
        )
        .fetch_all($pool)
        .await
    }};
}

async fn newest(
    pool: &PgPool,
    filter: &RunFilter,
    bounds: &Bounds,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RunRecord>, StoreError> {
    Ok(page!("<", "desc", pool, filter, bounds, after, limit)?)
}

async fn oldest(
    pool: &PgPool,
    filter: &RunFilter,
    bounds: &Bounds,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RunRecord>, StoreError> {
    Ok(page!(">", "asc", pool, filter, bounds, after, limit)?)
}

/// One run.
///
/// # Errors
/// The database is away.
pub async fn run(pool: &PgPool, id: RunId) -> Result<Option<RunRow>, StoreError> {
    let record = sqlx::query_as!(
        RunRecord,
        "select r.id, d.namespace, d.name, d.version, r.status, r.attention, r.key, r.event_id, r.parent_id,
                r.task, r.owner, r.seq, r.created_at, r.finished_at, r.wake_at
         from runs r join definitions d on d.id = r.definition_id
         where r.id = $1 limit 1",
        id
    )
    .fetch_optional(pool)
    .await?;
    Ok(record.map(RunRow::from))
}

/// How many live runs there are by status, each at most [`COUNT_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Status to number.
    pub by_status: Vec<(String, i64)>,
    /// Runs that need a person.
    pub attention: i64,
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
    Ok(LiveCounts { by_status: rows.into_iter().map(|r| (r.status, r.n)).collect(), attention })
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
#[path = "listing/tests.rs"]
mod tests;

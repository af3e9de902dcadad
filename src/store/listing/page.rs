//! One page of runs: a filter in terms of columns and index ranges, and the statement that reads it.

use sqlx::PgPool;
use uuid::Uuid;

use super::{RunFilter, RunRow};
use crate::dsl::WorkflowRef;
use crate::machine::{Status, Time};
use crate::store::StoreError;

/// How far the clock of a node that made an id may be from the database's without `since` and `until` missing the run.
const CLOCK_SLACK: chrono::Duration = chrono::Duration::minutes(5);

/// More versions of one workflow than this are not looked through.
const VERSIONS_MAX: i64 = 1000;

/// A filter in terms of columns.
#[derive(Default)]
pub(super) struct Bounds {
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
    pub(super) async fn of(pool: &PgPool, filter: &RunFilter) -> Result<Option<Self>, StoreError> {
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

pub(super) struct RunRecord {
    pub(super) id: Uuid,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) status: String,
    pub(super) attention: Option<String>,
    pub(super) key: Option<String>,
    pub(super) event_id: Option<Uuid>,
    pub(super) parent_id: Option<Uuid>,
    pub(super) task: Option<String>,
    pub(super) owner: Option<Uuid>,
    pub(super) seq: i32,
    pub(super) created_at: Time,
    pub(super) finished_at: Option<Time>,
    pub(super) wake_at: Option<Time>,
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

pub(super) async fn newest(
    pool: &PgPool,
    filter: &RunFilter,
    bounds: &Bounds,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RunRecord>, StoreError> {
    Ok(page!("<", "desc", pool, filter, bounds, after, limit)?)
}

pub(super) async fn oldest(
    pool: &PgPool,
    filter: &RunFilter,
    bounds: &Bounds,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RunRecord>, StoreError> {
    Ok(page!(">", "asc", pool, filter, bounds, after, limit)?)
}

//! Lists of tasks for people. An index serves each list in order. A page examines a bounded number of rows, and reports
//! where the next one continues if that was not enough.

use sqlx::PgPool;
use uuid::Uuid;

use super::TaskRow;
use crate::machine::RunId;
use crate::store::{StoreError, shard};

/// Number of rows that one page examines.
const SEEN_MAX: i64 = 10_000;

/// Selects tasks by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TaskStatus {
    /// Waiting for a decision.
    #[default]
    Open,
    /// Decided by a person.
    Done,
    /// Closed without a decision.
    Closed,
    /// Any status.
    Any,
}

impl TaskStatus {
    /// All values with their names.
    pub const NAMES: [(&str, Self); 4] =
        [("open", Self::Open), ("done", Self::Done), ("closed", Self::Closed), ("any", Self::Any)];

    /// Returns the status with this name in the API.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, status)| status)
    }

    fn as_str(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, status)| *status == self).map_or("any", |(name, _)| name)
    }
}

/// A person who may decide.
#[derive(Debug, Clone, Default)]
pub struct MayDecide {
    /// Name of the user; `None` for a program.
    pub user: Option<String>,
    /// Scopes of the person.
    pub roles: Vec<String>,
}

/// Selects tasks.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Only tasks with this status.
    pub status: TaskStatus,
    /// Only tasks that this person may decide.
    pub may_decide: Option<MayDecide>,
    /// Only tasks of this workflow, as `namespace/name`.
    pub workflow: Option<String>,
    /// Only tasks of this run.
    pub run: Option<RunId>,
    /// Only tasks of runs with this business key.
    pub key: Option<String>,
    /// Only tasks before this one.
    pub before: Option<Uuid>,
}

/// A page of tasks.
#[derive(Debug, Default)]
pub struct Listed {
    /// The rows, newest first.
    pub rows: Vec<TaskRow>,
    /// Pass this as `before` to get the next page; `None` on the last one.
    pub next: Option<Uuid>,
}

/// A matching task, or the last one examined.
struct Hit {
    id: Uuid,
    fits: bool,
}

/// Selects the matching tasks on one path through the table, and the last one examined if there may be more.
macro_rules! hits {
    ($way:literal, $pool:expr, $filter:expr, $limit:expr $(, $argument:expr)*) => {{
        let filter: &TaskFilter = $filter;
        let by = filter.may_decide.as_ref();
        sqlx::query_as!(
            Hit,
            r#"with seen as materialized (
                   select t.id, ($3::text is null or t.workflow = $3) and ($4::text is null or t.key = $4)
                          and case $5::text when 'open' then t.closed_at is null
                                            when 'done' then coalesce(t.outcome = 'done', false)
                                            when 'closed' then coalesce(t.outcome <> 'done', false) else true end
                          and (not $6::boolean or (t.users = '{}' and t.roles = '{}')
                               or t.users && $7::text[] or t.roles && $8::text[]) as fits
                   from tasks t where t.id < $1 and "# + $way + r#" order by t.id desc limit $2)
               select id as "id!", fits as "fits!" from (
                   (select id, true as fits from seen where fits order by id desc limit $9)
                   union all
                   select (select id from seen order by id limit 1), false where (select count(*) from seen) = $2) as hits
               order by fits desc, id desc"#,
            filter.before.unwrap_or(Uuid::max()),
            SEEN_MAX,
            filter.workflow,
            filter.key,
            filter.status.as_str(),
            by.is_some(),
            &by.and_then(|by| by.user.clone()).into_iter().collect::<Vec<String>>(),
            &by.map(|by| by.roles.clone()).unwrap_or_default(),
            $limit
            $(, $argument)*
        )
        .fetch_all($pool)
        .await?
    }};
}

/// Returns a page of tasks, newest first, through the most selective index.
///
/// # Errors
/// The database is unavailable.
pub async fn list(pool: &PgPool, filter: &TaskFilter, limit: i64) -> Result<Listed, StoreError> {
    let hits = match (filter.run, &filter.key, &filter.workflow, filter.status) {
        (Some(run), ..) => hits!("t.shard = $10 and t.run_id = $11", pool, filter, limit + 1, shard(run), run),
        (None, Some(key), ..) => hits!("t.key = $10", pool, filter, limit + 1, key.as_str()),
        (None, None, _, TaskStatus::Open) => hits!("t.closed_at is null", pool, filter, limit + 1),
        (None, None, Some(workflow), _) => hits!("t.workflow = $10", pool, filter, limit + 1, workflow.as_str()),
        (None, None, None, _) => hits!("true", pool, filter, limit + 1),
    };
    let (fitting, last): (Vec<Hit>, Vec<Hit>) = hits.into_iter().partition(|hit| hit.fits);
    let mut ids: Vec<Uuid> = fitting.into_iter().map(|hit| hit.id).collect();
    let more = ids.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = if more { ids.last().copied() } else { last.first().map(|hit| hit.id) };
    Ok(Listed { rows: by_ids(pool, &ids).await?, next })
}

/// Returns these tasks, newest first, without the inputs of their steps.
async fn by_ids(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<TaskRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        TaskRow,
        r#"select t.id, t.run_id, t.execution, t.definition_id, d.namespace, d.name, d.version, t.step, t.key, t.title, t.description,
                  t.users, t.roles, null::json as "input?", t.created_at, t.due_at, t.outcome, t.closed_at, t.closed_by, t.answer, t.reason
           from tasks t join definitions d on d.id = t.definition_id where t.id = any($1) order by t.id desc"#,
        ids
    )
    .fetch_all(pool)
    .await?)
}

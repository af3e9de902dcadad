//! Tasks for people: steps that wait for a person, as rows that can be listed. They are derived from records and
//! written with them; no run depends on them.

mod list;

pub use list::{Listed, MayDecide, TaskFilter, TaskStatus, list};

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::commands::NewMessage;
use crate::dsl::WorkflowRef;
use crate::machine::{Asked, RunId, Time};
use crate::store::{StoreError, shard};

/// Why a step stopped waiting for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A person decided.
    Done,
    /// It timed out.
    Timeout,
    /// A person skipped the step.
    Skipped,
    /// The run was cancelled.
    Cancelled,
    /// The run is compensating.
    Undone,
    /// The run moved to another version, which asks again.
    Moved,
    /// The run or a block around the step faulted.
    Faulted,
    /// The run continued without it, because another branch was faster.
    Ended,
}

impl Outcome {
    /// Name in the API and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Timeout => "timeout",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::Undone => "undone",
            Self::Moved => "moved",
            Self::Faulted => "faulted",
            Self::Ended => "ended",
        }
    }
}

/// A step that begins to wait for a person.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// Execution of the step in its run.
    pub execution: i32,
    /// Id of the definition.
    pub definition: i32,
    /// Workflow as `namespace/name`.
    pub workflow: String,
    /// Reference of the step.
    pub step: String,
    /// The run's business key.
    pub key: Option<String>,
    /// The question, and who may answer it.
    pub asked: Asked,
    /// Input of the step as JSON text, unless it is large.
    pub input: Option<String>,
    /// Time at which it began to wait.
    pub created_at: Time,
    /// Time at which it times out.
    pub due_at: Option<Time>,
}

/// A step that stops waiting for a person.
#[derive(Debug, Clone)]
pub struct Closing {
    /// Execution of the step in its run.
    pub execution: i32,
    /// Why it stopped waiting.
    pub outcome: Outcome,
    /// Time at which it stopped waiting.
    pub at: Time,
    /// Actor who decided, skipped or cancelled.
    pub by: Option<String>,
    /// The answer as JSON text, if there is one.
    pub answer: Option<String>,
    /// The reason given, if any.
    pub reason: Option<String>,
}

/// Changes that a decision makes to the tasks for people.
#[derive(Debug, Clone, Default)]
pub struct TaskChanges {
    /// Steps that begin to wait.
    pub asked: Vec<NewTask>,
    /// Steps that stop waiting.
    pub closed: Vec<Closing>,
    /// Steps whose deadline changed.
    pub due: Vec<(i32, Option<Time>)>,
}

impl TaskChanges {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.closed.is_empty() && self.due.is_empty()
    }

    /// Approximate number of bytes of values sent to the database.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of_asked = |task: &NewTask| {
            task.asked.title.len()
                + task.asked.description.as_ref().map_or(0, String::len)
                + task.input.as_ref().map_or(0, String::len)
        };
        let of_closed = |closing: &Closing| closing.answer.as_ref().map_or(0, String::len);
        self.asked.iter().map(of_asked).sum::<usize>() + self.closed.iter().map(of_closed).sum::<usize>()
    }
}

/// A step that waits, or waited, for a person.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Id of the run.
    pub run_id: RunId,
    /// Execution of the step in its run.
    pub execution: i32,
    /// Id of the definition.
    pub definition_id: i32,
    /// Namespace of the workflow.
    pub namespace: String,
    /// Name of the workflow.
    pub name: String,
    /// Version of the workflow.
    pub version: String,
    /// Reference of the step.
    pub step: String,
    /// The run's business key.
    pub key: Option<String>,
    /// The question, in one line.
    pub title: String,
    /// Details for the person who decides.
    pub description: Option<String>,
    /// Users who may decide.
    pub users: Vec<String>,
    /// Scopes of which a person needs one to decide.
    pub roles: Vec<String>,
    /// Input of the step, unless it is large.
    pub input: Option<Value>,
    /// Time at which it began to wait.
    pub created_at: Time,
    /// Time at which it times out.
    pub due_at: Option<Time>,
    /// Why it stopped waiting; `None` while it waits.
    pub outcome: Option<String>,
    /// Time at which it stopped waiting.
    pub closed_at: Option<Time>,
    /// Actor who decided, skipped or cancelled.
    pub closed_by: Option<String>,
    /// The answer.
    pub answer: Option<Value>,
    /// The reason given, if any.
    pub reason: Option<String>,
}

impl TaskRow {
    /// Returns the workflow.
    #[must_use]
    pub fn workflow(&self) -> WorkflowRef {
        WorkflowRef { namespace: self.namespace.clone(), name: self.name.clone(), version: self.version.clone() }
    }
}

/// Writes the changes of runs that the transaction has locked. Closes tasks before it opens new ones, because a run
/// that moves to another version asks again.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn write(conn: &mut PgConnection, of_runs: &[(RunId, &TaskChanges)]) -> Result<(), StoreError> {
    let closed: Vec<_> = of_runs.iter().flat_map(|(run, c)| c.closed.iter().map(|c| (*run, c))).collect();
    let due: Vec<_> = of_runs.iter().flat_map(|(run, c)| c.due.iter().map(|d| (*run, *d))).collect();
    let asked: Vec<_> = of_runs.iter().flat_map(|(run, c)| c.asked.iter().map(|t| (*run, t))).collect();
    if !closed.is_empty() {
        close(conn, &closed).await?;
    }
    if !due.is_empty() {
        put_off(conn, &due).await?;
    }
    if !asked.is_empty() {
        open(conn, &asked).await?;
    }
    Ok(())
}

async fn open(conn: &mut PgConnection, tasks: &[(RunId, &NewTask)]) -> Result<(), StoreError> {
    // Lists are bound as JSON texts, because `unnest` would flatten them.
    let list = |names: &[String]| serde_json::to_string(names).unwrap_or_default();
    let t = tasks;
    sqlx::query!(
        "insert into tasks (id, shard, run_id, execution, definition_id, workflow, step, key, title, description, users, roles, input,
                            created_at, due_at)
         select u.id, u.shard, u.run_id, u.execution, u.definition_id, u.workflow, u.step, u.key, u.title, u.description,
                array(select json_array_elements_text(u.users::json)), array(select json_array_elements_text(u.roles::json)),
                u.input::json, u.created_at, u.due_at
         from unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::integer[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::text[],
                     $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[])
              as u (id, shard, run_id, execution, definition_id, workflow, step, key, title, description, users, roles, input, created_at,
                    due_at)",
        &t.iter().map(|(_, t)| t.asked.id).collect::<Vec<_>>(),
        &t.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &t.iter().map(|(run, _)| *run).collect::<Vec<_>>(),
        &t.iter().map(|(_, t)| t.execution).collect::<Vec<_>>(),
        &t.iter().map(|(_, t)| t.definition).collect::<Vec<_>>(),
        &t.iter().map(|(_, t)| t.workflow.as_str()).collect::<Vec<_>>() as &[&str],
        &t.iter().map(|(_, t)| t.step.as_str()).collect::<Vec<_>>() as &[&str],
        &t.iter().map(|(_, t)| t.key.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|(_, t)| t.asked.title.as_str()).collect::<Vec<_>>() as &[&str],
        &t.iter().map(|(_, t)| t.asked.description.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|(_, t)| list(&t.asked.users)).collect::<Vec<_>>(),
        &t.iter().map(|(_, t)| list(&t.asked.roles)).collect::<Vec<_>>(),
        &t.iter().map(|(_, t)| t.input.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|(_, t)| t.created_at).collect::<Vec<_>>(),
        &t.iter().map(|(_, t)| t.due_at).collect::<Vec<_>>() as &[Option<Time>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// `outcome is null` means the same as `closed_at is null`, but keeps the planner from using the index of open tasks,
/// which is small only while the database is new.
async fn close(conn: &mut PgConnection, closed: &[(RunId, &Closing)]) -> Result<(), StoreError> {
    let c = closed;
    sqlx::query!(
        "update tasks t set outcome = u.outcome, closed_at = u.at, closed_by = u.by, answer = u.answer::json, reason = u.reason
         from unnest($1::smallint[], $2::uuid[], $3::integer[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[])
              as u (shard, run_id, execution, outcome, at, by, answer, reason)
         where t.shard = u.shard and t.run_id = u.run_id and t.execution = u.execution and t.outcome is null",
        &c.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &c.iter().map(|(run, _)| *run).collect::<Vec<_>>(),
        &c.iter().map(|(_, c)| c.execution).collect::<Vec<_>>(),
        &c.iter().map(|(_, c)| c.outcome.as_str()).collect::<Vec<_>>() as &[&str],
        &c.iter().map(|(_, c)| c.at).collect::<Vec<_>>(),
        &c.iter().map(|(_, c)| c.by.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &c.iter().map(|(_, c)| c.answer.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &c.iter().map(|(_, c)| c.reason.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn put_off(conn: &mut PgConnection, due: &[(RunId, (i32, Option<Time>))]) -> Result<(), StoreError> {
    sqlx::query!(
        "update tasks t set due_at = u.due_at
         from unnest($1::smallint[], $2::uuid[], $3::integer[], $4::timestamptz[]) as u (shard, run_id, execution, due_at)
         where t.shard = u.shard and t.run_id = u.run_id and t.execution = u.execution and t.outcome is null",
        &due.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &due.iter().map(|(run, _)| *run).collect::<Vec<_>>(),
        &due.iter().map(|(_, (execution, _))| *execution).collect::<Vec<_>>(),
        &due.iter().map(|(_, (_, at))| *at).collect::<Vec<_>>() as &[Option<Time>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns a task by its id.
///
/// # Errors
/// The database is unavailable.
pub async fn find(pool: &PgPool, id: Uuid) -> Result<Option<TaskRow>, StoreError> {
    Ok(sqlx::query_as!(
        TaskRow,
        "select t.id, t.run_id, t.execution, t.definition_id, d.namespace, d.name, d.version, t.step, t.key, t.title, t.description,
                t.users, t.roles, t.input, t.created_at, t.due_at, t.outcome, t.closed_at, t.closed_by, t.answer, t.reason
         from tasks t join definitions d on d.id = t.definition_id where t.id = $1",
        id
    )
    .fetch_optional(pool)
    .await?)
}

/// Maximum number that is counted.
const COUNTED_MAX: i64 = 10_000;

/// Counts the tasks that wait for a person.
///
/// # Errors
/// The database is unavailable.
pub async fn count_open(pool: &PgPool) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from (select from tasks where closed_at is null limit $1) as open"#,
        COUNTED_MAX
    )
    .fetch_one(pool)
    .await?)
}

/// A recorded decision.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Id of its command.
    pub command: Uuid,
    /// Who decided.
    pub actor: String,
    /// The [`crate::machine::Message`] as JSON text.
    pub message: String,
}

/// Records a decision for its run. If the question has been decided before, returns that decision instead; `None` if
/// the run is gone.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn decide(
    pool: &PgPool,
    (question, execution): (Uuid, i32),
    message: NewMessage,
) -> Result<Option<Recorded>, StoreError> {
    let mut connection = pool.acquire().await?;
    super::commands::tell(&mut connection, &[&message]).await?;
    Ok(sqlx::query_as!(
        Recorded,
        r#"select id as command, actor, act::text as "message!" from commands
           where run_id = $1 and execution = $2 and event_id = $3"#,
        message.run,
        execution,
        question
    )
    .fetch_optional(&mut *connection)
    .await?)
}

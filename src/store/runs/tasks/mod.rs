//! Steps that wait for a person, as rows that can be listed. They are written with the records that they follow from; nothing that a
//! run does depends on them.

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
    /// Its time was over.
    Timeout,
    /// A person skipped the step.
    Skipped,
    /// The run was cancelled.
    Cancelled,
    /// The run is being undone.
    Undone,
    /// The run moved to another version, which asks anew.
    Moved,
    /// The run, or a block around the step, stopped at an error.
    Faulted,
    /// The run went on without it: another branch was faster.
    Ended,
}

impl Outcome {
    /// As in API and database.
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
    /// Which step of the run.
    pub execution: i32,
    /// The version of the workflow that asks.
    pub definition: i32,
    /// `namespace/name`.
    pub workflow: String,
    /// Reference of the step.
    pub step: String,
    /// The run's business key.
    pub key: Option<String>,
    /// What is asked, of whom.
    pub asked: Asked,
    /// JSON text of what the step was given, unless it is large.
    pub input: Option<String>,
    /// When it began to wait.
    pub created_at: Time,
    /// When it ends by itself.
    pub due_at: Option<Time>,
}

/// A step that stops waiting for a person.
#[derive(Debug, Clone)]
pub struct Closing {
    /// Which step of the run.
    pub execution: i32,
    /// Why.
    pub outcome: Outcome,
    /// When.
    pub at: Time,
    /// Who decided, skipped or cancelled.
    pub by: Option<String>,
    /// JSON text of the answer, if there is one.
    pub answer: Option<String>,
    /// Why, in the words of that person.
    pub reason: Option<String>,
}

/// What a decision changes in the list of steps that wait for people.
#[derive(Debug, Clone, Default)]
pub struct TaskChanges {
    /// Steps that begin to wait.
    pub asked: Vec<NewTask>,
    /// Steps that stop waiting.
    pub closed: Vec<Closing>,
    /// Steps whose deadline moved.
    pub due: Vec<(i32, Option<Time>)>,
}

impl TaskChanges {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.closed.is_empty() && self.due.is_empty()
    }

    /// About how many bytes of values it sends to the database.
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
    /// UUIDv7.
    pub id: Uuid,
    /// The run.
    pub run_id: RunId,
    /// Which step of it.
    pub execution: i32,
    /// The version of the workflow that asks.
    pub definition_id: i32,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Reference of the step.
    pub step: String,
    /// The run's business key.
    pub key: Option<String>,
    /// What is to be decided, in a line.
    pub title: String,
    /// What the person should know.
    pub description: Option<String>,
    /// Users who may decide.
    pub users: Vec<String>,
    /// Scopes, of which a person who may decide needs one.
    pub roles: Vec<String>,
    /// What the step was given, unless it is large.
    pub input: Option<Value>,
    /// When it began to wait.
    pub created_at: Time,
    /// When it ends by itself.
    pub due_at: Option<Time>,
    /// Why it stopped waiting; none while it waits.
    pub outcome: Option<String>,
    /// When it stopped.
    pub closed_at: Option<Time>,
    /// Who decided, skipped or cancelled.
    pub closed_by: Option<String>,
    /// What was decided.
    pub answer: Option<Value>,
    /// Why, in the words of that person.
    pub reason: Option<String>,
}

impl TaskRow {
    /// What asks.
    #[must_use]
    pub fn workflow(&self) -> WorkflowRef {
        WorkflowRef { namespace: self.namespace.clone(), name: self.name.clone(), version: self.version.clone() }
    }
}

/// Writes the changes of these runs, whose transaction has locked them. What stops waiting goes first: a run that moves to another version
/// asks anew.
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
    // Lists go as JSON texts: `unnest` would take them apart.
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

/// `outcome is null` says the same as `closed_at is null`, but lets no plan begin with the index of all open tasks, which is
/// small only while the database is new.
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

/// One of them.
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

/// Counting stops here.
const COUNTED_MAX: i64 = 10_000;

/// How many wait for a person.
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

/// A decision that was recorded for a run.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its command.
    pub command: Uuid,
    /// Who decided.
    pub actor: String,
    /// JSON text of the [`crate::machine::Message`].
    pub message: String,
}

/// Records a decision for its run, unless one was recorded for this question before: then gives that one. None if the run is gone.
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

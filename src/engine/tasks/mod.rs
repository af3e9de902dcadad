//! Steps that wait for people: the list, and the decision.
//!
//! A decision enters the run as an event that is addressed to the step which asked; nothing else can bring one. It is recorded once per
//! question, whoever is first, and the answer says what the run did with it.

mod changes;
mod complete;

pub(in crate::engine) use changes::changes;
pub use complete::{Completed, TaskError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Engine;
use crate::dsl::{Schema, WorkflowRef};
use crate::machine::masks::Masks;
use crate::machine::{RunId, Time};
use crate::store::StoreError;
use crate::store::access::{Identity, Principal, Scope};
use crate::store::runs::tasks::{self, MayDecide, TaskFilter, TaskRow};

/// A task as people and programs see it, without what the run's definition calls sensitive.
#[derive(Debug, Clone, Serialize)]
pub struct Task {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// `open`, `done`, or `closed` without a decision.
    pub status: &'static str,
    /// Id of the run.
    pub run: RunId,
    /// What the run runs.
    pub workflow: WorkflowRef,
    /// Business key of the run.
    pub key: Option<String>,
    /// Reference of the step.
    pub step: String,
    /// The question, in one line.
    pub title: String,
    /// Details for the person who decides.
    pub description: Option<String>,
    /// Who may decide.
    pub assignees: TaskAssignees,
    /// JSON Schema of the answer; none if every answer will do.
    pub schema: Option<Value>,
    /// What the step was given; only of a single task, and none if it is large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// When the step began to wait.
    pub created_at: Time,
    /// Time at which it times out.
    pub due_at: Option<Time>,
    /// `done`, or why it is closed: `timeout`, `skipped`, `cancelled`, `undone`, `moved`, `faulted`, `ended`.
    pub outcome: Option<String>,
    /// When the step stopped waiting.
    pub closed_at: Option<Time>,
    /// Actor who decided, skipped or cancelled.
    pub closed_by: Option<String>,
    /// The answer.
    pub answer: Option<Value>,
    /// The reason given, if any.
    pub reason: Option<String>,
}

/// Who may decide: any one of these; if there is none, everyone who may operate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAssignees {
    /// Names of users.
    pub users: Vec<String>,
    /// Scopes.
    pub roles: Vec<String>,
}

impl TaskAssignees {
    /// Whether this person may decide, as far as the question says who may.
    ///
    /// # Errors
    /// Why not.
    pub fn admit(&self, person: &Identity) -> Result<(), String> {
        let MayDecide { user, roles } = may_decide(person);
        let everyone = self.users.is_empty() && self.roles.is_empty();
        let is_named = user.is_some_and(|user| self.users.contains(&user));
        if everyone || is_named || roles.iter().any(|role| self.roles.contains(role)) {
            return Ok(());
        }
        Err(format!("only {} may decide, and {} is not among them", self.described(), person.actor().0))
    }

    /// In words: `ada, bob, or users with the role admin`.
    #[must_use]
    pub fn described(&self) -> String {
        let users = self.users.join(", ");
        let roles = self.roles.join(" or ");
        match (users.is_empty(), roles.is_empty()) {
            (true, true) => "everyone who may operate".to_owned(),
            (false, true) => users,
            (true, false) => format!("users with the role {roles}"),
            (false, false) => format!("{users}, or users with the role {roles}"),
        }
    }
}

/// What decides whether a person may decide: the name of the user, and all scopes that theirs include.
#[must_use]
pub fn may_decide(person: &Identity) -> MayDecide {
    let is_user = matches!(person.principal, Principal::User { .. } | Principal::Token { owner: Some(_), .. });
    let roles = Scope::ALL.into_iter().filter(|scope| person.allows(*scope)).map(|scope| scope.as_str().to_owned());
    MayDecide { user: is_user.then(|| person.name.clone()), roles: roles.collect() }
}

impl Task {
    fn of(row: TaskRow, masks: &Masks, schema: Option<&Schema>) -> Self {
        let shown = |value: Option<Value>| value.map(|value| masks.value(&value));
        Self {
            workflow: row.workflow(),
            id: row.id,
            status: status(row.outcome.as_deref()),
            run: row.run_id,
            key: row.key,
            step: row.step,
            title: row.title,
            description: row.description,
            assignees: TaskAssignees { users: row.users, roles: row.roles },
            schema: schema.map(|schema| schema.document.clone()),
            input: shown(row.input),
            created_at: row.created_at,
            due_at: row.due_at,
            outcome: row.outcome,
            closed_at: row.closed_at,
            closed_by: row.closed_by,
            answer: shown(row.answer),
            reason: row.reason,
        }
    }

    /// Whether it waits for a decision.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// How one that is not open ended.
    #[must_use]
    pub fn fate(&self) -> String {
        fate(self.outcome.as_deref(), self.closed_by.as_deref(), self.closed_at)
    }
}

fn status(outcome: Option<&str>) -> &'static str {
    match outcome {
        None => "open",
        Some("done") => "done",
        Some(_) => "closed",
    }
}

/// How a task ended, in words.
#[must_use]
pub fn fate(outcome: Option<&str>, by: Option<&str>, at: Option<Time>) -> String {
    let at = at.map(|at| at.format(" at %Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
    let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
    match outcome {
        Some("done") => format!("it was decided{by}{at}"),
        Some("timeout") => format!("its time was over{at}"),
        Some("skipped") => format!("the step was skipped{by}{at}"),
        Some("cancelled") => format!("the run was cancelled{by}{at}"),
        Some("undone") => format!("the run began to undo its steps{at}"),
        Some("moved") => format!("the run moved to another version{at}, which asks again"),
        Some("faulted") => format!("the run stopped at an error{at}"),
        _ => format!("the run no longer waits for it{at}"),
    }
}

impl Engine {
    /// Tasks, latest first, and where the next page continues.
    ///
    /// # Errors
    /// The database is away, or a definition cannot be read.
    pub async fn tasks(&self, filter: &TaskFilter, limit: i64) -> Result<(Vec<Task>, Option<Uuid>), StoreError> {
        let listed = tasks::list(&self.inner.context.reader, filter, limit).await?;
        let mut found = Vec::with_capacity(listed.rows.len());
        for row in listed.rows {
            found.push(self.shown(row).await?);
        }
        Ok((found, listed.next))
    }

    /// One of them; none if there is none with this id.
    ///
    /// # Errors
    /// The database is away, or its definition cannot be read.
    pub async fn task(&self, id: Uuid) -> Result<Option<Task>, StoreError> {
        match tasks::find(&self.inner.context.reader, id).await? {
            Some(row) => self.shown(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// How many tasks wait for a decision; counting stops at 10,000.
    ///
    /// # Errors
    /// The database is away.
    pub async fn open_tasks(&self) -> Result<i64, StoreError> {
        tasks::count_open(&self.inner.context.reader).await
    }

    async fn shown(&self, mut row: TaskRow) -> Result<Task, StoreError> {
        match self.inner.context.definition_of(row.definition_id).await {
            Ok(loaded) => {
                let task = loaded.definition.by_reference.get(&row.step).map(|id| loaded.definition.task(*id));
                let question = task.and_then(|task| task.metadata.question.as_deref());
                Ok(Task::of(row, &Masks::of(&loaded.definition), question.and_then(|q| q.schema.as_ref())))
            }
            // Nobody knows what of it is sensitive: it is listed without its values.
            Err(error) if error.is_about_values() => {
                (row.input, row.answer) = (None, None);
                Ok(Task::of(row, &Masks::default(), None))
            }
            Err(error) => Err(error),
        }
    }
}

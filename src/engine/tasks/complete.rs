//! The decision of a person: checked here, recorded once, taken in by the run.

use std::sync::Arc;

use serde_json::Value;
use tracing::info;
use uuid::Uuid;

use super::{Task, TaskAssignees, fate};
use crate::canonical;
use crate::dsl::Schema;
use crate::engine::node::loops::Look;
use crate::engine::runs::command;
use crate::engine::{ActError, Engine};
use crate::machine::question::Decided;
use crate::machine::{Message, SchemaViolation, violations};
use crate::store::StoreError;
use crate::store::access::Identity;
use crate::store::runs::claims;
use crate::store::runs::commands::NewMessage;
use crate::store::runs::tasks::{self, Recorded, TaskRow};

/// Longest answer, as JSON.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The decision that was just made.
#[derive(Debug)]
pub enum Completed {
    /// The run has taken it.
    Done(Box<Task>),
    /// It is recorded, and no node has given it to the run yet.
    Pending(Box<Task>),
}

/// Why a task was not completed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// There is none with this id.
    #[error("no task {0}")]
    Unknown(Uuid),
    /// This person may not decide.
    #[error("task {id} is not completed: {why}")]
    NotYou {
        /// Id of the token.
        id: Uuid,
        /// Why not.
        why: String,
    },
    /// The answer is not one to this question.
    #[error("the answer does not match the task's schema")]
    Invalid(Vec<SchemaViolation>),
    /// It is not open any more, or someone has just decided otherwise.
    #[error("task {id} is closed: {why}")]
    Closed {
        /// Id of the token.
        id: Uuid,
        /// How it ended.
        why: String,
    },
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Decides a task in the name of this person, and waits until the run has taken the answer. The same decision of the same person
    /// again changes nothing and is answered alike.
    ///
    /// # Errors
    /// See [`TaskError`].
    pub async fn complete_task(
        &self,
        id: Uuid,
        mut answer: Value,
        reason: Option<String>,
        person: &Identity,
    ) -> Result<Completed, TaskError> {
        let inner = &self.inner;
        let redactor = inner.context.redactor();
        redactor.value(&mut answer);
        let reason = reason.map(|reason| redactor.text(reason));
        let row = tasks::find(&inner.context.crowd, id).await?.ok_or(TaskError::Unknown(id))?;
        let (by, at) = (person.actor(), inner.context.now());
        let decided = Decided { answer, by, at, reason };
        if row.outcome.is_some() {
            return self.already(row, &decided).await;
        }
        let assignees = TaskAssignees { users: row.users.clone(), roles: row.roles.clone() };
        assignees.admit(person).map_err(|why| TaskError::NotYou { id, why })?;
        self.check_answer(&row, &decided.answer).await?;
        let message = message(&row, &decided);
        let recorded =
            tasks::decide(&inner.context.crowd, (id, row.execution), message).await?.ok_or(TaskError::Unknown(id))?;
        check_same(id, &recorded, &decided)?;
        info!(task = %id, run.id = %row.run_id, by = decided.by.0, "a person decided");
        claims::wake(&inner.context.crowd, row.run_id).await?;
        inner.context.node().wakes.wake(Look::Commands);
        let answered = command::answered(&inner.context.crowd, recorded.command).await;
        let row = tasks::find(&inner.context.crowd, id).await?.ok_or(TaskError::Unknown(id))?;
        match answered {
            Ok(()) => self.already(row, &decided).await,
            Err(ActError::Refused(why)) if row.outcome.is_none() => Err(TaskError::Closed { id, why }),
            Err(ActError::Refused(_)) => Err(closed(&row)),
            // Recorded, so the run will get it, though from a node that has not done so yet.
            Err(_) => Ok(Completed::Pending(Box::new(self.shown(row).await?))),
        }
    }

    /// A task that is closed: the same decision again is no other one.
    async fn already(&self, row: TaskRow, decided: &Decided) -> Result<Completed, TaskError> {
        let by = row.closed_by.as_deref() == Some(decided.by.0.as_str());
        let same = row.answer.as_ref().is_some_and(|answer| canonical::same(answer, &decided.answer));
        if by && same && row.outcome.as_deref() == Some("done") {
            return Ok(Completed::Done(Box::new(self.shown(row).await?)));
        }
        Err(closed(&row))
    }

    async fn check_answer(&self, row: &TaskRow, answer: &Value) -> Result<(), TaskError> {
        let bytes = answer.to_string().len();
        if bytes > ANSWER_BYTES_MAX {
            let message = format!("has {bytes} bytes; at most {ANSWER_BYTES_MAX} are possible");
            return Err(TaskError::Invalid(vec![SchemaViolation { pointer: String::new(), message }]));
        }
        let loaded = self.inner.context.definition_of(row.definition_id).await?;
        let task = loaded.definition.by_reference.get(&row.step).map(|id| loaded.definition.task(*id));
        let schema = task.and_then(|task| task.metadata.question.as_ref()?.schema.as_ref());
        match schema.map(|schema: &Schema| violations(schema, answer)) {
            Some(found) if !found.is_empty() => Err(TaskError::Invalid(found)),
            _ => Ok(()),
        }
    }
}

fn closed(row: &TaskRow) -> TaskError {
    let why = fate(row.outcome.as_deref(), row.closed_by.as_deref(), row.closed_at);
    TaskError::Closed { id: row.id, why }
}

/// The event with the answer, for the step that asked and for no other.
fn message(row: &TaskRow, decided: &Decided) -> NewMessage {
    let event = Arc::new(decided.event(row.id, row.run_id));
    let execution = u32::try_from(row.execution).unwrap_or_default();
    let message = Message::Event { execution, filters: vec![0], event };
    NewMessage {
        id: Uuid::now_v7(),
        run: row.run_id,
        message: serde_json::to_string(&message).unwrap_or_else(|_| "null".to_owned()),
        actor: decided.by.0.clone(),
        event: Some((row.id, row.execution)),
        is_kept: false,
    }
}

/// Whether what is recorded for the question is this decision.
fn check_same(id: Uuid, recorded: &Recorded, decided: &Decided) -> Result<(), TaskError> {
    let known = match serde_json::from_str(&recorded.message) {
        Ok(Message::Event { event, .. }) => Decided::of(&event),
        _ => None,
    };
    match known {
        Some(known) if known.by == decided.by && canonical::same(&known.answer, &decided.answer) => Ok(()),
        known => {
            let at = known.map(|known| known.at.format(" at %Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
            Err(TaskError::Closed { id, why: format!("it was decided by {}{at}", recorded.actor) })
        }
    }
}

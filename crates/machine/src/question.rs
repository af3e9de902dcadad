//! The question of a step to a person, and the event with the answer.
//!
//! The answer reaches a run as an event, but it is not routed: it is addressed to the step that asked. So a run only
//! accepts an answer to its open question, and no event from elsewhere can pass for one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::decide::{Halt, Scope, Stop, Values, kind};
use super::{Actor, ErrorKind, Execution, ExecutionId, Rejected, Run, RunId, Time, WorkflowError, identity};
use stepwell_expr::Template;
use stepwell_language::dsl::{Assignees, Question, TASK_COMPLETED, USERS_MAX, is_user_name};

/// CloudEvents `source` of answers. No sender may use it.
pub const SOURCE: &str = "/stepwell/tasks";

/// Maximum length of title and description; longer texts are cut off.
const TITLE_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 4_000;

/// A question as it was when its step began to wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// The question, in one line.
    pub title: String,
    /// Details for the person who decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Users who may decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// Scopes of which a person needs one to decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// A person's decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The answer.
    pub answer: Value,
    /// Who decided.
    pub by: Actor,
    /// Time of the decision.
    pub at: Time,
    /// The reason given, if any.
    pub reason: Option<String>,
}

impl Decided {
    /// Returns the event with the answer.
    #[must_use]
    pub fn event(&self, question: Uuid, run: RunId) -> Value {
        let at = self.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let mut data = json!({ "answer": self.answer, "by": self.by.0, "at": at });
        if let Some(reason) = &self.reason {
            data["reason"] = reason.as_str().into();
        }
        json!({
            "specversion": "1.0",
            "id": question.to_string(),
            "source": SOURCE,
            "type": TASK_COMPLETED,
            "subject": run.to_string(),
            "time": at,
            "datacontenttype": "application/json",
            "data": data,
        })
    }

    /// Returns the decision in an event; `None` if the event is not an answer.
    #[must_use]
    pub fn of(event: &Value) -> Option<Self> {
        if !is_answer(event) {
            return None;
        }
        let data = event.get("data")?;
        let text = |name: &str| data.get(name).and_then(Value::as_str);
        Some(Self {
            answer: data.get("answer").cloned().unwrap_or_default(),
            by: Actor(text("by")?.to_owned()),
            at: text("at")?.parse().ok()?,
            reason: text("reason").map(str::to_owned),
        })
    }
}

/// Whether an event is an answer. Only Stepwell can send events from this source.
pub(super) fn is_answer(event: &Value) -> bool {
    let is = |name: &str, text: &str| event.get(name).and_then(Value::as_str) == Some(text);
    is("source", SOURCE) && is("type", TASK_COMPLETED)
}

impl Values<'_> {
    /// Evaluates the question of a step.
    pub(super) fn ask(
        &self,
        execution: ExecutionId,
        question: &Question,
        input: &Arc<Value>,
        scope: &Scope,
    ) -> Result<Asked, Halt> {
        let said = |template: &Template, name: &str, chars_max: usize| {
            self.render(template, input, scope).and_then(|value| text(name, value, chars_max))
        };
        let title = said(&question.title, "title", TITLE_CHARS_MAX)?;
        let title = title.ok_or_else(|| unfit("`task.title` must give a text that is not empty"))?;
        let description = question.description.as_ref();
        let description = description.map(|d| said(d, "description", DESCRIPTION_CHARS_MAX)).transpose()?.flatten();
        let (users, roles) = match &question.assignees {
            Some(assignees) => (self.users(assignees, input, scope)?, assignees.roles.clone()),
            None => Default::default(),
        };
        let id = identity::question(self.run.id, execution, self.run.seq, self.now);
        Ok(Asked { id, title, description, users, roles })
    }

    fn users(&self, assignees: &Assignees, input: &Arc<Value>, scope: &Scope) -> Result<Vec<String>, Halt> {
        let Some(users) = &assignees.users else { return Ok(Vec::new()) };
        let mut names = Vec::new();
        collect_names(self.render(users, input, scope)?, &mut names)?;
        if names.len() > USERS_MAX {
            return Err(unfit(&format!(
                "`task.assignees` gives {} users; at most {USERS_MAX} are possible",
                names.len()
            )));
        }
        if names.is_empty() && assignees.roles.is_empty() {
            return Err(unfit("`task.assignees` gives no user, so nobody could decide"));
        }
        Ok(names)
    }
}

/// Rejects an answer to a question that is no longer open.
pub(super) fn check(run: &Run, execution: ExecutionId, event: &Value) -> Result<(), Stop> {
    let asks = run.execution(execution).and_then(Execution::asks);
    let answers = || event.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
    if asks.is_some_and(|asks| answers() != Some(asks)) {
        return Err(Rejected::NotAwaited("event").into());
    }
    Ok(())
}

impl Run {
    /// Returns when an open execution ends by itself at the latest: by its own timeout, by one around it, or by that of
    /// the run.
    #[must_use]
    pub fn due(&self, execution: ExecutionId) -> Option<Time> {
        let own = self.execution(execution).and_then(|e| e.deadline);
        let around = self.ancestors(execution).into_iter().filter_map(|id| self.execution(id)?.deadline);
        let whole = self.deadline.filter(|_| self.compensation.is_none());
        own.into_iter().chain(around).chain(whole).min()
    }
}

/// Converts a value to a text for people; `None` if it is empty.
fn text(name: &str, value: Value, chars_max: usize) -> Result<Option<String>, Halt> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        other => return Err(unfit(&format!("`task.{name}` must give a text, not {}", kind(&other)))),
    };
    let text = text.trim();
    let cut: String = text.chars().take(chars_max).collect();
    let cut = if cut.len() < text.len() { format!("{cut}…") } else { cut };
    Ok(Some(cut).filter(|text| !text.is_empty()))
}

/// Collects the names in a text, a list of texts, or nested lists.
fn collect_names(value: Value, names: &mut Vec<String>) -> Result<(), Halt> {
    match value {
        Value::Null => Ok(()),
        Value::String(name) if is_user_name(&name) => {
            if !names.contains(&name) {
                names.push(name);
            }
            Ok(())
        }
        Value::String(name) => {
            let name: String = name.chars().take(80).collect();
            Err(unfit(&format!("`task.assignees` gives {name:?}, which cannot be the name of a user")))
        }
        Value::Array(items) => items.into_iter().try_for_each(|item| collect_names(item, names)),
        other => Err(unfit(&format!("`task.assignees` must give names of users, not {}", kind(&other)))),
    }
}

fn unfit(detail: &str) -> Halt {
    Halt::Fault(WorkflowError::standard(ErrorKind::Expression, "cannot ask a person", detail))
}

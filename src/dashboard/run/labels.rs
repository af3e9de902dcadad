//! Labels of steps from the definition: title, kind, and whether a step can be undone.

use crate::dsl::{Compensate, Definition, Task, TaskKind};
use crate::machine::Role;

use super::timeline::Step;
use crate::words::task_name;

/// The label of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// `metadata.title`, or the task's name.
    pub title: String,
    /// Kind of the task in the language's terms, or the function that it calls.
    pub kind: String,
    /// Whether it is the pivot: once it is done, later faults do not undo steps.
    pub pivot: bool,
    /// Whether it defines how it is undone.
    pub undoable: bool,
}

/// Returns the label of a step. If the definition is not loaded, it is derived from the journal.
#[must_use]
pub fn label(definition: Option<&Definition>, step: &Step) -> Label {
    let known = definition.and_then(|d| d.by_reference.get(&step.reference).map(|id| d.task(*id)));
    let owner = definition.and_then(|d| {
        let at = ["/metadata/compensate", "/metadata/reconcile"].iter().find_map(|i| step.reference.find(i))?;
        d.by_reference.get(&step.reference[..at]).map(|id| d.task(*id))
    });
    let subject = match step.role {
        Role::Step => known,
        Role::Undo(_) | Role::Reconcile(_) => owner,
    };
    let subject = subject.map_or_else(|| task_name(&step.reference), title);
    Label {
        title: match step.role {
            Role::Step => subject,
            Role::Undo(_) => format!("Undo: {subject}"),
            Role::Reconcile(_) => format!("Reconcile: {subject}"),
        },
        kind: known.map_or_else(|| guessed(step).to_owned(), kind),
        pivot: known.is_some_and(|t| t.metadata.pivot),
        undoable: known.is_some_and(|t| matches!(t.metadata.compensate, Some(Compensate::Task(_)))),
    }
}

fn title(task: &Task) -> String {
    task.metadata.title.clone().unwrap_or_else(|| task.name.clone())
}

fn kind(task: &Task) -> String {
    let word = match &task.kind {
        TaskKind::Do(_) => "do",
        TaskKind::Call(call) => return call.function.as_ref().map_or("call", |f| f.name.as_str()).to_owned(),
        TaskKind::Function { name, .. } => name,
        TaskKind::For(_) => "for",
        TaskKind::Fork(_) => "fork",
        TaskKind::Extended(_) => "extended",
        TaskKind::Emit(_) => "emit",
        TaskKind::Listen(_) => "listen",
        TaskKind::Run(task) => return format!("run {}/{}", task.namespace, task.name),
        TaskKind::Set(_) => "set",
        TaskKind::Switch(_) => "switch",
        TaskKind::Try(_) => "try",
        TaskKind::Raise(_) => "raise",
        TaskKind::Wait(_) => "wait",
    };
    word.to_owned()
}

fn guessed(step: &Step) -> &'static str {
    if !step.attempts.is_empty() {
        "call"
    } else if step.case.is_some() {
        "switch"
    } else if !step.waits.is_empty() {
        "wait"
    } else {
        "task"
    }
}

//! What a run did since a step, and whether it may be done again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Entered, Rewind};
use crate::apply::close_all;
use crate::task::calls::is_read;
use crate::{Beginning, Change, Done, ExecutionId, Opening, Record, Role, TargetEffect};
use stepwell_language::dsl::{Protocol, Resend, Task, TaskId, TaskKind};

/// A step that lies between, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Between {
    /// Its reference.
    pub step: String,
    /// What becomes of it.
    pub does: Does,
    /// Why, for a person.
    pub why: &'static str,
}

/// What becomes of a step that lies between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// It is done again.
    Repeat,
    /// It is undone first.
    Compensate,
    /// It can be neither.
    Cannot,
}

const UNDONE: (Does, &str) = (Does::Compensate, "it is undone first");

/// An execution that a journal tells of.
struct Seen {
    task: TaskId,
    parent: Option<ExecutionId>,
    /// Whether something outside may be different for it.
    acted: bool,
    /// The method of its call.
    method: Option<String>,
    took_event: bool,
}

/// How an execution began, if the change begins one.
pub(super) fn beginning(change: &Change) -> Option<(ExecutionId, &Beginning)> {
    match change {
        Change::TaskStarted { execution, beginning, .. } => Some((*execution, beginning)),
        Change::TaskCompleted { execution, beginning: Some(beginning), .. }
        | Change::TaskSkipped { execution, beginning: Some(beginning), .. }
        | Change::TaskFaulted { execution, beginning: Some(beginning), .. } => Some((*execution, beginning)),
        _ => None,
    }
}

/// Everything that was entered in these records, once each.
pub(super) fn entered(records: &[Record]) -> Vec<Entered> {
    let mut known = BTreeSet::new();
    let mut entered = Vec::new();
    for record in records {
        let Some((_, beginning)) = beginning(&record.change) else { continue };
        let Some(task) = record.task.as_deref().filter(|_| beginning.role == Role::Step) else { continue };
        let (visit, iteration) = (beginning.coordinates.visit, beginning.coordinates.iteration.clone());
        if known.insert((task.to_owned(), visit, iteration.clone())) {
            entered.push(Entered { task: task.to_owned(), visit, iteration });
        }
    }
    entered
}

/// The steps since a record that did something outside or may have, each once.
pub(super) fn since(of: Rewind<'_>, place: usize) -> Vec<Between> {
    let seen = seen(of, place);
    let undoable: BTreeSet<ExecutionId> = done(of).iter().map(|done| done.execution).collect();
    let planned: BTreeSet<ExecutionId> = plan(of, place).into_iter().collect();
    let mut found: Vec<Between> = Vec::new();
    for (id, execution) in &seen {
        let judged = judge(of, &seen, &undoable, *id, execution);
        let Some((does, why)) = judged.map(|judged| match judged {
            // What must be undone was done before it.
            (Does::Repeat, _) if execution.acted && undone_with(&seen, &planned, *id).is_some() => UNDONE,
            judged => judged,
        }) else {
            continue;
        };
        let step = of.definition.task(execution.task).reference.clone();
        let same = found.iter_mut().find(|known| known.step == step);
        match same {
            Some(known) if known.does < does => (known.does, known.why) = (does, why),
            Some(_) => {}
            None => found.push(Between { step, does, why }),
        }
    }
    found
}

/// What is undone before the run goes back, the last one first: from the first step on that must be, everything that can be, for what
/// came later may depend on it.
pub(super) fn plan(of: Rewind<'_>, place: usize) -> Vec<ExecutionId> {
    let seen = seen(of, place);
    let done = done(of);
    let undoable: BTreeSet<ExecutionId> = done.iter().map(|done| done.execution).collect();
    let must = |id: &ExecutionId, execution: &Seen| {
        matches!(judge(of, &seen, &undoable, *id, execution), Some((Does::Compensate, _)))
    };
    let needed: BTreeSet<ExecutionId> = seen
        .iter()
        .filter(|(id, execution)| must(id, execution))
        .filter_map(|(id, _)| undone_with(&seen, &undoable, *id))
        .collect();
    let first = done.iter().position(|done| needed.contains(&done.execution)).unwrap_or(done.len());
    done[first..].iter().rev().map(|done| done.execution).filter(|id| seen.contains_key(id)).collect()
}

/// What would be undone of the run, in order of completion, once everything open has ended.
fn done(of: Rewind<'_>) -> Vec<Done> {
    let mut copy = of.run.clone();
    close_all(of.definition, &mut copy);
    copy.undo.in_order().into_iter().map(|done| (**done).clone()).collect()
}

/// The execution whose undo undoes this one too: itself, or what is around it.
fn undone_with(
    seen: &BTreeMap<ExecutionId, Seen>,
    undoable: &BTreeSet<ExecutionId>,
    id: ExecutionId,
) -> Option<ExecutionId> {
    let around = std::iter::successors(Some(id), |id| seen.get(id)?.parent);
    around.into_iter().find(|id| undoable.contains(id))
}

fn judge(
    of: Rewind<'_>,
    seen: &BTreeMap<ExecutionId, Seen>,
    undoable: &BTreeSet<ExecutionId>,
    id: ExecutionId,
    execution: &Seen,
) -> Option<(Does, &'static str)> {
    let task = of.definition.task(execution.task);
    if execution.took_event {
        return Some((Does::Cannot, "it took an event, which does not come again"));
    }
    if !execution.acted {
        return execution.method.is_some().then_some((Does::Repeat, "it did nothing at its target"));
    }
    match &task.kind {
        TaskKind::Emit(_) => Some((Does::Cannot, "it sent an event, which would be sent again")),
        _ if task.metadata.pivot => Some((Does::Cannot, "it is the point of no return (pivot), and it is passed")),
        TaskKind::Call(_) if only_reads(task, execution) => Some((Does::Repeat, "it only reads")),
        TaskKind::Call(_) if replaces(task, execution) => Some((Does::Repeat, "it puts the same into place again")),
        _ if undone_with(seen, undoable, id).is_some() => Some(UNDONE),
        TaskKind::Run(_) => Some((Does::Cannot, "it started another run, which cannot be undone")),
        _ => Some((Does::Cannot, "it changed something at its target, and has no compensation")),
    }
}

fn only_reads(task: &Task, execution: &Seen) -> bool {
    task.metadata.safe || execution.method.as_deref().is_some_and(|method| !method.is_empty() && is_read(method))
}

/// Whether a second call leaves the target as the first one did.
fn replaces(task: &Task, execution: &Seen) -> bool {
    task.metadata.resend != Resend::Never && matches!(execution.method.as_deref(), Some("PUT" | "DELETE"))
}

/// The executions since a record, the steps of the workflow alone.
fn seen(of: Rewind<'_>, place: usize) -> BTreeMap<ExecutionId, Seen> {
    let mut seen = BTreeMap::new();
    for record in &of.records[place..] {
        take_in(of, &mut seen, record);
    }
    seen
}

fn take_in(of: Rewind<'_>, seen: &mut BTreeMap<ExecutionId, Seen>, record: &Record) {
    if let Some((id, beginning)) = beginning(&record.change) {
        let is_inside = beginning.parent.is_none_or(|parent| seen.contains_key(&parent));
        let task = record.task.as_deref().and_then(|task| of.definition.by_reference.get(task)).copied();
        if let (Role::Step, true, Some(task)) = (beginning.role, is_inside, task) {
            let method = method(of.definition.task(task), &record.change);
            let took_event = false;
            seen.entry(id).or_insert(Seen { task, parent: beginning.parent, acted: false, method, took_event });
        }
    }
    let (id, acts) = match &record.change {
        Change::TaskStarted { execution, opening: Opening::Child(_), .. }
        | Change::AttemptAbandoned { execution, .. }
        | Change::OutcomeUnknown { execution, .. }
        | Change::TaskCompleted { execution, .. } => (*execution, true),
        Change::AttemptFailed { execution, effect, .. } => (*execution, *effect != TargetEffect::None),
        Change::EventConsumed { execution, .. } => {
            seen.entry(*execution).and_modify(|known| known.took_event = true);
            return;
        }
        _ => return,
    };
    let Some(known) = seen.get_mut(&id) else { return };
    let leaf = matches!(of.definition.task(known.task).kind, TaskKind::Call(_) | TaskKind::Run(_) | TaskKind::Emit(_));
    known.acted |= acts && leaf;
}

/// The method of a call; empty for a program, or for an operation whose document names none that is known yet.
fn method(task: &Task, change: &Change) -> Option<String> {
    let TaskKind::Call(call) = &task.kind else { return None };
    let sent = match change {
        Change::TaskStarted { opening: Opening::Call(request), .. } => request.method.as_str(),
        _ => "",
    };
    let declared = match &call.protocol {
        Protocol::OpenApi(operation) => operation.method.clone().unwrap_or_default(),
        Protocol::Http(_) | Protocol::Process(_) => String::new(),
    };
    Some(if sent.is_empty() { declared.to_uppercase() } else { sent.to_owned() })
}

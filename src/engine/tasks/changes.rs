//! What a decision of the machine changes in the list of tasks. All of it follows from the run before, the run after, and the records
//! between: nothing else is remembered.

use crate::dsl::Definition;
use crate::engine::catalog::Loaded;
use crate::machine::question::Decided;
use crate::machine::{
    Act, Actor, Change, CompensationEnd, Decision, Effect, ErrorKind, Execution, ExecutionId, Listening, Record, Run,
    Time, WorkflowError, apply, same_error_type,
};
use crate::store::runs::tasks::{Closing, NewTask, Outcome, TaskChanges};

/// A step's input is shown with its question up to this size; what is larger stands in the journal.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// What changes with this decision about a run that was `before`.
pub(in crate::engine) fn changes(loaded: &Loaded, before: &Run, decision: &Decision) -> TaskChanges {
    let Decision { run, records, effects } = decision;
    let mut changes = TaskChanges::default();
    for effect in effects {
        match effect {
            Effect::Listen { execution, listening } => {
                changes.asked.extend(run.execution(*execution).and_then(|open| asked(loaded, run, open, listening)));
            }
            Effect::Unlisten { execution } if before.execution(*execution).is_some_and(|e| e.asks().is_some()) => {
                changes.closed.push(closing(&loaded.definition, before, *execution, records));
            }
            _ => {}
        }
    }
    // A run may have thousands of open tasks; its definition has few.
    let can_ask = loaded.definition.tasks.iter().any(|task| task.metadata.question.is_some());
    if !can_ask {
        return changes;
    }
    for open in run.open.iter().filter(|e| e.asks().is_some()) {
        let stayed = before.execution(open.id).is_some_and(|known| known.asks() == open.asks());
        if stayed && before.due(open.id) != run.due(open.id) {
            changes.due.push((number(open.id), run.due(open.id)));
        }
    }
    changes
}

fn number(execution: ExecutionId) -> i32 {
    i32::try_from(execution).unwrap_or(i32::MAX)
}

fn asked(loaded: &Loaded, run: &Run, open: &Execution, listening: &[Listening]) -> Option<NewTask> {
    let asked = listening.iter().find_map(|listening| listening.asks.as_deref())?;
    let workflow = &loaded.definition.workflow;
    let input = open.input.to_string();
    Some(NewTask {
        execution: number(open.id),
        definition: loaded.id,
        workflow: format!("{}/{}", workflow.namespace, workflow.name),
        step: loaded.definition.task(open.task).reference.clone(),
        key: run.key.clone(),
        asked: asked.clone(),
        input: Some(input).filter(|input| input.len() <= INPUT_BYTES_MAX),
        created_at: open.started_at,
        due_at: run.due(open.id),
    })
}

/// How a step stopped waiting: by the record with which it did.
fn closing(definition: &Definition, before: &Run, execution: ExecutionId, records: &[Record]) -> Closing {
    let asks = |run: &Run| run.execution(execution).and_then(Execution::asks);
    let mut run = before.clone();
    let ends = |record: &Record| apply(definition, &mut run, record).is_err() || asks(&run) != asks(before);
    let place = records.iter().position(ends);
    let until = place.map_or(records, |place| &records[..=place]);
    let (outcome, at) =
        until.last().map_or((Outcome::Ended, Time::UNIX_EPOCH), |last| (outcome(&last.change), last.at));
    let acted = until.iter().rev().find(|record| matches!(record.change, Change::OperatorActed { .. }));
    let decided = until.last().and_then(|last| match &last.change {
        Change::EventConsumed { event, .. } => Decided::of(event),
        _ => None,
    });
    let by = acted.or(until.last()).map(|record| record.actor.0.clone()).filter(|by| *by != Actor::engine().0);
    let reason = match acted.or(until.last()).map(|record| &record.change) {
        Some(Change::OperatorActed { reason, .. }) => reason.clone(),
        Some(Change::RunMoved(moved)) => moved.reason.clone(),
        _ => decided.as_ref().and_then(|decided| decided.reason.clone()),
    };
    let answer = decided.map(|decided| decided.answer.to_string());
    Closing { execution: number(execution), outcome, at, by, answer, reason }
}

fn outcome(change: &Change) -> Outcome {
    match change {
        Change::EventConsumed { .. } => Outcome::Done,
        Change::RunMoved(_) => Outcome::Moved,
        Change::TaskSkipped { .. } | Change::UndoSkipped { .. } => Outcome::Skipped,
        Change::TaskFaulted { error, .. }
        | Change::ErrorCaught { error, .. }
        | Change::RunFaulted { error, .. }
        | Change::RunStopping { error, .. }
        | Change::CompensationStuck { error, .. } => after(error),
        Change::RunCancelled {} | Change::OperatorActed { act: Act::Cancel { .. }, .. } => Outcome::Cancelled,
        Change::CompensationStarted { end: CompensationEnd::Cancelled, .. } => Outcome::Cancelled,
        Change::CompensationStarted { error, .. } => error.as_ref().map_or(Outcome::Undone, after),
        _ => Outcome::Ended,
    }
}

fn after(error: &WorkflowError) -> Outcome {
    let timeout = WorkflowError::standard(ErrorKind::Timeout, "", "").r#type;
    if same_error_type(&error.r#type, &timeout) { Outcome::Timeout } else { Outcome::Faulted }
}

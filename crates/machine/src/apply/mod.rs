//! The one place where a run changes: a record goes in, the state moves.
//!
//! `apply` never evaluates anything and never chooses: what it needs stands in the record and in the definition. So
//! folding a journal gives the same state on every node and with every later version of the expression engine.

mod acts;
mod begin;
mod close;
mod task;
mod visits;

use std::sync::Arc;

use crate::{
    Attention, Change, Compensation, CompensationEnd, Cursor, DoneSteps, FaultClass, Next, Record, Run, Status, Stop,
    Time,
};
use acts::operator_acted;
use close::{fail, undone};
use stepwell_language::dsl::Definition;
use task::change_task;

pub(crate) use begin::siblings;
pub(crate) use close::{Onward, close_all, close_below};
pub(crate) use visits::rewind;

/// A record that does not match the state: the journal was damaged or belongs to another definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} ({kind}) does not match the run: {why}")]
pub struct Inconsistent {
    /// Place in the journal.
    pub seq: u32,
    /// Kind of the record.
    pub kind: &'static str,
    /// What is missing.
    pub why: &'static str,
}

/// Moves the run by one record.
///
/// # Errors
/// The record names an execution or a task that is not there.
pub fn apply(definition: &Definition, run: &mut Run, record: &Record) -> Result<(), Inconsistent> {
    let (at, seq) = (record.at, run.seq + 1);
    change(definition, run, record, at).map_err(|why| Inconsistent { seq, kind: record.change.kind(), why })?;
    run.keep_time(at);
    run.seq = seq;
    run.status = standing(run);
    Ok(())
}

/// Folds a whole journal. What came before the run moved to this version belongs to another one, and counts as what the move holds of it.
///
/// # Errors
/// See [`apply`].
pub fn fold<'r>(
    definition: &Definition,
    mut run: Run,
    records: impl IntoIterator<Item = &'r Record>,
) -> Result<Run, Inconsistent> {
    let records: Vec<&Record> = records.into_iter().collect();
    let moved = records.iter().rposition(|record| matches!(record.change, Change::RunMoved(_))).unwrap_or(0);
    run.seq = run.seq.saturating_add(u32::try_from(moved).unwrap_or(u32::MAX));
    for record in &records[moved..] {
        apply(definition, &mut run, record)?;
    }
    Ok(run)
}

pub(crate) type Applied = Result<(), &'static str>;

fn change(definition: &Definition, run: &mut Run, record: &Record, at: Time) -> Applied {
    match &record.change {
        Change::RunContinued(continuation) => {
            if !run.open.is_empty() {
                return Err("something is open that it does not hold");
            }
            *run = continuation.run(definition, run.id, run.seq)?;
            Ok(())
        }
        Change::RunMoved(moved) => {
            *run = moved.run(definition, run.id, run.seq)?;
            Ok(())
        }
        _ if run.started_at.is_none() && run.seq > 0 => Err("folding cannot begin with it"),
        Change::RunStarted { input, transformed, key, event, parent, deadline, environment, queued } => {
            run.raw_input = Arc::clone(input);
            run.input = Arc::clone(transformed.as_ref().unwrap_or(input));
            (run.key, run.event, run.parent) = (key.clone(), *event, *parent);
            (run.started_at, run.deadline, run.queued) = (Some(at), *deadline, *queued);
            run.environment.clone_from(environment);
            run.root = Cursor::first(Arc::clone(&run.input));
            Ok(())
        }
        Change::RunAdmitted {} => {
            let waited = run.running_time(at);
            (run.queued, run.deadline) = (false, run.deadline.map(|deadline| deadline + waited));
            Ok(())
        }
        Change::RunFaulted { execution, error, attention } => {
            if let Some(execution) = execution {
                fail(definition, run, *execution, error, FaultClass::Permanent)?;
            }
            (run.error, run.attention, run.stop) = (Some(error.clone()), Some(*attention), None);
            run.fault = Some(run.seq + 1);
            Ok(())
        }
        Change::RunStopping { execution, error } => {
            if let Some(execution) = execution {
                fail(definition, run, *execution, error, FaultClass::Permanent)?;
            }
            run.error = Some(error.clone());
            run.stop = Some(Stop { undo: true, end: CompensationEnd::Compensated, fault: true, past_pivot: false });
            Ok(())
        }
        Change::CompensationStarted { error, end, .. } => {
            close_all(definition, run);
            if error.is_some() {
                run.error.clone_from(error);
            }
            let compensation = Box::new(Compensation::of(&std::mem::take(&mut run.undo), *end));
            (run.compensation, run.stop, run.attention) = (Some(compensation), None, None);
            Ok(())
        }
        Change::UndoSkipped { execution } => {
            run.open.clear();
            undone(run, *execution)
        }
        Change::CompensationStuck { execution, error } => {
            fail(definition, run, *execution, error, FaultClass::Permanent)?;
            run.attention = Some(Attention::CompensationStuck);
            Ok(())
        }
        Change::RunCompleted { output } => {
            run.output = Some(Arc::clone(output));
            // A parent may later undo what this run did.
            let undo = std::mem::take(&mut run.undo);
            finish(run, at)?;
            run.undo = undo;
            if !run.is_undone_by_parent() {
                run.undo = DoneSteps::default();
            }
            Ok(())
        }
        Change::RunCompensated {} | Change::RunCancelled {} => finish(run, at),
        Change::RunPoisoned { .. } => {
            run.attention = Some(Attention::Poison);
            Ok(())
        }
        Change::RunTakenOver {} | Change::RunRestarted { .. } => Ok(()),
        Change::RunRewinding(rewinding) => crate::rewind::begin(definition, run, rewinding),
        Change::RunRewound {} => crate::rewind::end(definition, run),
        Change::OperatorActed { act, past_pivot, .. } => operator_acted(definition, run, act, *past_pivot, at),
        _ => change_task(definition, run, record, at),
    }
    .map(|()| close_status(run, &record.change))
}

pub(crate) const GONE: &str = "the execution is not open";

pub(crate) const NO_ITERATION: &str = "the execution is not an iteration";

pub(crate) const NO_TASK: &str = "the definition has no such task";

/// Ends that only a record can say; everything else follows from the state.
fn close_status(run: &mut Run, change: &Change) {
    match change {
        Change::RunCompleted { .. } => run.status = Status::Completed,
        Change::RunCompensated {} => run.status = Status::Compensated,
        Change::RunCancelled {} => run.status = Status::Cancelled,
        _ => {}
    }
}

/// Where a run stands, by its state alone.
fn standing(run: &Run) -> Status {
    if run.is_closed() {
        return if run.attention.is_none() && !ended(run.status) { Status::Faulted } else { run.status };
    }
    match run.attention {
        Some(Attention::CompensationStuck) => return Status::Compensating,
        Some(_) => return Status::Faulted,
        None => {}
    }
    let not_started = run.next_execution == 0 && run.root.next == Next::Task(0);
    let idle = run.open.iter().any(|e| e.progress.is_waiting()) && !run.has_call_in_flight();
    match () {
        () if run.suspended => Status::Suspended,
        () if not_started => Status::Pending,
        () if run.compensation.is_some() => Status::Compensating,
        () if idle => Status::Waiting,
        () => Status::Running,
    }
}

fn ended(status: Status) -> bool {
    matches!(status, Status::Completed | Status::Compensated | Status::Cancelled)
}

fn finish(run: &mut Run, at: Time) -> Applied {
    run.finished_at = Some(at);
    run.abandoned = run.stop.is_some_and(|stop| !stop.undo) && run.next_execution > 0;
    run.open.clear();
    run.undo = DoneSteps::default();
    (run.compensation, run.stop, run.attention, run.suspended) = (None, None, None, false);
    Ok(())
}

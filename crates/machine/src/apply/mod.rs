//! The one place where a run changes: a record goes in, the state moves.
//!
//! `apply` never evaluates anything and never chooses: what it needs stands in the record and in the definition. So
//! folding a journal gives the same state on every node and with every later version of the expression engine.

mod acts;
mod call;
mod close;
mod links;
mod tries;

use std::sync::Arc;

use serde_json::Value;

use super::{
    Attention, Beginning, Branch, CallPhase, Change, ChildPhase, Compensation, CompensationEnd, Cursor, DoneSteps,
    Execution, ExecutionId, ExtendedProgress, FaultClass, ForProgress, Impact, IterationOutputs, Next, Progress,
    Record, ReportedFault, Role, Run, SideBySide, Status, Stop, Time, TryPhase, TryProgress, Unacted,
};
use acts::operator_acted;
use call::{attempt_abandoned, attempt_failed, attempt_started, call_mut, impact, sending};
use close::{Onward, close, close_all, close_below, completed, fail, leave, pass_impact_up, remember, undone};
pub(super) use links::read;
use stepwell_language::dsl::{Definition, TaskId, TaskKind};
use tries::{caught, rewind, round_started, visits_inside};

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

type Applied = Result<(), &'static str>;

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
            let compensation = Compensation::of(&std::mem::take(&mut run.undo), *end);
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
        Change::RunTakenOver {} => Ok(()),
        Change::OperatorActed { act, past_pivot, .. } => operator_acted(definition, run, act, *past_pivot, at),
        _ => change_task(definition, run, record, at),
    }
    .map(|()| close_status(run, &record.change))
}

/// Changes that are about one task.
fn change_task(definition: &Definition, run: &mut Run, record: &Record, at: Time) -> Applied {
    match &record.change {
        Change::TaskStarted { execution, beginning, arguments, request, until, items, listening, child, deadline } => {
            begin(definition, run, *execution, beginning, record, at)?;
            let progress = match (request, until) {
                (Some(request), _) => Progress::Call(sending(request)),
                (None, Some(until)) => Progress::Wait { until: *until },
                (None, None) if let Some(child) = child => links::child(child, beginning.role),
                (None, None) if listening.is_some() => Progress::Listen(Box::default()),
                (None, None) => composite(definition, run, *execution, arguments.as_ref(), items.as_ref(), at)?,
            };
            let opened = run.execution_mut(*execution).ok_or(GONE)?;
            (opened.progress, opened.deadline) = (progress, *deadline);
            Ok(())
        }
        Change::IterationStarted { execution, index } => {
            match &mut run.execution_mut(*execution).ok_or(GONE)?.progress {
                Progress::For(progress) => {
                    (progress.index, progress.cursor.next) = (Some(*index), Next::Task(0));
                    Ok(())
                }
                Progress::Listen(progress) => links::iteration_started(progress, *index),
                _ => Err("the execution has no iterations"),
            }
        }
        Change::SegmentStarted { execution, segment } => links::segment_started(definition, run, *execution, *segment),
        Change::IterationCompleted { execution, output, context } => {
            links::iteration_completed(run, *execution, output)?;
            if let Some(context) = context {
                run.context = Arc::clone(context);
            }
            Ok(())
        }
        Change::EventConsumed { execution, filter, event, bound, enough } => {
            links::event_consumed(definition, run, *execution, *filter, event, bound, *enough)
        }
        Change::ChildStarted { execution } => {
            links::child_mut(run, *execution)?.phase = ChildPhase::Running;
            Ok(())
        }
        // The run that it is about is looked at by itself; this one keeps waiting.
        Change::ChildFaulted { execution, fault, .. } => {
            let own = run.seq + 1;
            links::child_mut(run, *execution)?.fault = Some(ReportedFault { own, of_child: *fault });
            Ok(())
        }
        Change::ChildEnded { execution, outcome } => links::child_ended(run, *execution, outcome),
        Change::AttemptStarted { execution, request } => attempt_started(run, *execution, request.as_ref()),
        Change::AttemptFailed { execution, error, class, effect, response, retry_at, settles_at } => attempt_failed(
            run,
            *execution,
            (*class, response.is_some(), error),
            impact(*effect, settles_at.unwrap_or(at)),
            *retry_at,
            at,
        ),
        Change::AttemptAbandoned { execution, settles_at } => attempt_abandoned(run, *execution, *settles_at),
        Change::TaskHeld { execution } => {
            run.execution_mut(*execution).ok_or(GONE)?.held = true;
            Ok(())
        }
        Change::OutcomeUnknown { execution, error, class, retry_at } => {
            let call = call_mut(run, *execution)?;
            call.phase = CallPhase::Reconciling { error: error.clone() };
            let unacted = |class| Box::new(Unacted { error: error.clone(), class, retry_at: *retry_at });
            call.unacted = class.map(unacted);
            Ok(())
        }
        Change::TaskCompleted { execution, beginning, output, context, case, ended, .. } => {
            if let Some(beginning) = beginning {
                begin(definition, run, *execution, beginning, record, at)?;
            }
            if let Some(context) = context {
                run.context = Arc::clone(context);
            }
            completed(definition, run, *execution, output, case.as_deref(), *ended, at)
        }
        Change::TaskSkipped { execution, beginning, output } => {
            if let Some(beginning) = beginning {
                begin(definition, run, *execution, beginning, record, at)?;
            }
            close_below(definition, run, *execution);
            let skipped = close(definition, run, *execution).ok_or(GONE)?;
            if skipped.impact.is_any() && run.track_of(&skipped) == Role::Step && run.compensation.is_none() {
                pass_impact_up(run, &skipped);
                remember(definition, run, &skipped, Some(output));
            }
            leave(definition, run, &skipped, Arc::clone(output), Onward::NextInList, at)
        }
        Change::TaskFaulted { execution, beginning, error, class } => {
            if let Some(beginning) = beginning {
                begin(definition, run, *execution, beginning, record, at)?;
            }
            fail(definition, run, *execution, error, class.unwrap_or(FaultClass::Permanent))
        }
        Change::ErrorCaught { execution, error, then } => caught(definition, run, *execution, error, *then, at),
        Change::RoundStarted { execution, round } => round_started(definition, run, *execution, *round, at),
        _ => Err("the change is about no task"),
    }
}

const GONE: &str = "the execution is not open";
const NO_ITERATION: &str = "the execution is not an iteration";
const NO_TASK: &str = "the definition has no such task";
const NOT_A_CALL: &str = "the execution is not a call";
const NOT_A_TRY: &str = "the execution is not a try";

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
    let unbegun = run.next_execution == 0 && run.root.next == Next::Task(0);
    let idle = run.open.iter().any(|e| e.progress.is_waiting()) && !run.has_call_in_flight();
    match () {
        () if run.suspended => Status::Suspended,
        () if unbegun => Status::Pending,
        () if run.compensation.is_some() => Status::Compensating,
        () if idle => Status::Waiting,
        () => Status::Running,
    }
}

fn ended(status: Status) -> bool {
    matches!(status, Status::Completed | Status::Compensated | Status::Cancelled)
}

impl Progress {
    /// Whether only a timer moves it.
    pub(super) fn is_waiting(&self) -> bool {
        match self {
            Self::Wait { .. } => true,
            Self::Call(call) => matches!(call.phase, CallPhase::Backoff { .. } | CallPhase::Unsettled { .. }),
            Self::Try(t) => matches!(t.phase, TryPhase::Backoff { .. }),
            Self::Listen(listen) => !listen.enough && listen.cursor.is_none(),
            Self::Child(child) => matches!(child.phase, ChildPhase::Running | ChildPhase::Undoing),
            _ => false,
        }
    }
}

fn begin(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    beginning: &Beginning,
    record: &Record,
    at: Time,
) -> Applied {
    if let Some(known) = run.execution_mut(id) {
        // A retry by a person: the same execution begins again.
        if let Some(input) = &beginning.input {
            known.input = Arc::clone(input);
        } else {
            known.input = Arc::clone(&known.raw_input);
        }
        return Ok(());
    }
    let task = record.task.as_deref().and_then(|r| definition.by_reference.get(r)).copied().ok_or(NO_TASK)?;
    let raw_input = enter(definition, run, beginning, task)?;
    if definition.task(task).reentrant {
        let entry = (task, beginning.coordinates.iteration.clone());
        let count = run.visits.get(&entry).copied().unwrap_or(0);
        run.visits.insert_mut(entry, count + 1);
    }
    if let Role::Reconcile(of) = beginning.role {
        call::asked(run, of);
    }
    let visits = visits_inside(definition, run, task, &beginning.coordinates.iteration);
    run.next_execution = run.next_execution.max(id + 1);
    // Nesting is shallow and a run is copied at each decision: room for more would be carried along by thousands of runs.
    run.open.reserve_exact(1);
    run.open.push(Execution {
        id,
        parent: beginning.parent,
        task,
        coordinates: beginning.coordinates.clone(),
        role: beginning.role,
        input: beginning.input.clone().unwrap_or_else(|| Arc::clone(&raw_input)),
        raw_input,
        started_at: at,
        deadline: None,
        impact: Impact::None,
        held: false,
        visits,
        progress: Progress::Unbegun { attempts: 0 },
    });
    Ok(())
}

/// Marks the list that the new execution comes from as busy, and gives the raw input that it hands over.
fn enter(
    definition: &Definition,
    run: &mut Run,
    beginning: &Beginning,
    task: TaskId,
) -> Result<Arc<Value>, &'static str> {
    match (beginning.role, beginning.parent) {
        (Role::Undo(of), _) => {
            run.undoing(of).map(|done| Arc::clone(&done.output)).ok_or("the step is not in the plan")
        }
        (Role::Reconcile(of), _) => match (run.execution(of), run.undoing(of)) {
            (Some(open), _) => Ok(Arc::clone(&open.input)),
            (None, Some(done)) => Ok(Arc::clone(&done.input)),
            (None, None) => Err(GONE),
        },
        (Role::Step, None) => {
            run.root.next = Next::Busy;
            Ok(Arc::clone(&run.root.data))
        }
        (Role::Step, Some(parent)) => {
            let around = run.execution_mut(parent).ok_or(GONE)?;
            if let Progress::Fork(branches) = &mut around.progress {
                *branch_of(definition, around.task, branches, task)? = Branch::Open;
                return Ok(Arc::clone(&around.input));
            }
            if let Progress::SideBySide(progress) = &mut around.progress {
                progress.begun = beginning.coordinates.iteration.last().ok_or(NO_ITERATION)? + 1;
                return Ok(Arc::clone(&around.input));
            }
            let cursor = around.progress.cursor_mut().ok_or("the parent is not a list")?;
            cursor.next = Next::Busy;
            Ok(Arc::clone(&cursor.data))
        }
    }
}

/// The place of a branch in its `fork`.
fn branch_of<'b>(
    definition: &Definition,
    fork: TaskId,
    branches: &'b mut [Branch],
    task: TaskId,
) -> Result<&'b mut Branch, &'static str> {
    let TaskKind::Fork(fork) = &definition.task(fork).kind else { return Err("the execution is not a fork") };
    let index = fork.branches.iter().position(|branch| *branch == task).ok_or(NO_TASK)?;
    branches.get_mut(index).ok_or(NO_TASK)
}

fn composite(
    definition: &Definition,
    run: &Run,
    id: ExecutionId,
    arguments: Option<&Arc<Value>>,
    items: Option<&Arc<Value>>,
    at: Time,
) -> Result<Progress, &'static str> {
    let execution = run.execution(id).ok_or(GONE)?;
    let data = Arc::clone(arguments.unwrap_or(&execution.input));
    let first = Cursor::first(Arc::clone(&data));
    Ok(match &definition.task(execution.task).kind {
        TaskKind::Try(_) => Progress::Try(Box::new(TryProgress {
            cursor: first,
            phase: TryPhase::Body,
            round: execution.coordinates.round,
            highest_round: execution.coordinates.round,
            retries: 0,
            first_caught_at: None,
            round_started_at: at,
        })),
        TaskKind::For(task) if task.is_side_by_side() => Progress::SideBySide(Box::new(SideBySide {
            items: Arc::clone(items.ok_or("the loop has no items")?),
            begun: 0,
            done: 0,
            outputs: IterationOutputs::default(),
            ended: None,
        })),
        TaskKind::For(_) => Progress::For(Box::new(ForProgress {
            items: Arc::clone(items.ok_or("the loop has no items")?),
            index: None,
            cursor: Cursor { next: Next::Finished, data },
        })),
        TaskKind::Extended(_) => Progress::Extended(Box::new(ExtendedProgress {
            segment: None,
            cursor: Cursor { next: Next::Finished, data },
            exited: false,
            done: None,
        })),
        TaskKind::Fork(task) => Progress::Fork(vec![Branch::Unbegun; task.branches.len()]),
        _ => Progress::List(first),
    })
}

/// The list of tasks that runs directly inside an execution, or at the top.
pub(super) fn siblings(
    definition: &Definition,
    run: &Run,
    parent: Option<ExecutionId>,
) -> Result<Vec<TaskId>, &'static str> {
    let Some(parent) = parent else { return Ok(definition.root.clone()) };
    let execution = run.execution(parent).ok_or(GONE)?;
    Ok(match (&definition.task(execution.task).kind, &execution.progress) {
        (TaskKind::Do(list), _) => list.clone(),
        (TaskKind::Function { body, .. }, _) => vec![*body],
        (TaskKind::For(task), _) => task.body.clone(),
        (TaskKind::Fork(task), _) => task.branches.clone(),
        (TaskKind::Listen(task), _) => task.each.iter().flat_map(|each| &each.body).copied().collect(),
        (TaskKind::Extended(segments), Progress::Extended(progress)) => {
            let segment = progress.segment.and_then(|at| segments.get(usize::from(at)));
            segment.map(|segment| segment.tasks.clone()).unwrap_or_default()
        }
        (TaskKind::Try(task), Progress::Try(progress)) => match progress.phase {
            TryPhase::Handler { .. } => task.catch.handler.clone().unwrap_or_default(),
            _ => task.body.clone(),
        },
        _ => return Err("the parent is not a list"),
    })
}

impl Progress {
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        match self {
            Self::List(cursor) => Some(cursor),
            Self::Try(t) => Some(&t.cursor),
            Self::For(progress) => Some(&progress.cursor),
            Self::Listen(progress) => progress.cursor.as_ref(),
            Self::Extended(progress) => Some(&progress.cursor),
            _ => None,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        match self {
            Self::List(cursor) => Some(cursor),
            Self::Try(t) => Some(&mut t.cursor),
            Self::For(progress) => Some(&mut progress.cursor),
            Self::Listen(progress) => progress.cursor.as_mut(),
            Self::Extended(progress) => Some(&mut progress.cursor),
            _ => None,
        }
    }
}

fn finish(run: &mut Run, at: Time) -> Applied {
    run.finished_at = Some(at);
    run.open.clear();
    run.undo = DoneSteps::default();
    (run.compensation, run.stop, run.attention, run.suspended) = (None, None, None, false);
    Ok(())
}

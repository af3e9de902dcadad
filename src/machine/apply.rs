//! The one place where a run changes: a record goes in, the state moves.
//!
//! `apply` never evaluates anything and never chooses: what it needs stands in the record and in the definition. So
//! folding a journal gives the same state on every node and with every later version of the expression engine.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Act, Attention, Beginning, CallPhase, CallProgress, CancelMode, Caught, Change, Compensation, CompensationEnd,
    Cursor, Done, Execution, ExecutionId, FaultClass, Next, Progress, Record, Role, Run, Status, Stop, TargetEffect,
    Time, TryPhase, TryProgress, WorkflowError,
};
use crate::dsl::{Compensate, Definition, Flow, TaskId, TaskKind};

/// A record that does not fit the state: the journal was damaged or belongs to another definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} ({kind}) does not fit the run: {why}")]
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
    run.seq = seq;
    run.status = standing(run);
    Ok(())
}

/// Folds a whole journal.
///
/// # Errors
/// See [`apply`].
pub fn fold<'r>(
    definition: &Definition,
    mut run: Run,
    records: impl IntoIterator<Item = &'r Record>,
) -> Result<Run, Inconsistent> {
    for record in records {
        apply(definition, &mut run, record)?;
    }
    Ok(run)
}

type Applied = Result<(), &'static str>;

fn change(definition: &Definition, run: &mut Run, record: &Record, at: Time) -> Applied {
    match &record.change {
        Change::RunStarted { input, transformed, key, event, deadline } => {
            run.raw_input = Arc::clone(input);
            run.input = Arc::clone(transformed.as_ref().unwrap_or(input));
            (run.key, run.event) = (key.clone(), *event);
            (run.started_at, run.deadline) = (Some(at), *deadline);
            run.root = Cursor::first(Arc::clone(&run.input));
            Ok(())
        }
        Change::TaskStarted { execution, beginning, arguments, request, until, deadline } => {
            begin(definition, run, *execution, beginning, record, at)?;
            let progress = match (request, until) {
                (Some(request), _) => Progress::Call(sending(request)),
                (None, Some(until)) => Progress::Wait { until: *until },
                (None, None) => composite(definition, run, *execution, arguments.as_ref(), at)?,
            };
            let opened = run.execution_mut(*execution).ok_or(GONE)?;
            (opened.progress, opened.deadline) = (progress, *deadline);
            Ok(())
        }
        Change::AttemptStarted { execution, request } => attempt_started(run, *execution, request.as_ref()),
        Change::AttemptFailed { execution, class, effect, retry_at, .. } => {
            attempt_failed(run, *execution, *class, *effect, *retry_at, at)
        }
        Change::OutcomeUnknown { execution, error } => {
            call_mut(run, *execution)?.phase = CallPhase::Reconciling { error: error.clone() };
            Ok(())
        }
        Change::TaskCompleted { execution, beginning, output, context, case, ended, .. } => {
            if let Some(beginning) = beginning {
                begin(definition, run, *execution, beginning, record, at)?;
            }
            if let Some(context) = context {
                run.context = Arc::clone(context);
            }
            completed(definition, run, *execution, output, case.as_deref(), *ended)
        }
        Change::TaskSkipped { execution, beginning, output } => {
            if let Some(beginning) = beginning {
                begin(definition, run, *execution, beginning, record, at)?;
            }
            let skipped = close(run, *execution).ok_or(GONE)?;
            leave(definition, run, &skipped, Arc::clone(output), Onward::NextInList)
        }
        Change::TaskFaulted { execution, beginning, error } => {
            if let Some(beginning) = beginning {
                begin(definition, run, *execution, beginning, record, at)?;
            }
            fail(definition, run, *execution, error)
        }
        Change::ErrorCaught { execution, error, then } => caught(definition, run, *execution, error, *then, at),
        Change::RoundStarted { execution, round } => round_started(definition, run, *execution, *round, at),
        Change::RunFaulted { execution, error, attention } => {
            if let Some(execution) = execution {
                fail(definition, run, *execution, error)?;
            }
            (run.error, run.attention) = (Some(error.clone()), Some(*attention));
            Ok(())
        }
        Change::CompensationStarted { error, end, .. } => {
            close_all(definition, run);
            if error.is_some() {
                run.error.clone_from(error);
            }
            let plan = std::mem::take(&mut run.undo).into_iter().rev().collect();
            (run.compensation, run.stop, run.attention) = (Some(Compensation { plan, end: *end }), None, None);
            Ok(())
        }
        Change::UndoSkipped { execution } => {
            run.open.clear();
            undone(run, *execution)
        }
        Change::CompensationStuck { execution, error } => {
            fail(definition, run, *execution, error)?;
            run.attention = Some(Attention::CompensationStuck);
            Ok(())
        }
        Change::RunCompleted { output } => {
            run.output = Some(Arc::clone(output));
            finish(run, at)
        }
        Change::RunCompensated {} | Change::RunCancelled {} => finish(run, at),
        Change::RunPoisoned { .. } => {
            run.attention = Some(Attention::Poison);
            Ok(())
        }
        Change::RunTakenOver {} => Ok(()),
        Change::OperatorActed { act, .. } => operator_acted(run, act, at),
    }
    .map(|()| close_status(run, &record.change))
}

const GONE: &str = "the execution is not open";
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
    if run.next_execution == 0 && run.root.next == Next::Task(0) {
        return Status::Pending;
    }
    let idle = run.open.last().is_some_and(|e| e.progress.is_waiting());
    match () {
        () if run.suspended => Status::Suspended,
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
    fn is_waiting(&self) -> bool {
        match self {
            Self::Wait { .. } => true,
            Self::Call(call) => matches!(call.phase, CallPhase::Backoff { .. }),
            Self::Try(t) => matches!(t.phase, TryPhase::Backoff { .. }),
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
        // A retry by a person: the same execution begins anew.
        if let Some(input) = &beginning.input {
            known.input = Arc::clone(input);
        } else {
            known.input = Arc::clone(&known.raw_input);
        }
        return Ok(());
    }
    let task = record.task.as_deref().and_then(|r| definition.by_reference.get(r)).copied().ok_or(NO_TASK)?;
    let raw_input = enter(run, beginning)?;
    *run.visits.entry((task, beginning.coordinates.iteration.clone())).or_default() += 1;
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
        acted: false,
        progress: Progress::Unbegun { attempts: 0 },
    });
    Ok(())
}

/// Marks the list that the new execution comes from as busy, and gives the raw input that it hands over.
fn enter(run: &mut Run, beginning: &Beginning) -> Result<Arc<Value>, &'static str> {
    match (beginning.role, beginning.parent) {
        (Role::Undo(of), _) => {
            let plan = &run.compensation.as_ref().ok_or("nothing is being undone")?.plan;
            plan.iter().find(|d| d.execution == of).map(|d| Arc::clone(&d.output)).ok_or("the step is not in the plan")
        }
        (Role::Reconcile(of), _) => run.execution(of).map(|e| Arc::clone(&e.input)).ok_or(GONE),
        (Role::Step, None) => {
            run.root.next = Next::Busy;
            Ok(Arc::clone(&run.root.data))
        }
        (Role::Step, Some(parent)) => {
            let cursor =
                run.execution_mut(parent).and_then(|e| e.progress.cursor_mut()).ok_or("the parent is no list")?;
            cursor.next = Next::Busy;
            Ok(Arc::clone(&cursor.data))
        }
    }
}

fn sending(request: &Arc<super::CallRequest>) -> CallProgress {
    CallProgress {
        request: Arc::clone(request),
        attempt: 1,
        failures: 0,
        first_failure_at: None,
        phase: CallPhase::InFlight,
        reconciled: None,
    }
}

fn composite(
    definition: &Definition,
    run: &Run,
    id: ExecutionId,
    arguments: Option<&Arc<Value>>,
    at: Time,
) -> Result<Progress, &'static str> {
    let execution = run.execution(id).ok_or(GONE)?;
    let first = Cursor::first(Arc::clone(arguments.unwrap_or(&execution.input)));
    Ok(match &definition.task(execution.task).kind {
        TaskKind::Try(_) => Progress::Try(Box::new(TryProgress {
            cursor: first,
            phase: TryPhase::Body,
            round: execution.coordinates.round,
            highest_round: execution.coordinates.round,
            retries: 0,
            first_caught_at: None,
            round_started_at: at,
            visits: run.visits.clone(),
        })),
        _ => Progress::List(first),
    })
}

fn call_mut(run: &mut Run, id: ExecutionId) -> Result<&mut CallProgress, &'static str> {
    match &mut run.execution_mut(id).ok_or(GONE)?.progress {
        Progress::Call(call) => Ok(call),
        _ => Err(NOT_A_CALL),
    }
}

fn attempt_started(run: &mut Run, id: ExecutionId, request: Option<&Arc<super::CallRequest>>) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let attempts = execution.attempts();
    match (&mut execution.progress, request) {
        (Progress::Call(call), request) => {
            call.attempt += 1;
            (call.phase, call.reconciled) = (CallPhase::InFlight, None);
            if let Some(request) = request {
                call.request = Arc::clone(request);
            }
        }
        (progress, Some(request)) => {
            *progress = Progress::Call(CallProgress { attempt: attempts + 1, ..sending(request) })
        }
        (_, None) => return Err(NOT_A_CALL),
    }
    Ok(())
}

fn attempt_failed(
    run: &mut Run,
    id: ExecutionId,
    class: FaultClass,
    effect: TargetEffect,
    retry_at: Option<Time>,
    at: Time,
) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let Progress::Call(call) = &mut execution.progress else { return Err(NOT_A_CALL) };
    call.phase = retry_at.map_or(CallPhase::Ended, |until| CallPhase::Backoff { until });
    if class != FaultClass::Throttled {
        call.failures += 1;
        call.first_failure_at.get_or_insert(at);
    }
    if effect == TargetEffect::Unknown && !is_read(&call.request.method) {
        execution.acted = true;
    }
    Ok(())
}

/// Whether a request with this method changes nothing at its target.
pub(super) fn is_read(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

fn completed(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    output: &Arc<Value>,
    case: Option<&str>,
    ended: bool,
) -> Applied {
    let mut done = close(run, id).ok_or(GONE)?;
    let task = definition.task(done.task);
    done.acted |= matches!(&done.progress, Progress::Call(call) if !is_read(&call.request.method));
    match done.role {
        Role::Undo(of) => return undone(run, of),
        Role::Reconcile(of) => return reconciled(run, of, output),
        Role::Step => {}
    }
    pass_acted_up(run, &done);
    if run.track(id) == Role::Step && run.compensation.is_none() {
        remember(definition, run, &done, Arc::clone(output));
        run.pivoted |= task.metadata.pivot;
    }
    let flow = case.and_then(|name| flow_of_case(&task.kind, name)).unwrap_or(&task.then);
    let flow = if ended { &Flow::End } else { flow };
    leave(definition, run, &done, Arc::clone(output), Onward::By(flow))
}

fn flow_of_case<'d>(kind: &'d TaskKind, name: &str) -> Option<&'d Flow> {
    match kind {
        TaskKind::Switch(cases) => cases.iter().find(|c| c.name == name).map(|c| &c.then),
        _ => None,
    }
}

/// How a list goes on after one of its tasks.
enum Onward<'d> {
    NextInList,
    By(&'d Flow),
}

/// Hands the output to the list that the ended execution belongs to and says what comes next there.
fn leave(definition: &Definition, run: &mut Run, done: &Execution, output: Arc<Value>, onward: Onward<'_>) -> Applied {
    match done.role {
        Role::Undo(of) => return undone(run, of),
        Role::Reconcile(of) => return reconciled(run, of, &output),
        Role::Step => {}
    }
    let list = siblings(definition, run, done.parent)?;
    // A loop back enters tasks again; the index of the next task follows from where this one stands.
    let index = list.iter().position(|t| *t == done.task).ok_or(NO_TASK)?;
    let following = if index + 1 < list.len() { Next::Task(index + 1) } else { Next::Finished };
    let next = match onward {
        Onward::NextInList | Onward::By(Flow::Continue) => following,
        Onward::By(Flow::Exit) => Next::Finished,
        Onward::By(Flow::End) => Next::Ended,
        Onward::By(Flow::To(index)) => Next::Task(*index),
    };
    let cursor = match done.parent {
        None => &mut run.root,
        Some(parent) => run.execution_mut(parent).and_then(|e| e.progress.cursor_mut()).ok_or(GONE)?,
    };
    *cursor = Cursor { next, data: output };
    Ok(())
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
        (TaskKind::Try(task), Progress::Try(progress)) => match progress.phase {
            TryPhase::Handler { .. } => task.catch.handler.clone().unwrap_or_default(),
            _ => task.body.clone(),
        },
        _ => return Err("the parent is no list"),
    })
}

impl Progress {
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        match self {
            Self::List(cursor) => Some(cursor),
            Self::Try(t) => Some(&t.cursor),
            _ => None,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        match self {
            Self::List(cursor) => Some(cursor),
            Self::Try(t) => Some(&mut t.cursor),
            _ => None,
        }
    }
}

fn undone(run: &mut Run, of: ExecutionId) -> Applied {
    let compensation = run.compensation.as_mut().ok_or("nothing is being undone")?;
    compensation.plan.retain(|d| d.execution != of);
    run.attention = None;
    Ok(())
}

/// The target said what became of a call: null means that it never acted.
fn reconciled(run: &mut Run, of: ExecutionId, output: &Arc<Value>) -> Applied {
    let execution = run.execution_mut(of).ok_or(GONE)?;
    if output.is_null() {
        execution.acted = false;
    }
    let Progress::Call(call) = &mut execution.progress else { return Err(NOT_A_CALL) };
    (call.phase, call.reconciled) = (CallPhase::Ended, Some(Arc::clone(output)));
    Ok(())
}

fn close(run: &mut Run, id: ExecutionId) -> Option<Execution> {
    let place = run.open.iter().position(|e| e.id == id)?;
    Some(run.open.remove(place))
}

fn pass_acted_up(run: &mut Run, done: &Execution) {
    if let (true, Some(parent)) = (done.acted, done.parent.and_then(|p| run.execution_mut(p))) {
        parent.acted = true;
    }
}

/// Notes that an ended execution would have to be undone. A later round of the same step takes the place of the earlier one.
fn remember(definition: &Definition, run: &mut Run, done: &Execution, output: Arc<Value>) {
    let Some(Compensate::Task(_)) = definition.task(done.task).metadata.compensate else { return };
    run.undo.retain(|d| {
        d.task != done.task
            || d.coordinates.visit != done.coordinates.visit
            || d.coordinates.iteration != done.coordinates.iteration
    });
    run.undo.push(Done {
        execution: done.id,
        task: done.task,
        coordinates: done.coordinates.clone(),
        input: Arc::clone(&done.input),
        output,
    });
}

/// Ends an execution that failed, and everything below it, innermost first. What may have acted is noted for undoing.
fn close_faulted(definition: &Definition, run: &mut Run, id: ExecutionId) {
    let below: Vec<ExecutionId> = run.open.iter().filter(|e| e.parent == Some(id)).map(|e| e.id).collect();
    for child in below.into_iter().rev() {
        close_faulted(definition, run, child);
    }
    let Some(mut done) = close(run, id) else { return };
    done.acted |= done.is_in_flight() && done.changes_target();
    pass_acted_up(run, &done);
    if done.acted && run.compensation.is_none() && matches!(done.role, Role::Step) {
        remember(definition, run, &done, Arc::new(Value::Null));
    }
}

impl Execution {
    fn changes_target(&self) -> bool {
        matches!(&self.progress, Progress::Call(call) if !is_read(&call.request.method))
    }
}

/// Ends every open execution, innermost first.
fn close_all(definition: &Definition, run: &mut Run) {
    let tops: Vec<ExecutionId> = run.open.iter().filter(|e| e.parent.is_none()).map(|e| e.id).collect();
    for top in tops.into_iter().rev() {
        close_faulted(definition, run, top);
    }
    run.root.next = Next::Busy;
}

/// The execution fails and stays open for a `try` or a person; what is below it ends.
fn fail(definition: &Definition, run: &mut Run, id: ExecutionId, error: &WorkflowError) -> Applied {
    let below: Vec<ExecutionId> = run.open.iter().filter(|e| e.parent == Some(id)).map(|e| e.id).collect();
    for child in below.into_iter().rev() {
        close_faulted(definition, run, child);
    }
    let execution = run.execution_mut(id).ok_or(GONE)?;
    execution.acted |= execution.is_in_flight() && execution.changes_target();
    execution.progress = Progress::Failed { error: error.clone(), attempts: execution.attempts() };
    execution.deadline = None;
    Ok(())
}

fn caught(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    error: &WorkflowError,
    then: Caught,
    at: Time,
) -> Applied {
    let below: Vec<ExecutionId> = run.open.iter().filter(|e| e.parent == Some(id)).map(|e| e.id).collect();
    for child in below.into_iter().rev() {
        close_faulted(definition, run, child);
    }
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let input = Arc::clone(&execution.input);
    let Progress::Try(progress) = &mut execution.progress else { return Err(NOT_A_TRY) };
    progress.first_caught_at.get_or_insert(at);
    match then {
        Caught::Retry(until) => {
            progress.phase = TryPhase::Backoff { until };
            progress.cursor.next = Next::Busy;
        }
        Caught::Handle => {
            progress.phase = TryPhase::Handler { error: error.clone() };
            progress.cursor = Cursor::first(input);
        }
        Caught::Pass => {
            progress.phase = TryPhase::Handler { error: error.clone() };
            progress.cursor = Cursor { next: Next::Finished, data: input };
        }
    }
    Ok(())
}

fn round_started(definition: &Definition, run: &mut Run, id: ExecutionId, round: u32, at: Time) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let (task, input) = (execution.task, Arc::clone(&execution.input));
    let Progress::Try(progress) = &mut execution.progress else { return Err(NOT_A_TRY) };
    progress.cursor = Cursor::first(input);
    progress.phase = TryPhase::Body;
    (progress.round, progress.highest_round) = (round, round);
    progress.retries += 1;
    progress.round_started_at = at;
    let before = progress.visits.clone();
    // A re-run repeats the same identities, so that each request goes out again under the same idempotency key.
    let inside = format!("{}/", definition.task(task).reference);
    for (entry, count) in &mut run.visits {
        if definition.task(entry.0).reference.starts_with(&inside) {
            *count = before.get(entry).copied().unwrap_or(0);
        }
    }
    for outer in run.ancestors(id) {
        if let Some(Progress::Try(outer)) = run.execution_mut(outer).map(|e| &mut e.progress) {
            outer.highest_round = outer.highest_round.max(round);
        }
    }
    Ok(())
}

fn operator_acted(run: &mut Run, act: &Act, at: Time) -> Applied {
    match act {
        Act::Retry { input } => {
            (run.attention, run.error) = (None, run.error.take().filter(|_| run.compensation.is_some()));
            run.deadline = None;
            for execution in &mut run.open {
                retry(execution, input.as_ref(), at);
            }
        }
        Act::Skip { .. } => {
            (run.attention, run.error) = (None, run.error.take().filter(|_| run.compensation.is_some()));
        }
        Act::Cancel { compensate } => {
            let undo = *compensate == CancelMode::Compensate;
            run.stop = Some(Stop { undo, end: CompensationEnd::Cancelled });
            run.attention = None;
        }
        Act::Compensate => {
            run.stop = Some(Stop { undo: true, end: CompensationEnd::Compensated });
            run.attention = None;
        }
        Act::Suspend => run.suspended = true,
        Act::Resume => run.suspended = false,
        Act::Dismiss => {
            run.attention = None;
            finish(run, at)?;
        }
    }
    Ok(())
}

fn retry(execution: &mut Execution, input: Option<&Value>, at: Time) {
    let attempts = execution.attempts();
    let failed = matches!(execution.progress, Progress::Failed { .. });
    match &mut execution.progress {
        Progress::Failed { .. } => execution.progress = Progress::Unbegun { attempts },
        Progress::Call(call) if matches!(call.phase, CallPhase::Backoff { .. }) => {
            call.phase = CallPhase::Backoff { until: at };
            (call.failures, call.first_failure_at) = (0, None);
        }
        Progress::Try(progress) if matches!(progress.phase, TryPhase::Backoff { .. }) => {
            progress.phase = TryPhase::Backoff { until: at };
        }
        _ => {}
    }
    if let (true, Some(input)) = (failed, input) {
        execution.raw_input = Arc::new(input.clone());
    }
}

fn finish(run: &mut Run, at: Time) -> Applied {
    run.finished_at = Some(at);
    run.open.clear();
    run.undo.clear();
    (run.compensation, run.stop, run.attention, run.suspended) = (None, None, None, false);
    Ok(())
}

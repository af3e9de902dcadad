//! What a run's journal says about the world around the run.
//!
//! The raw output of each call stands in the journal: as the task's output where nothing was made of it, beside it
//! otherwise. So an answer can be given again to a definition that makes something else of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::dsl::{Definition, TaskKind, WorkflowRef};
use crate::machine::question::Decided;
use crate::machine::{
    Act, CallFailure, CallOutcome, CallRequest, CallRetry, Change, ChildOutcome, ChildRequest, ErrorKind, ExecutionId,
    Inconsistent, Opening, Record, ResponseSummary, Role, Run, RunId, TargetEffect, Time, WorkflowError, fold,
    same_error_type,
};
use crate::scenario::rehearsal::step;

/// A recorded run, as far as it has come.
#[derive(Debug)]
pub struct Recording {
    /// What ran.
    pub workflow: WorkflowRef,
    /// The run as it ended, or stands.
    pub run: Run,
    /// First record.
    pub(super) began: Time,
    /// When its turn came, if it waited for one.
    pub(super) admitted: Option<Time>,
    /// Every attempt of every call, in order.
    pub(super) calls: Vec<RecordedCall>,
    /// Runs that it started.
    pub(super) children: Vec<RecordedChild>,
    /// Events that it took, each once.
    pub(super) events: Vec<(Time, Arc<Value>)>,
    /// What people decided whom it asked, with the step that asked.
    pub(super) tasks: Vec<(Time, String, Decided)>,
    /// What people did.
    pub(super) acts: Vec<(Time, Act)>,
    /// Events that went out, with the step that sent them.
    pub(super) emitted: Vec<(String, Arc<Value>)>,
    /// When timers were seen to.
    pub(super) timers: Vec<Time>,
}

/// One attempt of a call.
#[derive(Debug)]
pub(super) struct RecordedCall {
    pub(super) step: String,
    pub(super) execution: ExecutionId,
    pub(super) request: Arc<CallRequest>,
    /// None where the journal has no end of it.
    pub(super) end: Option<(Time, CallOutcome)>,
}

/// One run that a step started.
#[derive(Debug)]
pub(super) struct RecordedChild {
    pub(super) step: String,
    execution: ExecutionId,
    pub(super) request: Arc<ChildRequest>,
    pub(super) at: Time,
    started: bool,
    pub(super) end: Option<(Time, ChildEnd)>,
}

/// How such a run ended.
#[derive(Debug)]
pub(super) enum ChildEnd {
    Ended(ChildOutcome),
    Refused(WorkflowError),
}

impl Recording {
    /// Reads a run's records, with the definition that it ran.
    ///
    /// # Errors
    /// The records do not match the definition.
    pub fn of(definition: &Definition, id: RunId, records: &[Record]) -> Result<Self, Inconsistent> {
        let run = fold(definition, Run::new(id), records)?;
        let mut recording = Self {
            workflow: definition.workflow.clone(),
            began: run.started_at.unwrap_or_default(),
            run,
            admitted: None,
            calls: Vec::new(),
            children: Vec::new(),
            events: Vec::new(),
            tasks: Vec::new(),
            acts: Vec::new(),
            emitted: Vec::new(),
            timers: Vec::new(),
        };
        let mut reader = Reader { definition, under_way: HashMap::new(), recording: &mut recording };
        records.iter().for_each(|record| reader.take_in(record));
        Ok(recording)
    }

    /// When a timer that is due at `wake` was seen to; nodes look at their timers a little late.
    pub(super) fn seen_to(&self, wake: Time) -> Option<Time> {
        let soon = wake + TIMER_LATE_MAX;
        self.timers.iter().copied().filter(|at| *at >= wake && *at <= soon).min()
    }
}

/// No node sees to a timer later than this, unless there was none.
const TIMER_LATE_MAX: chrono::Duration = chrono::Duration::seconds(30);

struct Reader<'r> {
    definition: &'r Definition,
    /// The last attempt of each execution, by its place among the calls.
    under_way: HashMap<ExecutionId, usize>,
    recording: &'r mut Recording,
}

impl Reader<'_> {
    fn take_in(&mut self, record: &Record) {
        let at = record.at;
        match &record.change {
            Change::RunAdmitted {} => self.recording.admitted = Some(at),
            Change::TaskStarted { execution, opening: Opening::Call(request), .. } => {
                self.begin(*execution, record, Arc::clone(request));
            }
            Change::TaskStarted { execution, opening: Opening::Child(request), beginning, .. }
                if !matches!(beginning.role, Role::Undo(_)) =>
            {
                let (step, request) = (self.step(record), Arc::clone(request));
                let child = RecordedChild { step, execution: *execution, request, at, started: false, end: None };
                self.recording.children.push(child);
            }
            Change::AttemptStarted { execution, request } => {
                self.recording.timers.push(at);
                let before = self.under_way.get(execution).map(|place| &self.recording.calls[*place].request);
                if let Some(request) = request.as_ref().or(before).cloned() {
                    self.begin(*execution, record, request);
                }
            }
            Change::AttemptFailed { execution, error, class, effect, response, retry_at, settles_at } => {
                let failure = (*retry_at, error, *class, (*effect, *settles_at), response);
                self.end(*execution, at, failed(at, failure));
            }
            Change::OutcomeUnknown { execution, retry_at, .. } => self.try_again(*execution, at, *retry_at),
            Change::TaskCompleted { execution, output, response: Some(response), .. } => {
                let raw = self.raw(record, output, response);
                let outcome = CallOutcome::Succeeded { output: raw, response: response.clone() };
                self.end(*execution, at, outcome);
            }
            Change::TaskCompleted { emitted: Some(event), .. } => {
                let step = self.step(record);
                self.recording.emitted.push((step, Arc::clone(event)));
            }
            Change::TaskCompleted { .. } | Change::RoundStarted { .. } => self.recording.timers.push(at),
            Change::EventConsumed { event, .. } => {
                if let Some(decided) = Decided::of(event) {
                    let step = self.step(record);
                    self.recording.tasks.push((at, step, decided));
                } else if !self.recording.events.iter().any(|(_, known)| known == event) {
                    self.recording.events.push((at, Arc::clone(event)));
                }
            }
            Change::OperatorActed { act, .. } => self.recording.acts.push((at, act.clone())),
            other => self.about_children(at, other),
        }
    }

    fn about_children(&mut self, at: Time, change: &Change) {
        let (execution, end) = match change {
            Change::ChildStarted { execution } => (*execution, None),
            Change::ChildEnded { execution, outcome } => (*execution, Some(ChildEnd::Ended(outcome.clone()))),
            Change::TaskFaulted { execution, error, .. }
            | Change::RunFaulted { execution: Some(execution), error, .. }
            | Change::RunStopping { execution: Some(execution), error } => {
                (*execution, Some(ChildEnd::Refused(error.clone())))
            }
            _ => return,
        };
        let children = self.recording.children.iter_mut().rev();
        let Some(child) = children.into_iter().find(|child| child.execution == execution) else { return };
        match end {
            None => child.started = true,
            Some(ChildEnd::Refused(_)) if child.started || child.end.is_some() => {}
            Some(end) => child.end = Some((at, end)),
        }
    }

    fn step(&self, record: &Record) -> String {
        step::name(self.definition, record.task.as_deref().unwrap_or_default())
    }

    fn begin(&mut self, execution: ExecutionId, record: &Record, request: Arc<CallRequest>) {
        let step = self.step(record);
        self.under_way.insert(execution, self.recording.calls.len());
        self.recording.calls.push(RecordedCall { step, execution, request, end: None });
    }

    fn end(&mut self, execution: ExecutionId, at: Time, outcome: CallOutcome) {
        if let Some(place) = self.under_way.get(&execution) {
            self.recording.calls[*place].end = Some((at, outcome));
        }
    }

    /// The attempt that just failed was to be followed by another one, had its target never acted.
    fn try_again(&mut self, execution: ExecutionId, at: Time, retry_at: Option<Time>) {
        let place = self.under_way.get(&execution).and_then(|place| self.recording.calls.get_mut(*place));
        if let (Some(RecordedCall { end: Some((_, CallOutcome::Failed(failure))), .. }), Some(due)) = (place, retry_at)
        {
            (failure.retry.attempts_max, failure.retry_after) =
                (u32::MAX, Some((due - at).to_std().unwrap_or_default()));
        }
    }

    /// What the call gave, before its task made something of it.
    fn raw(&self, record: &Record, output: &Arc<Value>, response: &ResponseSummary) -> Arc<Value> {
        if let Some(body) = &response.body {
            return Arc::new(body.clone());
        }
        // An empty body leaves no trace beside an output that was made of it.
        let typed = response.headers.iter().any(|(name, _)| name == "content-type");
        let empty = response.status == StatusCode::NO_CONTENT.as_u16() || !typed;
        if empty && self.transforms(record) { Arc::default() } else { Arc::clone(output) }
    }

    fn transforms(&self, record: &Record) -> bool {
        let id = record.task.as_deref().and_then(|reference| self.definition.by_reference.get(reference));
        let Some(task) = id.map(|id| self.definition.task(*id)) else { return false };
        let inside = match &task.kind {
            TaskKind::Call(call) => call.function.as_ref().is_some_and(|f| f.output.r#as.is_some()),
            _ => false,
        };
        inside || task.output.r#as.is_some()
    }
}

type Failure<'r> = (
    Option<Time>,
    &'r WorkflowError,
    crate::machine::FaultClass,
    (TargetEffect, Option<Time>),
    &'r Option<ResponseSummary>,
);

/// A recorded failure, which is tried again when it was tried again then.
fn failed(at: Time, (retry_at, error, class, (effect, settles_at), response): Failure<'_>) -> CallOutcome {
    let of = |kind: ErrorKind| same_error_type(&error.r#type, &WorkflowError::standard(kind, "", "").r#type);
    // The target did answer, and what the task made of the answer failed.
    if let Some(response) = response
        && (200..300).contains(&response.status)
        && matches!(effect, TargetEffect::Acted | TargetEffect::Unknown)
        && (of(ErrorKind::Expression) || of(ErrorKind::Validation))
    {
        let output = Arc::new(response.body.clone().unwrap_or_default());
        return CallOutcome::Succeeded { output, response: response.clone() };
    }
    let again = retry_at.map(|retry_at| (retry_at - at).to_std().unwrap_or_default());
    CallOutcome::Failed(CallFailure {
        error: WorkflowError { instance: None, ..error.clone() },
        class,
        effect,
        settles_after: settles_at.and_then(|settles_at| (settles_at - at).to_std().ok()).unwrap_or_default(),
        response: response.clone(),
        retry: CallRetry {
            attempts_max: if again.is_some() { u32::MAX } else { 1 },
            delay: Duration::ZERO,
            delay_max: Duration::ZERO,
            multiplier: 1.0,
            duration_max: Duration::from_hours(24 * 365),
        },
        retry_after: again,
    })
}

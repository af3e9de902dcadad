//! What a run's journal says about the world around the run.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::dsl::{Definition, WorkflowRef};
use crate::machine::history::{Attempt, Child, Failure, History, NoteKind, Step, What, answers};
use crate::machine::question::Decided;
use crate::machine::{
    Act, CallFailure, CallOutcome, CallRequest, CallRetry, Change, ChildRequest, ExecutionId, Inconsistent, Record,
    Role, Run, RunId, Time, WorkflowError, fold,
};
use crate::scenario::rehearsal::step;

pub(super) use crate::machine::history::ChildEnd;

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
    pub(super) request: Arc<ChildRequest>,
    pub(super) at: Time,
    pub(super) end: Option<(Time, ChildEnd)>,
}

impl Recording {
    /// Reads a run's records, with the definition that it ran.
    ///
    /// # Errors
    /// The records do not match the definition.
    pub fn of(definition: &Definition, id: RunId, records: &[Record]) -> Result<Self, Inconsistent> {
        let run = fold(definition, Run::new(id), records)?;
        // What came before a run continued as new is recorded too.
        let whole = records.iter().filter(|record| !matches!(record.change, Change::RunContinued(_)));
        let history = History::of(Some(definition), whole);
        let name = |reference: &str| step::name(definition, reference);
        let mut tries: Vec<(&Step, &Attempt)> =
            history.steps.iter().flat_map(|step| step.attempts.iter().map(move |attempt| (step, attempt))).collect();
        tries.sort_by_key(|(_, attempt)| attempt.place);
        let calls = tries.into_iter().filter_map(|(step, attempt)| {
            let request = Arc::clone(attempt.request.as_ref()?);
            let end = end(definition, step, attempt);
            Some(RecordedCall { step: name(&step.reference), execution: step.execution, request, end })
        });
        let calls = calls.collect();
        let own = history.steps.iter().filter(|step| !matches!(step.role, Role::Undo(_)));
        let children = own.flat_map(|step| step.children.iter().map(|child| recorded(name(&step.reference), child)));
        let children = children.collect();
        let emitted = history.steps.iter().filter_map(|s| Some((name(&s.reference), Arc::clone(s.emitted.as_ref()?))));
        let emitted = emitted.collect();
        let timers = history.steps.iter().flat_map(timers).collect();
        let acts = history.notes.iter().filter_map(|note| match &note.kind {
            // A run that goes back does so by a record of its own.
            NoteKind::Acted(Act::Rewind { .. }, _) => None,
            NoteKind::Acted(act, _) => Some((note.at, act.clone())),
            _ => None,
        });
        let acts = acts.collect();
        let (mut events, mut tasks): (Vec<(Time, Arc<Value>)>, Vec<_>) = (Vec::new(), Vec::new());
        for taken in &history.events {
            if let Some(decided) = Decided::of(&taken.event) {
                tasks.push((taken.at, name(&taken.reference), decided));
            } else if !events.iter().any(|(_, known)| *known == taken.event) {
                events.push((taken.at, Arc::clone(&taken.event)));
            }
        }
        Ok(Self {
            workflow: definition.workflow.clone(),
            began: run.started_at.unwrap_or_default(),
            run,
            admitted: history.admitted_at,
            calls,
            children,
            events,
            tasks,
            acts,
            emitted,
            timers,
        })
    }

    /// When a timer that is due at `wake` was seen to; nodes look at their timers a little late.
    pub(super) fn seen_to(&self, wake: Time) -> Option<Time> {
        let soon = wake + TIMER_LATE_MAX;
        self.timers.iter().copied().filter(|at| *at >= wake && *at <= soon).min()
    }
}

/// No node sees to a timer later than this, unless there was none.
const TIMER_LATE_MAX: chrono::Duration = chrono::Duration::seconds(30);

fn recorded(step: String, child: &Child) -> RecordedChild {
    let Child { request, at, end, .. } = child;
    RecordedChild { step, request: Arc::clone(request), at: *at, end: end.clone() }
}

/// When a node looked after a step because its time had come.
fn timers(step: &Step) -> impl Iterator<Item = Time> {
    let told = step.emitted.is_some() || step.attempts.last().is_some_and(is_answered);
    let is_timer = move |what: What| match what {
        What::Sent | What::Round => true,
        What::Completed => !told,
        _ => false,
    };
    step.turns.iter().filter(move |turn| is_timer(turn.what)).map(|turn| turn.at)
}

/// Whether the task was completed with the answer to this attempt.
fn is_answered(attempt: &Attempt) -> bool {
    attempt.failure.is_none() && attempt.response.is_some()
}

/// How an attempt ended; none where the journal has no end of it.
fn end(definition: &Definition, step: &Step, attempt: &Attempt) -> Option<(Time, CallOutcome)> {
    let at = attempt.ended_at?;
    if let Some(failure) = &attempt.failure {
        return (!failure.is_given_up).then(|| (at, failed(at, attempt, failure)));
    }
    let (output, response) = (step.output.as_ref()?, attempt.response.clone()?);
    let output = answers::raw(definition, &step.reference, output, &response);
    Some((at, CallOutcome::Succeeded { output, response }))
}

/// A recorded failure, which is tried again when it was tried again then.
fn failed(at: Time, attempt: &Attempt, failure: &Failure) -> CallOutcome {
    let Failure { error, class, effect, settles_at, .. } = failure;
    let response = attempt.response.clone();
    // The target did answer, and what the task made of the answer failed.
    if let (Some(output), Some(response)) = (answers::of_no_use(error, *effect, response.as_ref()), response.clone()) {
        return CallOutcome::Succeeded { output, response };
    }
    let until = |then: Time| (then - at).to_std().unwrap_or_default();
    let again = failure.retry_at.or(failure.retry_if_unacted).map(until);
    CallOutcome::Failed(CallFailure {
        error: WorkflowError { instance: None, ..error.clone() },
        class: *class,
        effect: *effect,
        settles_after: settles_at.map(until).unwrap_or_default(),
        response,
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

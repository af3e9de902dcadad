//! One execution of a task: its input, its attempts and waits, and its current state or its end.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::{
    CallRequest, ChildOutcome, ChildRequest, Coordinates, ExecutionId, FaultClass, Opening, ResponseSummary, Role,
    RunId, TargetEffect, Time, WorkflowError,
};

/// An execution of a task.
#[derive(Debug)]
pub struct Step {
    /// Ordinal in the run.
    pub execution: ExecutionId,
    /// JSON pointer of the task.
    pub reference: String,
    /// Execution of the composite around it.
    pub parent: Option<ExecutionId>,
    /// Number of composites around it.
    pub depth: usize,
    /// Coordinates of the execution.
    pub coordinates: Coordinates,
    /// What the execution is for.
    pub role: Role,
    /// Its state.
    pub state: State,
    /// Time at which it began.
    pub started_at: Time,
    /// When it ended, or failed.
    pub ended_at: Option<Time>,
    /// Raw input where it is known.
    pub given: Option<Arc<Value>>,
    /// Transformed input where it differs from the raw one.
    pub input: Option<Arc<Value>>,
    /// What it began with; none of a task that ended as it began.
    pub opening: Option<Opening>,
    /// Transformed output.
    pub output: Option<Arc<Value>>,
    /// The last error.
    pub error: Option<WorkflowError>,
    /// Name of the case that a `switch` took.
    pub case: Option<String>,
    /// The event that an `emit` sent.
    pub emitted: Option<Arc<Value>>,
    /// Tries of a call.
    pub attempts: Vec<Attempt>,
    /// Times in which it only waited: backoff between attempts or rounds, `wait`.
    pub waits: Vec<Wait>,
    /// Runs that it started: one, and another each time that a person retries it.
    pub children: Vec<Child>,
    /// The outcome of its effect, if that is no longer there.
    pub undoing: Option<Undoing>,
    /// What its records say of it, in order.
    pub turns: Vec<Turn>,
    /// What only folding needs to know.
    pub(super) inner: Inner,
}

/// What later records need to know of a step.
#[derive(Debug, Default)]
pub(super) struct Inner {
    /// What the next task of its list is given.
    pub(super) data: Option<Arc<Value>>,
    /// Every task directly inside it is given what it was given itself.
    pub(super) is_parallel: bool,
    /// Whether the part of an extended task that runs is the task itself.
    pub(super) in_own_part: bool,
    /// What the task itself gave, inside its extensions.
    pub(super) own_output: Option<Arc<Value>>,
    /// Open executions directly inside it, and those that ask about it.
    pub(super) open_inside: u32,
    /// It ends as soon as the outcome of the calls inside is known.
    pub(super) held: bool,
    /// It listens for no more.
    pub(super) enough: bool,
    /// What a `listen` with `foreach` took.
    pub(super) taken: Vec<Arc<Value>>,
    /// Until when its target may still act.
    pub(super) settles_at: Option<Time>,
    /// What its target said that it did, asked before the undo.
    pub(super) told: Option<Arc<Value>>,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Under way.
    Running,
    /// Waits for a time, an event or another run.
    Waiting,
    /// Closed with success.
    Completed,
    /// Passed over.
    Skipped,
    /// Failed, and what was around it went on or was undone.
    Faulted,
    /// Failed, and stays open: for a person, or until calls beside it have ended.
    Stuck,
    /// Ended because the run, or what is around it, did.
    Cancelled,
}

/// The outcome of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undoing {
    /// This execution undoes it.
    By(ExecutionId),
    /// It needed no undo, or a person said to leave it.
    LeftAsIs,
}

/// One try of a call.
#[derive(Debug)]
pub struct Attempt {
    /// Number of the attempt, from 1.
    pub number: u32,
    /// Place of the record that says it is about to be sent, from 0.
    pub place: usize,
    /// Before it was sent.
    pub started_at: Time,
    /// When its end was recorded.
    pub ended_at: Option<Time>,
    /// What was sent; the same object for attempts that repeat it.
    pub request: Option<Arc<CallRequest>>,
    /// What came back.
    pub response: Option<ResponseSummary>,
    /// How it failed.
    pub failure: Option<Failure>,
}

/// How an attempt failed.
#[derive(Debug)]
pub struct Failure {
    /// As the workflow sees it.
    pub error: WorkflowError,
    /// Class of the fault.
    pub class: FaultClass,
    /// Whether the target may have acted.
    pub effect: TargetEffect,
    /// When the next attempt was due.
    pub retry_at: Option<Time>,
    /// When it was due if the target, which is asked, says that it never acted.
    pub retry_if_unacted: Option<Time>,
    /// Until when the target may still act, if the effect is unknown.
    pub settles_at: Option<Time>,
    /// The run stopped waiting for the answer.
    pub is_given_up: bool,
}

/// A time in which a step only waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// From.
    pub from: Time,
    /// Until it continued, or will.
    pub until: Time,
    /// Still waiting at the last record.
    pub open: bool,
}

/// A run that a step started.
#[derive(Debug)]
pub struct Child {
    /// What was requested.
    pub request: Arc<ChildRequest>,
    /// Time of the sign-off.
    pub at: Time,
    /// Whether it exists.
    pub started: bool,
    /// How it ended, and when.
    pub end: Option<(Time, ChildEnd)>,
}

/// How a run ended that a step started.
#[derive(Debug, Clone)]
pub enum ChildEnd {
    /// As it says itself.
    Ended(ChildOutcome),
    /// It was never started.
    Refused(WorkflowError),
}

/// What one record says of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Place of the record, from 0.
    pub place: usize,
    /// Time of the sign-off.
    pub at: Time,
    /// What happened.
    pub what: What,
}

/// What happened to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It began, or a person let it begin again.
    Began,
    /// A further attempt is about to be sent.
    Sent,
    /// Its target is asked what it did.
    Asked,
    /// The body of a `try` begins again.
    Round,
    /// It ended well.
    Completed,
    /// It was passed over.
    Skipped,
    /// It failed; what follows is said by a later record.
    Faulted,
    /// The run stopped at it.
    Stopped,
}

impl Step {
    /// Whether it has not ended. One that failed is open until something around it ends or a person acts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Running | State::Waiting | State::Stuck)
    }

    /// What is inside of it is given this.
    pub(super) fn seen(&self) -> Option<Arc<Value>> {
        self.input.clone().or_else(|| self.given.clone())
    }

    /// The run that it started last.
    #[must_use]
    pub fn child(&self) -> Option<RunId> {
        match &self.opening {
            Some(Opening::Child(child)) => Some(child.run),
            _ => None,
        }
    }

    /// The task that it asks a person to decide.
    #[must_use]
    pub fn question(&self) -> Option<Uuid> {
        let Some(Opening::Listen(listening)) = &self.opening else { return None };
        listening.iter().find_map(|listening| Some(listening.asks.as_ref()?.id))
    }

    /// Types of the events that it listens for; empty is any.
    #[must_use]
    pub fn awaited_types(&self) -> Option<Vec<&str>> {
        let Some(Opening::Listen(listening)) = &self.opening else { return None };
        Some(listening.iter().filter_map(|filter| filter.with.get("type").map(String::as_str)).collect())
    }

    pub(super) fn resume(&mut self, at: Time) {
        self.stop_waiting(at);
        (self.state, self.ended_at) = (State::Running, None);
    }

    pub(super) fn wait(&mut self, from: Time, until: Time) {
        self.stop_waiting(from);
        self.waits.push(Wait { from, until: until.max(from), open: true });
        (self.state, self.ended_at) = (State::Waiting, None);
    }

    fn stop_waiting(&mut self, at: Time) {
        if let Some(wait) = self.waits.last_mut().filter(|w| w.open) {
            *wait = Wait { from: wait.from, until: at.max(wait.from), open: false };
        }
    }

    pub(super) fn send(&mut self, place: usize, at: Time, number: Option<u32>, request: Option<&Arc<CallRequest>>) {
        let before = self.attempts.last().and_then(|a| a.request.clone());
        let number = number.unwrap_or_else(|| self.attempts.last().map_or(1, |a| a.number + 1));
        let request = request.cloned().or(before);
        let (ended_at, response, failure) = (None, None, None);
        self.attempts.push(Attempt { number, place, started_at: at, ended_at, request, response, failure });
    }

    /// The attempt on its way failed, and another one follows if there is a time for it.
    pub(super) fn attempt_failed(&mut self, at: Time, failure: Failure, response: Option<ResponseSummary>) {
        match failure.retry_at {
            Some(until) => self.wait(at, until),
            None => self.resume(at),
        }
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.ended_at = Some(at);
            (attempt.response, attempt.failure) = (response, Some(failure));
        }
    }

    pub(super) fn complete(&mut self, at: Time, output: &Arc<Value>, response: Option<ResponseSummary>) {
        (self.output, self.error) = (Some(Arc::clone(output)), None);
        if let Some(attempt) = self.attempts.last_mut().filter(|a| a.ended_at.is_none()) {
            attempt.response = response;
        }
        self.end(at, State::Completed);
    }

    pub(super) fn end(&mut self, at: Time, state: State) {
        self.stop_waiting(at);
        if let Some(attempt) = self.attempts.last_mut().filter(|a| a.ended_at.is_none()) {
            attempt.ended_at = Some(at);
        }
        (self.state, self.ended_at) = (state, Some(at));
    }
}

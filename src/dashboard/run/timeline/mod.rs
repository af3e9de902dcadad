//! What happened in a run, as people read it: steps with their attempts and waits. `fold` makes it of the journal.

mod fold;
mod moves;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

use crate::machine::{
    Act, CallRequest, CompensationEnd, Coordinates, ErrorKind, ExecutionId, FaultClass, Pauses, ResponseSummary, Role,
    TargetEffect, Time, WorkflowError,
};

/// Composites further out than this are not looked at.
const DEPTH_MAX: usize = 64;

/// A run's story.
#[derive(Debug, Default)]
pub struct Timeline {
    /// Raw input.
    pub input: Option<Arc<Value>>,
    /// What the first task was given.
    pub given: Option<Arc<Value>>,
    /// Once completed.
    pub output: Option<Arc<Value>>,
    /// What stopped it, or what its undoing began with.
    pub error: Option<WorkflowError>,
    /// First fact.
    pub started_at: Option<Time>,
    /// The fact that closed it.
    pub ended_at: Option<Time>,
    /// It waits for its turn among the runs with its key.
    pub queued: bool,
    /// Every execution of a task in the order in which they started.
    pub steps: Vec<Step>,
    /// What is no step: acts of people, takeovers, the turn to undoing.
    pub notes: Vec<Note>,
    /// The execution where it stands for a person.
    pub stuck: Option<ExecutionId>,
    /// A person said `suspend`.
    pub suspended: bool,
    /// It waits for a person to act.
    pub parked: bool,
    /// How long it stood still for people.
    pub pauses: Pauses,
    /// When it last continued as new: its steps are those since.
    pub continued_at: Option<Time>,
    /// How many steps there were when the run went back to an earlier one, and what that one is given.
    pub rewound: Option<(usize, Arc<Value>)>,
    /// The version from which it last moved, and when.
    pub moved: Option<(String, Time)>,
}

/// One execution of a task.
#[derive(Debug)]
pub struct Step {
    /// Ordinal in the run.
    pub execution: ExecutionId,
    /// JSON pointer of the task.
    pub reference: String,
    /// The composite that it runs in.
    pub parent: Option<ExecutionId>,
    /// Number of composites around it.
    pub depth: usize,
    /// Which one of its kind.
    pub coordinates: Coordinates,
    /// What it is for.
    pub role: Role,
    /// Its state.
    pub state: State,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// Raw input where it is known.
    pub given: Option<Arc<Value>>,
    /// Transformed input where it differs from the raw one.
    pub input: Option<Arc<Value>>,
    /// What a function's body was given.
    pub arguments: Option<Arc<Value>>,
    /// Transformed output.
    pub output: Option<Arc<Value>>,
    /// The last error.
    pub error: Option<WorkflowError>,
    /// Where `switch` went.
    pub case: Option<String>,
    /// Tries of a call.
    pub attempts: Vec<Attempt>,
    /// Times in which it only waited: backoff between attempts or rounds, `wait`.
    pub waits: Vec<Wait>,
    /// The outcome of its effect, if that is no longer there.
    pub undoing: Option<Undoing>,
    /// Types of the events that it listens for; empty is any.
    pub listening: Option<Vec<String>>,
    /// The run that it started.
    pub child: Option<crate::machine::RunId>,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Under way.
    Running,
    /// Waits for a time: `wait`, or the next attempt.
    Waiting,
    /// Ended well.
    Completed,
    /// Passed over.
    Skipped,
    /// Failed, and what was around it went on or was undone.
    Faulted,
    /// Failed, and stands open for a person.
    Stuck,
    /// Ended because the run did.
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
    /// From 1.
    pub number: u32,
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
    /// What kind of fault.
    pub class: FaultClass,
    /// Whether the target may have acted.
    pub effect: TargetEffect,
    /// When the next attempt was due.
    pub retry_at: Option<Time>,
}

impl Failure {
    /// Nobody waits for the attempt any more.
    fn given_up(settles_at: Time) -> Self {
        let detail = format!(
            "the run stopped waiting for the answer; the target may still act until {}",
            settles_at.format("%H:%M:%S UTC")
        );
        let error = WorkflowError::standard(ErrorKind::Runtime, "no longer needed", detail);
        Self { error, class: FaultClass::Transient, effect: TargetEffect::Unknown, retry_at: None }
    }
}

/// A time in which a step only waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// From.
    pub from: Time,
    /// Until it continued, or will.
    pub until: Time,
    /// Still waiting at the last fact.
    pub open: bool,
}

/// What is no step.
#[derive(Debug)]
pub struct Note {
    /// When.
    pub at: Time,
    /// Who.
    pub actor: String,
    /// Number of steps that had started before.
    pub after_steps: usize,
    /// The step at which the run stood for a person then.
    pub about: Option<ExecutionId>,
    /// How long the pause was that ended with it, in milliseconds.
    pub pause_ms: Option<i64>,
    /// Who approved it and why, of an act that needs a second person.
    pub approval: Option<(String, Option<String>)>,
    /// What happened.
    pub kind: NoteKind,
}

/// What a note tells.
#[derive(Debug)]
pub enum NoteKind {
    /// A person or program acted.
    Acted(Act, Option<String>),
    /// Another node continued.
    TakenOver,
    /// Undoing began, with this many steps to undo.
    UndoingBegan(usize, CompensationEnd),
    /// The run crashed its nodes repeatedly, or cannot be recorded.
    Poisoned(String),
}

impl Timeline {
    /// The step of an execution.
    #[must_use]
    pub fn step(&self, execution: ExecutionId) -> Option<&Step> {
        self.steps.iter().find(|s| s.execution == execution)
    }

    /// Whether a step failed inside another that ended well all the same: the workflow reckoned with that.
    #[must_use]
    pub fn is_handled(&self, step: &Step) -> bool {
        let around = |s: &Step| s.parent.and_then(|parent| self.step(parent));
        // A journal is taken as it comes: its parents may go round in a circle.
        let mut outer = std::iter::successors(around(step), |s| around(s)).take(DEPTH_MAX);
        step.state == State::Faulted && outer.any(|s| s.state == State::Completed)
    }
}

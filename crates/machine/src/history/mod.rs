//! What happened in a run, as its records tell it: the one reading of a journal from which the API's view, the dashboard's pages,
//! recordings for replay and moves between versions are made.
//!
//! **Invariant.** Where [`fold`](crate::fold) reads a journal, both agree after each record: on which executions are open, where each of
//! them stands and what it was given, on what stopped the run and on how long it stood still (`tests/world/reading.rs`). `History` also keeps
//! what a run forgets (how steps ended, attempts, who acted), and it never refuses a journal: a record about a step that it has not seen
//! opens that step, so that a run whose first records are out of reach, or one written by a later version, still shows what can be shown.

pub mod answers;
mod ends;
mod fold;
pub mod lifecycle;
mod runs;
mod step;
pub mod view;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::{
    Act, Attention, CompensationEnd, ErrorKind, ExecutionId, FaultClass, Pauses, Record, Role, TargetEffect, Time,
    WorkflowError,
};
use stepwell_language::dsl::Definition;

#[cfg(test)]
pub(crate) use fold::Reader;
pub use step::{Attempt, Child, ChildEnd, Failure, State, Step, Turn, Undoing, Wait, What};

/// Composites further out than this are not looked at.
const DEPTH_MAX: usize = 64;

/// What happened in a run since it began, or last continued as new or moved.
#[derive(Debug, Default)]
pub struct History {
    /// Raw input.
    pub input: Option<Arc<Value>>,
    /// Once completed.
    pub output: Option<Arc<Value>>,
    /// What stopped it, or what its undoing began with.
    pub error: Option<WorkflowError>,
    /// Why it needs attention.
    pub attention: Option<Attention>,
    /// Reference of the step at which it stopped last.
    pub stopped_at: Option<Arc<str>>,
    /// Time of the first record.
    pub started_at: Option<Time>,
    /// The record that closed it.
    pub ended_at: Option<Time>,
    /// Whether it waits for its turn among the runs with its key.
    pub queued: bool,
    /// When its turn came, if it waited for one.
    pub admitted_at: Option<Time>,
    /// Whether a person suspended it.
    pub suspended: bool,
    /// Its pauses.
    pub pauses: Pauses,
    /// Every execution of a task in the order in which they started.
    pub steps: Vec<Step>,
    /// What is no step: acts of people, takeovers, the turn to undoing.
    pub notes: Vec<Note>,
    /// Events that its steps took.
    pub events: Vec<Taken>,
    /// When it last continued as new, and how many executions there were before.
    pub continued: Option<(Time, ExecutionId)>,
    /// When it last moved, and the version from which.
    pub moved: Option<(Time, String)>,
    /// What the next task of the workflow's own list is given.
    data: Option<Arc<Value>>,
    /// What that is once the run stands at the earlier step to which it goes back.
    rewind: Option<Arc<Value>>,
    /// Something is being undone.
    is_undoing: bool,
    /// Steps of before it continued as new that may have to be undone.
    earlier: HashMap<ExecutionId, Earlier>,
    /// Where each execution is among the steps.
    places: HashMap<ExecutionId, usize>,
    /// Those that have not ended. They are few, however many there were.
    open: BTreeSet<usize>,
}

/// A step that ended before the first record.
#[derive(Debug)]
struct Earlier {
    reference: String,
    input: Arc<Value>,
    output: Arc<Value>,
}

/// An event that a step took.
#[derive(Debug)]
pub struct Taken {
    /// Time of the sign-off.
    pub at: Time,
    /// Reference of the step.
    pub reference: String,
    /// The CloudEvent as JSON.
    pub event: Arc<Value>,
}

/// What is no step.
#[derive(Debug)]
pub struct Note {
    /// When it was recorded.
    pub at: Time,
    /// Who did it.
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
    /// A person or program acted, for this reason.
    Acted(Act, Option<String>),
    /// Another node continued.
    TakenOver,
    /// Undoing began, with this many steps to undo.
    UndoingBegan(usize, CompensationEnd),
    /// The run crashed its nodes repeatedly, or cannot be recorded.
    Poisoned(String),
}

impl History {
    /// Reads a journal. The definition tells which tasks are given what the task around them was given; without it they seem to be given
    /// what the one before them gave.
    #[must_use]
    pub fn of<'r>(definition: Option<&Definition>, records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut reader = fold::Reader::new(definition);
        records.into_iter().for_each(|record| reader.take_in(record));
        reader.history
    }

    /// The step of an execution.
    #[must_use]
    pub fn step(&self, execution: ExecutionId) -> Option<&Step> {
        self.places.get(&execution).map(|place| &self.steps[*place])
    }

    fn step_mut(&mut self, execution: ExecutionId) -> Option<&mut Step> {
        self.places.get(&execution).map(|place| &mut self.steps[*place])
    }

    /// The reference of an execution, if need be of one before the run continued as new.
    #[must_use]
    pub fn reference(&self, execution: ExecutionId) -> Option<&str> {
        let earlier = || self.earlier.get(&execution).map(|earlier| earlier.reference.as_str());
        self.step(execution).map(|step| step.reference.as_str()).or_else(earlier)
    }

    /// Steps that have not ended, in the order in which they started.
    pub fn open(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.open.iter().map(|place| &self.steps[*place])
    }

    /// Returns the step at which the run waits for a person: the innermost one that failed.
    #[must_use]
    pub fn stuck(&self) -> Option<&Step> {
        self.failed().filter(|_| self.attention.is_some())
    }

    #[cfg(test)]
    pub(crate) fn next_input(&self) -> Option<&Arc<Value>> {
        self.data.as_ref()
    }

    #[cfg(test)]
    pub(crate) fn is_undoing(&self) -> bool {
        self.is_undoing
    }

    fn failed(&self) -> Option<&Step> {
        self.open().rev().find(|step| step.state == State::Stuck)
    }

    /// Steps around one, from the inside out.
    fn around<'h>(&'h self, step: &Step) -> impl Iterator<Item = &'h Step> {
        let around = |parent: Option<ExecutionId>| parent.and_then(|parent| self.step(parent));
        // A journal is taken as it comes: its parents may go round in a circle.
        std::iter::successors(around(step.parent), move |step| around(step.parent)).take(DEPTH_MAX)
    }

    /// Whether a step failed inside another that ended well all the same: the workflow reckoned with that.
    #[must_use]
    pub fn is_handled(&self, step: &Step) -> bool {
        step.state == State::Faulted && self.around(step).any(|around| around.state == State::Completed)
    }

    /// Whether a step undoes another or asks about one, or is a part of what does.
    #[must_use]
    pub fn belongs_to_undo(&self, step: &Step) -> bool {
        step.role != Role::Step || self.around(step).any(|around| around.role != Role::Step)
    }
}

impl Failure {
    /// Nobody waits for the attempt any more.
    fn given_up(settles_at: Time) -> Self {
        let detail = format!(
            "the run stopped waiting for the answer; the target may still act until {}",
            settles_at.format("%H:%M:%S UTC")
        );
        Self {
            error: WorkflowError::standard(ErrorKind::Runtime, "no longer needed", detail),
            class: FaultClass::Transient,
            effect: TargetEffect::Unknown,
            retry_at: None,
            retry_if_unacted: None,
            settles_at: Some(settles_at),
            is_given_up: true,
        }
    }
}

//! What happened goes in; the next run, its records and the effects come out. Pure and total.
//!
//! [`decide`] takes the fact in, then advances: one pure step at a time (`advance`), until the run waits for the world.

mod advance;
mod calls;
mod continuing;
mod emit;
mod fault;
mod judge;
mod operator;
mod saga;
mod start;
mod values;

use std::time::Duration;

use serde_json::Value;

use crate::{Begin, CallRequest, Change, Effect, ExecutionId, Fact, Message, Record, Rejected, Run, Time};
use saga::undo_plan;
use stepwell_expr::{Evaluation, EvaluationError};
use stepwell_language::dsl::Definition;

pub(crate) use advance::{Entry, Readiness, Ready};
pub(crate) use calls::{FailedAttempt, retry};
pub(crate) use judge::{Judge, Judgement};
pub use judge::{Proposed, propose};
pub use values::violations;
pub(crate) use values::{Asking, Halt, Outputs, Scope, Values, error_value, kind};

/// What follows from a fact.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The run as it is then.
    pub run: Run,
    /// What to write into the journal, in order, in one transaction with the run's row.
    pub records: Vec<Record>,
    /// What to carry out once that is committed.
    pub effects: Vec<Effect>,
}

/// Why there is no decision.
#[derive(Debug, Clone)]
pub enum Stop {
    /// The fact does not match the state; nothing changed.
    Rejected(Rejected),
    /// An expression must be evaluated outside first: decide again with its answer added to the answers.
    Evaluate(Box<Evaluation>),
}

impl From<Rejected> for Stop {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

/// Answers to [`Stop::Evaluate`], in the order in which they were asked for.
pub type Answers = [Result<Value, EvaluationError>];

/// What a decision takes from around the run.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Database time.
    pub now: Time,
    /// To what was asked before.
    pub answers: &'a Answers,
    /// How long an abandoned request may still act at its target.
    pub settles_after: &'a dyn Fn(&CallRequest) -> Duration,
    /// Whether a run may continue as new: every node that may drive it next supports that.
    pub continues: bool,
}

/// Pure steps in one decision; after that the decision is committed and the run comes back with [`Fact::Continue`].
const PURE_STEPS_MAX: usize = 256;

/// Decides what follows from a fact.
///
/// # Errors
/// [`Stop::Rejected`] where the fact does not match the state, [`Stop::Evaluate`] where an expression needs the evaluator.
pub fn decide(definition: &Definition, run: &Run, fact: Fact, around: Around<'_>) -> Result<Decision, Stop> {
    let undone_by_parent =
        run.is_undone_by_parent() && matches!(&fact, Fact::Message { message: Message::Stop { undo: true }, .. });
    if run.is_closed() && !undone_by_parent {
        return match &fact {
            // It stays as it ended, and its journal says what became of its work.
            Fact::Message { message: Message::Restarted { run: successor, reason }, actor } => {
                let mut decider = Decider::new(definition, run.clone(), around);
                decider.restarted(*successor, reason.clone(), actor.clone());
                Ok(Decision { run: decider.run, records: decider.records, effects: Vec::new() })
            }
            // Whoever is told to stop answers with its end, however often it is told.
            Fact::Message { message: Message::Stop { .. }, .. } if run.parent.is_some_and(|parent| parent.awaits) => {
                let mut decider = Decider::new(definition, run.clone(), around);
                decider.tell_parent_of_end();
                Ok(Decision { run: decider.run, records: Vec::new(), effects: decider.effects })
            }
            _ => Err(Rejected::Closed(run.status).into()),
        };
    }
    let answered = match &fact {
        Fact::CallEnded { execution, .. } => Some(*execution),
        _ => None,
    };
    let mut decider = Decider::new(definition, run.clone(), around);
    let begins_later = matches!(&fact, Fact::Started(started) if started.begin == Begin::Later);
    decider.take_in(fact)?;
    if !begins_later {
        decider.advance()?;
    }
    Ok(decider.decided(run, answered))
}

/// A decision in the making: the run as it is so far, and what was recorded.
pub(crate) struct Decider<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) run: Run,
    pub(crate) records: Vec<Record>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) now: Time,
    pub(crate) asking: Asking<'a>,
    pub(crate) settles_after: &'a dyn Fn(&CallRequest) -> Duration,
    pub(crate) continues: bool,
    /// What is ready and must not be done: a replay waits for the record that says when it was. Empty everywhere else.
    pub(crate) blocked: Vec<Ready>,
}

impl<'a> Decider<'a> {
    pub(crate) fn new(definition: &'a Definition, run: Run, around: Around<'a>) -> Self {
        let Around { now, answers, settles_after, continues } = around;
        // What a run begins with stays its beginning.
        let continues = continues && run.seq > 0;
        let (records, effects, blocked) = (Vec::new(), Vec::new(), Vec::new());
        let asking = Asking::new(answers);
        Self { definition, run, records, effects, now, asking, settles_after, continues, blocked }
    }

    /// What expressions give in the run as it is so far.
    pub(crate) fn values(&self) -> Values<'_> {
        Values { definition: self.definition, run: &self.run, now: self.now, asking: &self.asking }
    }

    /// What can be done next in the run as it is so far.
    pub(crate) fn readiness(&self) -> Readiness<'_> {
        Readiness { definition: self.definition, run: &self.run, now: self.now, blocked: &self.blocked }
    }

    /// Whether an act of a person fits the run as it is so far.
    pub(crate) fn judge(&self) -> Judge<'_> {
        Judge { definition: self.definition, run: &self.run }
    }

    /// The decision, with the effects that still count for a run that was `before`.
    pub(crate) fn decided(mut self, before: &Run, answered: Option<ExecutionId>) -> Decision {
        self.forget_calls_that_no_longer_count();
        self.stop_listening(before);
        self.tell_relatives(before);
        self.abort_calls_that_no_longer_count(before, answered);
        Decision { run: self.run, records: self.records, effects: self.effects }
    }
}

impl Decider<'_> {
    fn take_in(&mut self, fact: Fact) -> Result<(), Stop> {
        match fact {
            Fact::Started(started) => self.start(*started),
            Fact::CallEnded { execution, attempt, outcome } => self.call_ended(execution, attempt, *outcome),
            Fact::ChildStarted { child } => self.child_started(child),
            Fact::ChildRefused { child, error } => self.child_refused(child, error),
            Fact::Message { message, actor } => match message {
                Message::Event { execution, filters, event } => {
                    crate::question::check(&self.run, execution, &event)?;
                    self.event_arrived(execution, &filters, event, actor)
                }
                Message::ChildEnded { child, outcome } => self.child_ended(child, outcome, actor),
                Message::Turn {} => self.admitted(actor),
                Message::Stop { undo } => self.stopped_by_parent(undo, actor),
                Message::ChildFaulted { child, error, fault } => self.child_faulted(child, error, fault, actor),
                Message::FaultCaught { fault } => self.fault_caught(fault, actor),
                // It lives again, since its parent undoes it.
                Message::Restarted { run, reason } => {
                    self.restarted(run, reason, actor);
                    Ok(())
                }
            },
            Fact::TimerDue | Fact::Continue => Ok(()),
            Fact::TakenOver => {
                self.start_children_again();
                self.interrupt_calls()
            }
            Fact::Poisoned { detail } => {
                self.emit(None, Change::RunPoisoned { detail });
                Ok(())
            }
            Fact::Operator { act, actor, reason, approval } => self.operate(act, actor, reason, approval),
        }
    }

    pub(crate) fn advance(&mut self) -> Result<(), Stop> {
        for _ in 0..PURE_STEPS_MAX {
            if !self.step()? {
                return Ok(());
            }
        }
        self.effects.push(Effect::Continue);
        Ok(())
    }
}

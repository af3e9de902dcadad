//! What happened goes in; the next run, its records and the effects come out. Pure and total.

use std::sync::Arc;

use serde_json::Value;

use super::dataflow::{Halt, Scope};
use super::task::Unrecorded;
use super::{
    Actor, Attention, Begin, CallFailure, CallOutcome, CallPhase, Change, Effect, ErrorKind, ExecutionId, Fact,
    FaultClass, Message, Progress, Record, Rejected, ResponseSummary, Run, SchemaViolation, Started, TargetEffect,
    Time, WorkflowError, apply, retry,
};
use crate::canonical;
use crate::dsl::{Definition, Resend};
use crate::expr::{Evaluation, EvaluationError};
use crate::text::Replaced;

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
    /// The fact does not fit; nothing changed.
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

/// Pure steps in one decision; after that the decision is committed and the run comes back with [`Fact::Continue`].
const PURE_STEPS_MAX: usize = 256;

/// Decides what follows from a fact.
///
/// # Errors
/// [`Stop::Rejected`] where the fact does not fit the state, [`Stop::Evaluate`] where an expression needs the evaluator.
pub fn decide(definition: &Definition, run: &Run, fact: Fact, answers: &Answers, now: Time) -> Result<Decision, Stop> {
    let undone_by_parent =
        run.is_undone_by_parent() && matches!(&fact, Fact::Message { message: Message::Stop { undo: true }, .. });
    if run.is_closed() && !undone_by_parent {
        return Err(Rejected::Closed(run.status).into());
    }
    let answered = match &fact {
        Fact::CallEnded { execution, .. } => Some(*execution),
        _ => None,
    };
    let mut decider = Decider::new(definition, run.clone(), answers, now);
    let begins_later = matches!(&fact, Fact::Started(started) if started.begin == Begin::Later);
    decider.take_in(fact)?;
    if !begins_later {
        decider.advance()?;
    }
    decider.forget_calls_that_no_longer_count();
    decider.stop_listening(run);
    decider.tell_relatives(run);
    decider.abort_calls_that_no_longer_count(run, answered);
    Ok(Decision { run: decider.run, records: decider.records, effects: decider.effects })
}

/// A decision in the making: the run as it is so far, and what was recorded.
pub(super) struct Decider<'a> {
    pub(super) definition: &'a Definition,
    pub(super) run: Run,
    pub(super) records: Vec<Record>,
    pub(super) effects: Vec<Effect>,
    pub(super) now: Time,
    pub(super) answers: &'a Answers,
    pub(super) asked: std::cell::Cell<usize>,
    /// Characters that were replaced in results of expressions since the last record.
    pub(super) replaced: std::cell::Cell<usize>,
}

impl<'a> Decider<'a> {
    pub(super) fn new(definition: &'a Definition, run: Run, answers: &'a Answers, now: Time) -> Self {
        let (asked, replaced) = Default::default();
        Self { definition, run, records: Vec::new(), effects: Vec::new(), now, answers, asked, replaced }
    }

    fn take_in(&mut self, fact: Fact) -> Result<(), Stop> {
        match fact {
            Fact::Started(started) => self.start(*started),
            Fact::CallEnded { execution, attempt, outcome } => self.call_ended(execution, attempt, *outcome),
            Fact::ChildStarted { child } => self.child_started(child),
            Fact::ChildRefused { child, error } => self.child_refused(child, error),
            Fact::Message { message, actor } => match message {
                Message::Event { execution, filters, event } => self.event_arrived(execution, &filters, event, actor),
                Message::ChildEnded { child, outcome } => self.child_ended(child, outcome, actor),
                Message::Turn {} => self.admitted(actor),
                Message::Stop { undo } => self.stopped_by_parent(undo, actor),
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
            Fact::Operator { act, actor, reason } => self.operate(act, actor, reason),
        }
    }

    /// Records a change and makes it so.
    pub(super) fn emit(&mut self, execution: Option<ExecutionId>, change: Change) {
        self.emit_by(Actor::engine(), execution, change);
    }

    pub(super) fn emit_by(&mut self, actor: Actor, execution: Option<ExecutionId>, change: Change) {
        let open = execution.and_then(|id| self.run.execution(id));
        let task = open.map(|e| Arc::from(self.definition.task(e.task).reference.as_str()));
        let attempt = match (&change, open) {
            (Change::AttemptStarted { .. }, Some(e)) => Some(e.attempts() + 1),
            (_, Some(e)) if matches!(e.progress, Progress::Call(_)) => Some(e.attempts()),
            _ => None,
        };
        self.emit_record(Record { at: self.now, actor, task, attempt, change, note: None });
    }

    /// The same for a record that is made already. It says what was replaced in the values that led to it.
    pub(super) fn emit_record(&mut self, mut record: Record) {
        record.note = Replaced { nul: self.replaced.take(), ..Replaced::default() }.note();
        let paused = self.run.pauses.total;
        apply(self.definition, &mut self.run, &record).expect("a decision records only what fits the run");
        record.tell_pause(self.run.pauses.total - paused);
        self.records.push(record);
    }

    fn start(&mut self, started: Started) -> Result<(), Stop> {
        if self.run.started_at.is_some() {
            return Err(Rejected::AlreadyStarted.into());
        }
        let input = started.input;
        let scope = Scope { raw_input: Some(Arc::clone(&input)), ..Scope::workflow() };
        self.run.raw_input = Arc::clone(&input);
        let transformed = self.refusing(|d| d.transform_input(&d.definition.input, &input, &scope))?;
        let key = self.key(&transformed)?;
        let deadline = match &self.definition.timeout {
            None => None,
            Some(after) => Some(self.refusing(|d| d.moment_after(after, &transformed, &Scope::workflow()))?),
        };
        let transformed = self.definition.input.from.as_ref().map(|_| transformed);
        let (event, parent, environment) = (started.event, started.parent, started.environment);
        let queued = self.definition.metadata.serialize && key.is_some();
        let change = Change::RunStarted { input, transformed, key, event, parent, deadline, environment, queued };
        self.emit_by(started.actor, None, change);
        Ok(())
    }

    fn admitted(&mut self, actor: Actor) -> Result<(), Stop> {
        if !self.run.queued {
            return Err(Rejected::NotAwaited("turn").into());
        }
        self.emit_by(actor, None, Change::RunAdmitted {});
        Ok(())
    }

    /// A fault before the run exists refuses the start.
    fn refusing<T>(&self, compute: impl FnOnce(&Self) -> Result<T, Halt>) -> Result<T, Stop> {
        compute(self).map_err(|halt| match halt {
            Halt::Ask(evaluation) => Stop::Evaluate(evaluation),
            Halt::Invalid(violations) => Rejected::InputRefused(violations).into(),
            Halt::Fault(error) => Rejected::InputRefused(vec![SchemaViolation {
                pointer: String::new(),
                message: error.detail.or(error.title).unwrap_or(error.r#type),
            }])
            .into(),
        })
    }

    fn key(&self, input: &Arc<Value>) -> Result<Option<String>, Stop> {
        let Some(template) = &self.definition.metadata.key else { return Ok(None) };
        let scope = Scope { input: Some(Arc::clone(input)), ..Scope::workflow() };
        match self.refusing(|d| d.render(template, input, &scope))? {
            Value::Null => Ok(None),
            Value::String(text) if text.len() <= 512 && !text.contains('\0') => Ok(Some(text)),
            Value::Number(number) => Ok(Some(canonical::number(&number))),
            _ => Err(Rejected::KeyRefused(
                "metadata.key must give a text of at most 512 bytes without NUL, a number or null".to_owned(),
            )
            .into()),
        }
    }

    fn call_ended(&mut self, id: ExecutionId, attempt: u32, outcome: CallOutcome) -> Result<(), Stop> {
        let stale = Rejected::Stale { execution: id, attempt };
        let counts = self.run.execution(id).is_some_and(|e| e.is_in_flight() && e.attempts() == attempt);
        if !counts {
            return Err(stale.into());
        }
        match outcome {
            CallOutcome::Succeeded { output, response } => self.call_succeeded(id, output, response),
            CallOutcome::Failed(failure) => self.call_failed(id, failure),
        }
    }

    fn call_succeeded(&mut self, id: ExecutionId, output: Arc<Value>, response: ResponseSummary) -> Result<(), Stop> {
        match self.outputs(id, &output) {
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Ok((transformed, context)) => {
                let body = (!Arc::ptr_eq(&output, &transformed) && *output != *transformed).then(|| (*output).clone());
                let response = Some(ResponseSummary { body, ..response });
                self.emit(
                    Some(id),
                    Change::TaskCompleted {
                        execution: id,
                        beginning: None,
                        output: transformed,
                        context,
                        response,
                        emitted: None,
                        case: None,
                        ended: false,
                    },
                );
                Ok(())
            }
            Err(halt) => {
                // The target did act, only its answer is of no use: the step counts as one to undo.
                let error = halt.into_error();
                let response = Some(ResponseSummary { body: Some((*output).clone()), ..response });
                self.emit(
                    Some(id),
                    Change::AttemptFailed {
                        execution: id,
                        error: error.clone(),
                        class: FaultClass::Permanent,
                        effect: TargetEffect::Unknown,
                        response,
                        retry_at: None,
                    },
                );
                self.raise(id, error, FaultClass::Permanent)
            }
        }
    }

    fn call_failed(&mut self, id: ExecutionId, failure: CallFailure) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let task = self.definition.task(execution.task);
        let Progress::Call(call) = &execution.progress else { return Ok(()) };
        let error = failure.error.clone().at(&task.reference);
        let must_not_resend = task.metadata.resend == Resend::Never && failure.effect == TargetEffect::Unknown;
        let ending = self.run.stop.is_some() && self.run.compensation.is_none();
        let clock = self.run.clock(self.now);
        let due = retry::next_attempt(self.run.id, execution.id, call, &failure, self.now, clock);
        let retry_at = due.filter(|_| !must_not_resend && !ending);
        let reconcile = task.metadata.reconcile;
        let change = Change::AttemptFailed {
            execution: id,
            error: error.clone(),
            class: failure.class,
            effect: failure.effect,
            response: failure.response,
            retry_at,
        };
        self.emit(Some(id), change);
        match (retry_at, must_not_resend, reconcile) {
            (Some(_), _, _) => Ok(()),
            _ if ending => Ok(()),
            (None, true, Some(_)) => {
                let class = Some(failure.class);
                self.emit(Some(id), Change::OutcomeUnknown { execution: id, error, class, retry_at: due });
                Ok(())
            }
            (None, true, None) => {
                self.emit(
                    Some(id),
                    Change::RunFaulted { execution: Some(id), error, attention: Attention::UnknownOutcome },
                );
                Ok(())
            }
            (None, false, _) => self.raise(id, error, failure.class),
        }
    }

    /// Calls that another node had begun have an unknown outcome: they are sent again under the same key, or asked about.
    pub(super) fn interrupt_calls(&mut self) -> Result<(), Stop> {
        let in_flight: Vec<ExecutionId> = self.run.open.iter().filter(|e| e.is_in_flight()).map(|e| e.id).collect();
        if !in_flight.is_empty() {
            self.emit(None, Change::RunTakenOver {});
        }
        for id in in_flight {
            let detail = "the node that made the call stopped before its outcome was recorded";
            let failure = CallFailure {
                error: WorkflowError::standard(ErrorKind::Runtime, "call interrupted", detail),
                class: FaultClass::Throttled,
                effect: TargetEffect::Unknown,
                response: None,
                retry: super::CallRetry::default(),
                retry_after: Some(std::time::Duration::ZERO),
            };
            self.call_failed(id, failure)?;
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<(), Stop> {
        for _ in 0..PURE_STEPS_MAX {
            if !self.step()? {
                return Ok(());
            }
        }
        self.effects.push(Effect::Continue);
        Ok(())
    }

    /// Sends a call's current attempt once this decision is committed.
    pub(super) fn send(&mut self, id: ExecutionId) -> Result<(), Stop> {
        match self.unrecorded_of(id) {
            Ok(unrecorded) => {
                self.send_with(id, unrecorded);
                Ok(())
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => self.raise(id, halt.into_error(), FaultClass::Permanent),
        }
    }

    /// The same, with what was computed before.
    pub(super) fn send_with(&mut self, id: ExecutionId, unrecorded: Unrecorded) {
        let Some(execution) = self.run.execution(id) else { return };
        let Progress::Call(call) = &execution.progress else { return };
        let (attempt, request) = (call.attempt, Arc::clone(&call.request));
        let Unrecorded { authentication, document } = unrecorded;
        self.effects.push(Effect::Call { execution: id, attempt, request, authentication, document });
    }

    /// A call that began and was given up in the same decision is never sent.
    fn forget_calls_that_no_longer_count(&mut self) {
        let run = &self.run;
        self.effects.retain(|effect| match effect {
            Effect::Call { execution, attempt, .. } => {
                run.execution(*execution).is_some_and(|e| e.is_in_flight() && e.attempts() == *attempt)
            }
            Effect::StartChild { execution, .. } => run.execution(*execution).is_some_and(|e| e.starts_child()),
            Effect::Listen { execution, .. } => run.execution(*execution).is_some_and(|e| e.is_listening()),
            _ => true,
        });
    }

    /// What listened before and does no more is no longer looked at when events come.
    fn stop_listening(&mut self, before: &Run) {
        for listen in before.open.iter().filter(|e| e.is_listening()) {
            if !self.run.execution(listen.id).is_some_and(super::Execution::is_listening) {
                self.effects.push(Effect::Unlisten { execution: listen.id });
            }
        }
    }

    fn abort_calls_that_no_longer_count(&mut self, before: &Run, answered: Option<ExecutionId>) {
        for call in before.open.iter().filter(|e| e.is_in_flight() && Some(e.id) != answered) {
            let same = |e: &super::Execution| e.is_in_flight() && e.attempts() == call.attempts();
            if !self.run.execution(call.id).is_some_and(same) {
                self.effects.insert(0, Effect::Abort { execution: call.id, attempt: call.attempts() });
            }
        }
    }
}

/// Whether the phase of a call says that the target must be asked what it did.
pub(super) fn is_reconciling(phase: &CallPhase) -> bool {
    matches!(phase, CallPhase::Reconciling { .. })
}

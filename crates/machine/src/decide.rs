//! What happened goes in; the next run, its records and the effects come out. Pure and total.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::advance::Ready;
use super::dataflow::{Halt, Scope};
use super::outcome::{Ended, Next};
use super::task::Unrecorded;
use super::{
    Act, Actor, Attention, Begin, CallFailure, CallOutcome, CallPhase, CallRequest, Change, Effect, ErrorKind,
    Execution, ExecutionId, Fact, FaultClass, Hold, Impact, Message, Pivot, Progress, Record, Rejected,
    ResponseSummary, Role, Run, SchemaViolation, Started, TargetEffect, Time, WorkflowError, apply, retry, time_after,
};
use stepwell_expr::{Evaluation, EvaluationError};
use stepwell_language::dsl::{Definition, Resend};
use stepwell_text::canonical;
use stepwell_text::storable::Replaced;

impl FailedAttempt {
    /// The target acted, and its answer is of no use.
    pub(super) fn of_no_use(error: WorkflowError, response: Option<ResponseSummary>) -> Self {
        let (class, effect) = (FaultClass::Permanent, TargetEffect::Acted);
        Self { error, class, effect, settles_at: None, response, retry_at: None }
    }
}

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
    /// How long a request that nobody waits for any more may still act at its target.
    pub settles_after: &'a dyn Fn(&CallRequest) -> Duration,
    /// Whether a run may continue as new: every node that may drive it next supports that.
    pub continues: bool,
}

/// How an attempt of a call failed.
pub(super) struct FailedAttempt {
    pub(super) error: WorkflowError,
    pub(super) class: FaultClass,
    pub(super) effect: TargetEffect,
    pub(super) settles_at: Option<Time>,
    pub(super) response: Option<ResponseSummary>,
    /// When the connection's retries allow another one.
    pub(super) retry_at: Option<Time>,
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
pub(super) struct Decider<'a> {
    pub(super) definition: &'a Definition,
    pub(super) run: Run,
    pub(super) records: Vec<Record>,
    pub(super) effects: Vec<Effect>,
    pub(super) now: Time,
    pub(super) answers: &'a Answers,
    pub(super) settles_after: &'a dyn Fn(&CallRequest) -> Duration,
    pub(super) continues: bool,
    pub(super) asked: std::cell::Cell<usize>,
    /// Characters that were replaced in results of expressions since the last record.
    pub(super) replaced: std::cell::Cell<usize>,
    /// What is ready and must not be done: a replay waits for the record that says when it was. Empty everywhere else.
    pub(super) blocked: Vec<Ready>,
}

impl<'a> Decider<'a> {
    pub(super) fn new(definition: &'a Definition, run: Run, around: Around<'a>) -> Self {
        let (asked, replaced) = Default::default();
        let Around { now, answers, settles_after, continues } = around;
        let (records, effects) = (Vec::new(), Vec::new());
        // What a run begins with stays its beginning.
        let continues = continues && run.seq > 0;
        let blocked = Vec::new();
        Self { definition, run, records, effects, now, answers, settles_after, continues, asked, replaced, blocked }
    }

    /// The decision, with the effects that still count for a run that was `before`.
    pub(super) fn decided(mut self, before: &Run, answered: Option<ExecutionId>) -> Decision {
        self.forget_calls_that_no_longer_count();
        self.stop_listening(before);
        self.tell_relatives(before);
        self.abort_calls_that_no_longer_count(before, answered);
        Decision { run: self.run, records: self.records, effects: self.effects }
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
                Message::ChildFaulted { child, error, fault } => self.child_faulted(child, error, fault, actor),
                Message::FaultCaught { fault } => self.fault_caught(fault, actor),
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
    ///
    /// No attempt leaves the run without a word: those that the change ends are recorded as abandoned before it.
    pub(super) fn emit_record(&mut self, record: Record) {
        for execution in self.abandoned_by(&record.change) {
            self.abandon(execution);
        }
        self.push(record);
    }

    /// Records that nobody waits for a call any more, where it is on its way and may change something.
    pub(super) fn abandon(&mut self, execution: ExecutionId) {
        let Some(open) = self.run.execution(execution).filter(|e| e.is_in_flight() && e.changes_target()) else {
            return;
        };
        let settles_at = self.settles_at(open);
        self.emit(Some(execution), Change::AttemptAbandoned { execution, settles_at });
    }

    /// Calls on their way that a change would end, and that change something at their targets.
    fn abandoned_by(&self, change: &Change) -> Vec<ExecutionId> {
        let answered = match change {
            Change::TaskCompleted { execution, .. } | Change::TaskSkipped { execution, .. }
                if !self.run.open.iter().any(|e| e.parent == Some(*execution)) =>
            {
                return Vec::new();
            }
            Change::TaskCompleted { execution, .. } => Some(*execution),
            Change::TaskSkipped { .. }
            | Change::TaskFaulted { .. }
            | Change::ErrorCaught { .. }
            | Change::RunFaulted { .. }
            | Change::RunStopping { .. }
            | Change::CompensationStarted { .. }
            | Change::CompensationStuck { .. }
            | Change::UndoSkipped { .. }
            | Change::RunCompleted { .. }
            | Change::RunCompensated {}
            | Change::RunCancelled {}
            | Change::OperatorActed { .. } => None,
            _ => return Vec::new(),
        };
        let on_their_way = |run: &Run| -> Vec<ExecutionId> {
            let own = |e: &&Execution| e.is_in_flight() && e.changes_target() && Some(e.id) != answered;
            run.open.iter().filter(own).map(|e| e.id).collect()
        };
        let before = on_their_way(&self.run);
        if before.is_empty() {
            return before;
        }
        // The one function that moves runs says what would be left: it is tried on a copy.
        let mut copy = self.run.clone();
        let record = Record::of_engine(self.now, change.clone());
        if apply(self.definition, &mut copy, &record).is_err() {
            return Vec::new();
        }
        let after = on_their_way(&copy);
        before.into_iter().filter(|id| !after.contains(id)).collect()
    }

    fn push(&mut self, mut record: Record) {
        record.note = Replaced { nul: self.replaced.take(), ..Replaced::default() }.note();
        let paused = self.run.pauses.total;
        apply(self.definition, &mut self.run, &record).expect("a decision records only what fits the run");
        record.tell_pause(self.run.pauses.total - paused);
        self.records.push(record);
    }

    pub(super) fn start(&mut self, started: Started) -> Result<(), Stop> {
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
        if let Some(Hold { actor, reason, .. }) = started.hold {
            let (act, reason) = (Act::Suspend, Some(reason));
            self.emit_by(actor, None, Change::acted(act, reason));
        }
        Ok(())
    }

    pub(super) fn admitted(&mut self, actor: Actor) -> Result<(), Stop> {
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

    pub(super) fn call_succeeded(
        &mut self,
        id: ExecutionId,
        output: Arc<Value>,
        response: ResponseSummary,
    ) -> Result<(), Stop> {
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
                let response = Some(ResponseSummary { body: Some((*output).clone()), ..response });
                self.attempt_failed(id, FailedAttempt::of_no_use(halt.into_error(), response))
            }
        }
    }

    fn call_failed(&mut self, id: ExecutionId, failure: CallFailure) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let Progress::Call(call) = &execution.progress else { return Ok(()) };
        let clock = self.run.clock(self.now);
        let retry_at = retry::next_attempt(self.run.id, execution.id, call, &failure, self.now, clock);
        let CallFailure { error, class, effect, settles_after, response, .. } = failure;
        let settles_at = (effect == TargetEffect::Unknown).then(|| time_after(self.now, settles_after));
        self.attempt_failed(id, FailedAttempt { error, class, effect, settles_at, response, retry_at })
    }

    /// An attempt that is on its way is not waited for any more. Whether it acted is unknown.
    pub(super) fn interrupt(
        &mut self,
        id: ExecutionId,
        error: WorkflowError,
        class: FaultClass,
        retry_at: Option<Time>,
    ) -> Result<(), Stop> {
        let settles_at = self.run.execution(id).map(|e| self.settles_at(e));
        let effect = TargetEffect::Unknown;
        self.attempt_failed(id, FailedAttempt { error, class, effect, settles_at, response: None, retry_at })
    }

    /// Until when a call that is given up now may still act.
    fn settles_at(&self, execution: &Execution) -> Time {
        match &execution.progress {
            Progress::Call(call) => time_after(self.now, (self.settles_after)(&call.request)),
            _ => self.now,
        }
    }

    /// Records that an attempt failed, and does what [`Ended::next`] says.
    pub(super) fn attempt_failed(&mut self, id: ExecutionId, failed: FailedAttempt) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let task = self.definition.task(execution.task);
        let error = failed.error.at(&task.reference);
        let (class, effect) = (failed.class, failed.effect);
        let FailedAttempt { settles_at, response, retry_at, .. } = failed;
        let ended = self.ended(execution, effect, settles_at, retry_at);
        let next = ended.next();
        let again = matches!(next, Next::Resend(_)).then_some(retry_at).flatten();
        let ends = ended.run_ends;
        let failed = Change::AttemptFailed {
            execution: id,
            error: error.clone(),
            class,
            effect,
            response,
            retry_at: again,
            settles_at,
        };
        self.emit(Some(id), failed);
        self.follow(id, next, (error, class), retry_at.filter(|_| !ends))
    }

    /// Does what follows a failed attempt.
    fn follow(
        &mut self,
        id: ExecutionId,
        next: Next,
        (error, class): (WorkflowError, FaultClass),
        retry_at: Option<Time>,
    ) -> Result<(), Stop> {
        match next {
            Next::Resend(_) | Next::Leave => Ok(()),
            Next::Ask => {
                self.emit(Some(id), Change::OutcomeUnknown { execution: id, error, class: Some(class), retry_at });
                Ok(())
            }
            Next::Park(attention) => {
                self.park(id, error, attention);
                Ok(())
            }
            Next::Raise => self.raise(id, error, class),
        }
    }

    /// A call that was left because the run was about to end, and then it continued: the same rule is asked again.
    pub(super) fn take_up(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let Progress::Call(call) = &execution.progress else { return Ok(()) };
        let failure = call.failure.as_deref().cloned().unwrap_or_else(|| {
            let detail = "the call has no attempt left and its outcome was not recorded";
            (WorkflowError::standard(ErrorKind::Runtime, "call ended without outcome", detail), FaultClass::Permanent)
        });
        let next = self.ended(execution, TargetEffect::None, None, None).next();
        self.follow(id, next, failure, None)
    }

    /// All that matters about an attempt with this effect.
    fn ended(
        &self,
        execution: &Execution,
        effect: TargetEffect,
        settles_at: Option<Time>,
        retry_at: Option<Time>,
    ) -> Ended {
        let metadata = &self.definition.task(execution.task).metadata;
        let changes = execution.changes_target();
        let step = self.run.track(execution.id) == Role::Step;
        // A run that is left as it is asks nobody what was done.
        let leaves = step && self.run.stop.is_some_and(|stop| !stop.undo);
        let doubt = |impact: Impact| impact.settles_at().is_some();
        Ended {
            acted: effect == TargetEffect::Acted && changes,
            in_doubt: doubt(execution.impact) || (changes && effect == TargetEffect::Unknown && settles_at.is_some()),
            sent_once: metadata.resend == Resend::Never,
            pivot: step && !leaves && self.belongs_to_pivot(execution),
            can_ask: !leaves && metadata.reconcile.is_some(),
            run_ends: step && self.run.stop.is_some() && self.run.compensation.is_none(),
            retry_at,
        }
    }

    /// Whether a call that nobody waits for any more is asked about or left to a person, and not raised.
    pub(super) fn is_settled_by_others(&self, execution: &Execution) -> bool {
        let ended = self.ended(execution, TargetEffect::Unknown, Some(self.settles_at(execution)), None);
        matches!(ended.next(), Next::Ask | Next::Park(_))
    }

    /// Whether a call is the point of no return, or part of it.
    pub(super) fn belongs_to_pivot(&self, execution: &Execution) -> bool {
        let around = self.run.ancestors(execution.id);
        let tasks = around.iter().filter_map(|id| self.run.execution(*id)).chain([execution]);
        tasks.into_iter().any(|e| self.definition.task(e.task).metadata.pivot)
    }

    /// Where the run stands towards its point of no return, with all that is open.
    pub(super) fn pivot(&self) -> Pivot {
        self.run.pivot_now(self.definition)
    }

    /// A call that may have passed the point of no return, waits for its next attempt, and can be asked about.
    fn is_askable(&self, execution: &Execution) -> bool {
        matches!(&execution.progress, Progress::Call(call) if matches!(call.phase, CallPhase::Backoff { .. }))
            && execution.impact.settles_at().is_some()
            && self.definition.task(execution.task).metadata.reconcile.is_some()
            && self.belongs_to_pivot(execution)
    }

    /// Whether every doubt about the point of no return can be cleared by asking the target.
    pub(super) fn can_ask_about_pivot(&self) -> bool {
        let in_doubt = |e: &&Execution| e.impact.settles_at().is_some() && self.belongs_to_pivot(e);
        let is_leaf = |e: &&Execution| !self.run.open.iter().any(|inside| inside.parent == Some(e.id));
        self.run.pivot == Pivot::Ahead
            && self.run.open.iter().filter(in_doubt).filter(is_leaf).all(|e| e.is_asked_about() || self.is_askable(e))
    }

    /// Before a run is undone, the target says whether its point of no return was passed. True if that is asked now.
    pub(super) fn ask_about_pivot(&mut self, around: Option<ExecutionId>, why: Option<&WorkflowError>) -> bool {
        let inside = |e: &&Execution| around.is_none_or(|around| self.run.is_inside(e.id, around));
        let askable = self.run.open.iter().filter(inside).find(|e| self.is_askable(e));
        let Some(id) = askable.map(|e| e.id) else { return false };
        let error = why.or(self.run.error.as_ref()).cloned().unwrap_or_else(|| {
            let detail = "the run is being undone and the outcome of this call is unknown, so its target is asked";
            WorkflowError::standard(ErrorKind::Runtime, "outcome unknown", detail)
        });
        let change =
            Change::OutcomeUnknown { execution: id, error, class: Some(FaultClass::Permanent), retry_at: None };
        self.emit(Some(id), change);
        true
    }

    /// A person decides about a call. The run stops there.
    fn park(&mut self, id: ExecutionId, error: WorkflowError, attention: Attention) {
        let change = match self.run.track(id) {
            Role::Undo(_) => Change::CompensationStuck { execution: id, error },
            _ => Change::RunFaulted { execution: Some(id), error, attention },
        };
        self.emit(Some(id), change);
    }

    /// Calls that another node had begun have an unknown outcome: they are sent again under the same key, or asked about.
    pub(super) fn interrupt_calls(&mut self) -> Result<(), Stop> {
        let in_flight: Vec<ExecutionId> = self.run.open.iter().filter(|e| e.is_in_flight()).map(|e| e.id).collect();
        if !in_flight.is_empty() {
            self.emit(None, Change::RunTakenOver {});
        }
        for id in in_flight {
            let detail = "the node that made the call stopped before its outcome was recorded";
            let error = WorkflowError::standard(ErrorKind::Runtime, "call interrupted", detail);
            self.interrupt(id, error, FaultClass::Throttled, Some(self.now))?;
        }
        Ok(())
    }

    pub(super) fn advance(&mut self) -> Result<(), Stop> {
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

//! The replay: a journal's facts are given to the new definition one after the other, at the times at which they came. What the new
//! version would do beyond the journal waits.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::gate::{Near, Offer, Verdict};
use super::past::{Failure, Past};
use super::{Misfit, Move, path, place, take};
use crate::compare::FieldChange;
use crate::decide::{Around, Decider, FailedAttempt, Halt, Ready, Stop};
use crate::history::answers;
use crate::masks::Masks;
use crate::{
    Actor, Begin, CallPhase, CallRequest, Caught, Change, ErrorKind, ExecutionId, Progress, Record, Rejected, Run,
    Started, Time, TryPhase, WorkflowError, apply, same_error_type,
};
use stepwell_language::dsl::Definition;

/// Steps of the new version after one record of the old one.
const STEPS_MAX: usize = 10_000;

/// A replay under way.
pub(super) struct Replay<'a> {
    pub(super) of: Move<'a>,
    pub(super) past: Past<'a>,
    /// The run under the new version, as far as the journal was replayed.
    pub(super) decider: Decider<'a>,
    /// The run under the version that it has.
    pub(super) old: Run,
    pub(super) offers: Vec<Offer>,
    /// Executions of the new version, by those that they stand for.
    pub(super) twins: HashMap<ExecutionId, ExecutionId>,
    /// Requests of further attempts that the journal has, by execution.
    pub(super) attempts: HashMap<ExecutionId, VecDeque<Arc<CallRequest>>>,
    /// Executions of the new version that failed; the journal says what follows.
    held: HashSet<ExecutionId>,
    /// The record tells of a timeout.
    times_out: bool,
    /// The record says that the run stops.
    pub(super) may_stop: bool,
    pub(super) near: Vec<Near>,
    /// Names of all steps of both versions.
    pub(super) names: (HashSet<String>, HashSet<String>),
    pub(super) masks: [Masks; 2],
    pub(super) now: Time,
}

fn names(definition: &Definition) -> HashSet<String> {
    definition.tasks.iter().map(|task| path(&task.reference)).collect()
}

/// What a replay gave.
pub(super) struct Played {
    pub(super) run: Run,
    pub(super) records: Vec<Record>,
    /// How often the evaluator's answers were needed.
    pub(super) asked: usize,
}

impl<'a> Replay<'a> {
    pub(super) fn new(of: Move<'a>, records: &'a [Record], around: Around<'a>) -> Self {
        let run = Run { next_execution: of.run.next_execution, ..Run::new(of.run.id) };
        Self {
            past: Past::of(of.from, records),
            decider: Decider::new(of.to, run, around),
            old: Run::new(of.run.id),
            offers: Vec::new(),
            twins: HashMap::new(),
            attempts: HashMap::new(),
            held: HashSet::new(),
            times_out: false,
            may_stop: false,
            near: Vec::new(),
            names: (names(of.from), names(of.to)),
            masks: [Masks::of(of.from), Masks::of(of.to)],
            now: around.now,
            of,
        }
    }

    /// Plays the journal to its end.
    pub(super) fn play(mut self, actor: &Actor) -> Result<Played, Stop> {
        for (place, record) in self.past.records.iter().enumerate() {
            self.decider.now = record.at;
            if self.take_in(place, record)? {
                self.settle()?;
            }
            if take(self.of.from, &mut self.old, record).is_err() {
                return Err(self.misfit(None, "the journal cannot be read under the version that the run has"));
            }
        }
        self.finish(actor)?;
        let asked = self.decider.asking.asked.get();
        Ok(Played { run: self.decider.run, records: self.decider.records, asked })
    }

    /// Gives a record to the new version; false if nothing can follow from it.
    fn take_in(&mut self, place: usize, record: &Record) -> Result<bool, Stop> {
        if let Some(offer) = Offer::of(place, record) {
            self.offers.push(offer);
            return Ok(true);
        }
        match &record.change {
            Change::RunStarted { .. } => self.start(record),
            Change::RunContinued(_) => self.continue_as_new(record),
            Change::RunRewinding(rewinding) => Err(self.misfit(
                Some(&rewinding.from),
                "a person let the run continue from this step, which a move does not repeat",
            )),
            Change::RunRestarted { .. } => {
                self.decider.emit_by(record.actor.clone(), None, record.change.clone());
                Ok(true)
            }
            Change::RunAdmitted {} if self.decider.run.queued => {
                self.decider.emit_by(record.actor.clone(), None, Change::RunAdmitted {});
                Ok(true)
            }
            Change::AttemptStarted { execution, request } => Ok(self.offer_attempt(*execution, request.as_ref())),
            Change::AttemptFailed { execution, error, class, effect, response, retry_at, settles_at } => {
                let (response, retry_at) = (response.as_ref(), *retry_at);
                let failure =
                    Failure { error, class: *class, effect: *effect, response, retry_at, settles_at: *settles_at };
                self.attempt_failed(place, *execution, &failure)
            }
            Change::TaskCompleted { execution, output, response: Some(response), .. } => {
                let Some(twin) = self.in_flight(*execution) else { return Ok(true) };
                let raw = self.past.raw(record, output, response);
                self.decider.call_succeeded(twin, raw, response.clone())?;
                Ok(true)
            }
            Change::OperatorActed { act, .. } => self.act(record, act),
            Change::RoundStarted { execution, .. } => {
                self.bring_forward(*execution);
                Ok(true)
            }
            Change::TaskCompleted { beginning: None, .. } | Change::TaskSkipped { beginning: None, .. } => Ok(true),
            _ => self.take_in_fault(place, record),
        }
    }

    fn start(&mut self, record: &Record) -> Result<bool, Stop> {
        let Change::RunStarted { input, event, parent, environment, .. } = &record.change else { return Ok(false) };
        let started = Started {
            input: Arc::clone(input),
            parent: *parent,
            event: *event,
            actor: record.actor.clone(),
            environment: environment.clone(),
            begin: Begin::Now,
            hold: None,
            restarts: None,
        };
        match self.decider.start(started) {
            Err(Stop::Rejected(why)) => {
                let detail = match &why {
                    Rejected::InputRefused(violations) => {
                        violations.first().map(|v| format!("{}: {}", v.pointer, v.message))
                    }
                    other => Some(other.to_string()),
                };
                Err(self.misfit(None, format!("it refuses the run's input: {}", detail.unwrap_or_default())))
            }
            other => other.map(|()| true),
        }
    }

    fn continue_as_new(&mut self, record: &Record) -> Result<bool, Stop> {
        if take(self.of.to, &mut self.decider.run, record).is_err() {
            let why = "the run continued as new at a task, or may have to undo one, that this version does not have";
            return Err(self.misfit(None, why));
        }
        self.decider.records.push(record.clone());
        Ok(true)
    }

    /// The execution of the new version that stands for one, if it is open.
    pub(super) fn twin(&self, old: ExecutionId) -> Option<ExecutionId> {
        self.twins.get(&old).copied().filter(|twin| self.decider.run.execution(*twin).is_some())
    }

    fn in_flight(&self, old: ExecutionId) -> Option<ExecutionId> {
        self.twin(old).filter(|twin| self.decider.run.execution(*twin).is_some_and(crate::Execution::is_in_flight))
    }

    pub(super) fn old_of(&self, twin: ExecutionId) -> Option<ExecutionId> {
        self.twins.iter().find(|(_, new)| **new == twin).map(|(old, _)| *old)
    }

    fn offer_attempt(&mut self, execution: ExecutionId, request: Option<&Arc<CallRequest>>) -> bool {
        let known = self.old.execution(execution).and_then(|e| match &e.progress {
            Progress::Call(call) => Some(Arc::clone(&call.request)),
            _ => None,
        });
        let Some(request) = request.cloned().or(known) else { return false };
        match self.offers.iter_mut().rev().find(|offer| offer.execution == execution) {
            // It was never made by the new version: perhaps it makes this one.
            Some(Offer { is_taken: false, what: super::gate::What::Call(first), .. }) => *first = request,
            _ => self.attempts.entry(execution).or_default().push_back(request),
        }
        true
    }

    fn attempt_failed(&mut self, place: usize, old: ExecutionId, failed: &Failure<'_>) -> Result<bool, Stop> {
        let Some(twin) = self.in_flight(old) else { return Ok(true) };
        if let (Some(raw), Some(response)) =
            (answers::of_no_use(failed.error, failed.effect, failed.response), failed.response)
        {
            match self.decider.values().outputs(twin, &raw) {
                Err(Halt::Ask(evaluation)) => return Err(Stop::Evaluate(evaluation)),
                // This version can use the answer.
                Ok(_) => return self.decider.call_succeeded(twin, raw, response.clone()).map(|()| true),
                Err(_) => {}
            }
        }
        let error = WorkflowError { instance: None, ..failed.error.clone() };
        let Failure { class, effect, retry_at, settles_at, .. } = *failed;
        let response = failed.response.cloned();
        if self.past.stops(old, place) {
            let error = self.at(twin, error);
            let retry_at = None;
            let change =
                Change::AttemptFailed { execution: twin, error, class, effect, response, retry_at, settles_at };
            self.decider.emit(Some(twin), change);
            self.held.insert(twin);
            return Ok(false);
        }
        let retry_at = retry_at.or_else(|| self.past.retry_after_question(old, place));
        let failed = FailedAttempt { error, class, effect, settles_at, response, retry_at };
        self.decider.attempt_failed(twin, failed)?;
        Ok(true)
    }

    pub(super) fn at(&self, twin: ExecutionId, error: WorkflowError) -> WorkflowError {
        let task = self.decider.run.execution(twin).map(|e| self.of.to.task(e.task));
        let error = WorkflowError { instance: None, ..error };
        task.map_or(error.clone(), |task| error.at(&task.reference))
    }

    /// The outcome of a step that did not end well, and what links the run to others.
    fn take_in_fault(&mut self, place: usize, record: &Record) -> Result<bool, Stop> {
        match &record.change {
            Change::AttemptAbandoned { execution, settles_at } => {
                let Some(twin) = self.in_flight(*execution) else { return Ok(false) };
                let settles_at = *settles_at;
                self.decider.emit(Some(twin), Change::AttemptAbandoned { execution: twin, settles_at });
                self.held.insert(twin);
                Ok(false)
            }
            Change::TaskFaulted { execution, error, class, .. } => {
                match self.twin(*execution).filter(|twin| !self.decider.run.is_failed(*twin)) {
                    Some(twin) if self.past.stops(*execution, place) => {
                        let (error, class) = (self.at(twin, error.clone()), *class);
                        let change = Change::TaskFaulted { execution: twin, beginning: None, error, class };
                        self.decider.emit(Some(twin), change);
                        self.held.insert(twin);
                        Ok(false)
                    }
                    _ => Ok(self.may_time_out(error)),
                }
            }
            Change::RunFaulted { execution: Some(execution), error, attention } => {
                let Some(twin) = self.twin(*execution) else { return Ok(self.stops(error)) };
                let (error, attention) = (self.at(twin, error.clone()), *attention);
                self.held.remove(&twin);
                self.decider.emit(Some(twin), Change::RunFaulted { execution: Some(twin), error, attention });
                Ok(true)
            }
            Change::RunFaulted { error, .. } | Change::RunStopping { error, .. } => Ok(self.stops(error)),
            Change::ErrorCaught { error, .. } => self.refuse_child(error),
            Change::EventConsumed { execution, filter, event, .. } => {
                let Some(twin) = self.twin(*execution) else { return Ok(true) };
                match self.decider.event_arrived(twin, &[*filter], Arc::clone(event), record.actor.clone()) {
                    Err(Stop::Rejected(_)) => {
                        Err(self.misfit(record.task.as_deref(), "it does not take an event that the run took there"))
                    }
                    other => other.map(|()| true),
                }
            }
            _ => self.take_in_child(place, record),
        }
    }

    /// The run stopped here: the new version may do so too, and not before.
    fn stops(&mut self, error: &WorkflowError) -> bool {
        self.may_time_out(error);
        self.may_stop = true;
        true
    }

    pub(super) fn may_time_out(&mut self, error: &WorkflowError) -> bool {
        self.times_out = same_error_type(&error.r#type, &WorkflowError::standard(ErrorKind::Timeout, "", "").r#type);
        self.times_out
    }

    /// A `try` runs its body again: that of the new version does not wait any longer, unless it has begun this round already.
    fn bring_forward(&mut self, old: ExecutionId) {
        let Some(around) = self.old.execution(old) else { return };
        let Progress::Try(waiting) = &around.progress else { return };
        let begun = waiting.retries;
        let reference = &self.of.from.task(around.task).reference;
        let now = self.decider.now;
        let is_same = |e: &&mut crate::Execution| {
            path(&self.of.to.task(e.task).reference) == path(reference)
                && place(&e.coordinates) == place(&around.coordinates)
        };
        let found = self.decider.run.open.iter_mut().filter(is_same).find_map(|e| match &mut e.progress {
            Progress::Try(progress)
                if progress.retries <= begun
                    && matches!(progress.phase, TryPhase::Backoff { until } if until > now) =>
            {
                progress.phase = TryPhase::Backoff { until: now };
                Some(e.id)
            }
            _ => None,
        });
        let Some(twin) = found else { return };
        let caught = self.decider.records.iter_mut().rev().find_map(|record| match &mut record.change {
            Change::ErrorCaught { execution, then, .. } if *execution == twin => Some(then),
            _ => None,
        });
        if let Some(then) = caught {
            *then = Caught::Retry(now);
        }
    }

    /// Lets the new version go on as far as the journal allows.
    pub(super) fn settle(&mut self) -> Result<(), Stop> {
        self.decider.blocked.clear();
        self.near.clear();
        for _ in 0..STEPS_MAX {
            let run = &self.decider.run;
            let rests = run.is_closed() || run.is_parked() || run.suspended || run.queued;
            let ends = run.stop.is_some() || run.compensation.is_some();
            let Some(ready) = self.decider.readiness().next().filter(|_| !rests && !ends) else {
                (self.times_out, self.may_stop) = (false, false);
                return Ok(());
            };
            if !self.may(ready) {
                self.decider.blocked.push(ready);
                continue;
            }
            self.step(ready)?;
        }
        Err(self.misfit(None, "it goes on without end"))
    }

    fn step(&mut self, ready: Ready) -> Result<(), Stop> {
        let (before, length) = (self.decider.run.clone(), self.decider.records.len());
        self.decider.go_on(ready)?;
        self.decider.effects.clear();
        let mut delta = self.decider.records.split_off(length);
        match self.judge(&before, &mut delta) {
            Verdict::As => self.decider.records.extend(delta),
            Verdict::Changed => {
                self.decider.run = before;
                for record in delta {
                    if apply(self.of.to, &mut self.decider.run, &record).is_err() {
                        return Err(self.misfit(record.task.as_deref(), "what was recorded does not fit it"));
                    }
                    self.decider.records.push(record);
                }
            }
            Verdict::Again(keys) => self.decider.run = Run { keys, ..before },
            Verdict::Not => {
                self.decider.run = before;
                self.decider.blocked.push(ready);
            }
        }
        Ok(())
    }

    /// Whether the journal leaves this to the new version. The end of the run comes after the move.
    fn may(&self, ready: Ready) -> bool {
        match ready {
            Ready::Finish | Ready::Undo => false,
            Ready::RunTimeout | Ready::Timeout(_) => self.times_out,
            Ready::Resolve(id) | Ready::Raise(id) => !self.held.contains(&id),
            _ => true,
        }
    }

    pub(super) fn misfit(&self, step: Option<&str>, why: impl Into<String>) -> Stop {
        self.misfit_with(step, why, Vec::new())
    }

    pub(super) fn misfit_with(&self, step: Option<&str>, why: impl Into<String>, fields: Vec<FieldChange>) -> Stop {
        let (to, step, why) = (self.of.to.workflow.version.clone(), step.map(str::to_owned), why.into());
        Stop::Rejected(Rejected::DoesNotFit(Box::new(Misfit { to, step, why, fields })))
    }

    /// Whether a call waits for its next attempt.
    pub(super) fn is_backing_off(run: &Run) -> bool {
        run.open.iter().any(|e| match &e.progress {
            Progress::Call(call) => matches!(call.phase, CallPhase::Backoff { .. }),
            Progress::Try(progress) => matches!(progress.phase, TryPhase::Backoff { .. }),
            _ => false,
        })
    }
}

//! From the journal to the [`Timeline`].
//!
//! Pure and tolerant: it never refuses a journal. A fact about a step that it has not seen opens that step, so that a
//! run whose first facts are out of reach, or one written by a later version, still shows what can be shown.

use std::sync::Arc;

use serde_json::Value;

use super::{Attempt, Failure, Note, NoteKind, State, Step, Timeline, Undoing, Wait};
use crate::machine::{
    Act, Beginning, CallRequest, Caught, Change, CompensationEnd, Coordinates, ExecutionId, Pauses, Record,
    ResponseSummary, Role, Time, WorkflowError,
};

impl Timeline {
    /// Folds a journal.
    #[must_use]
    pub fn fold(records: &[Record]) -> Self {
        let mut timeline = Self::default();
        for record in records {
            timeline.take_in(record);
        }
        timeline
    }

    pub(super) fn take_in(&mut self, record: &Record) {
        let notes = self.notes.len();
        self.take_in_change(record);
        let pause = self.pauses.note(self.suspended || self.parked, record.at);
        if let (Some((since, until)), Some(note)) = (pause, self.notes.get_mut(notes)) {
            note.pause_ms = Some((until - since).num_milliseconds());
        }
    }

    fn take_in_change(&mut self, record: &Record) {
        self.started_at.get_or_insert(record.at);
        match &record.change {
            Change::RunStarted { input, transformed, queued, .. } => {
                self.queued = *queued;
                self.given = Some(Arc::clone(transformed.as_ref().unwrap_or(input)));
                self.input = Some(Arc::clone(input));
            }
            Change::RunAdmitted {} => self.queued = false,
            Change::RunContinued(continuation) => {
                *self = Self {
                    input: Some(Arc::clone(&continuation.input)),
                    given: Some(Arc::clone(&continuation.data)),
                    started_at: Some(continuation.started_at),
                    pauses: Pauses { since: None, total: continuation.paused },
                    continued_at: Some(record.at),
                    ..Self::default()
                };
            }
            Change::RunMoved(moved) => self.begin_anew(record, moved),
            Change::RunFaulted { execution, error, .. } => {
                self.parked = true;
                self.faulted(*execution, error, record.at);
            }
            Change::CompensationStarted { error, plan, end } => {
                self.begin_undoing(record, error.as_ref(), plan.len(), *end);
            }
            Change::RunRewinding(rewinding) => self.go_back(record, rewinding),
            Change::UndoSkipped { execution } => self.leave(*execution, record.at),
            Change::RunCompleted { output } => {
                self.output = Some(Arc::clone(output));
                self.end(record.at, State::Completed);
            }
            Change::RunCompensated {} => self.end(record.at, State::Faulted),
            Change::RunCancelled {} => self.end(record.at, State::Cancelled),
            Change::RunPoisoned { detail } => {
                self.parked = true;
                self.note(record, NoteKind::Poisoned(detail.clone()));
            }
            Change::RunTakenOver {} => self.note(record, NoteKind::TakenOver),
            Change::OperatorActed { act, reason, approved_by, approval_reason, .. } => {
                self.acted(record, act, reason.as_ref());
                if let (Some(note), Some(by)) = (self.notes.last_mut(), approved_by) {
                    note.approval = Some((by.0.clone(), approval_reason.clone()));
                }
            }
            _ => self.take_in_task(record),
        }
    }

    fn take_in_task(&mut self, record: &Record) {
        let at = record.at;
        match &record.change {
            Change::TaskStarted { execution, beginning, arguments, request, until, listening, child, .. } => {
                let step = self.begin(*execution, Some(beginning), record);
                step.arguments.clone_from(arguments);
                step.resume(at);
                if let Some(until) = until {
                    step.wait(at, *until);
                }
                if let Some(request) = request {
                    step.send(record, Some(request));
                }
                step.child = child.as_ref().map(|child| child.run);
                if let Some(listening) = listening {
                    let types = listening.iter().filter_map(|filter| filter.with.get("type").cloned());
                    (step.listening, step.state) = (Some(types.collect()), State::Waiting);
                }
            }
            Change::ChildStarted { execution } => self.begin(*execution, None, record).state = State::Waiting,
            Change::AttemptStarted { execution, request } => {
                let step = self.begin(*execution, None, record);
                step.resume(at);
                step.send(record, request.as_ref());
            }
            Change::AttemptFailed { execution, error, class, effect, response, retry_at, .. } => {
                let failure = Failure { error: error.clone(), class: *class, effect: *effect, retry_at: *retry_at };
                self.begin(*execution, None, record).attempt_failed(record, failure, response.clone());
            }
            Change::AttemptAbandoned { execution, settles_at } => {
                let failure = Failure::given_up(*settles_at);
                self.begin(*execution, None, record).attempt_failed(record, failure, None);
            }
            Change::ChildFaulted { execution, error, .. } => {
                self.begin(*execution, None, record).error = Some(error.clone());
            }
            Change::OutcomeUnknown { execution, error, .. } => {
                self.begin(*execution, None, record).error = Some(error.clone());
            }
            Change::TaskCompleted { execution, beginning, output, response, case, .. } => {
                let step = self.begin(*execution, beginning.as_ref(), record);
                step.complete(at, output, response.clone(), case.clone());
                self.end_below(*execution, at, State::Cancelled);
            }
            Change::TaskSkipped { execution, beginning, output } => {
                let step = self.begin(*execution, beginning.as_ref(), record);
                step.output = Some(Arc::clone(output));
                step.end(at, State::Skipped);
                self.end_below(*execution, at, State::Faulted);
                self.unstick(*execution);
            }
            Change::TaskFaulted { execution, beginning, error, .. } => {
                let step = self.begin(*execution, beginning.as_ref(), record);
                step.error = Some(error.clone());
                step.end(at, State::Faulted);
                self.end_below(*execution, at, State::Faulted);
            }
            Change::ErrorCaught { execution, error, then } => {
                self.end_below(*execution, at, State::Faulted);
                let step = self.begin(*execution, None, record);
                step.error = Some(error.clone());
                if let Caught::Retry(until) = then {
                    step.wait(at, *until);
                }
            }
            Change::RoundStarted { execution, .. } => self.begin(*execution, None, record).resume(at),
            Change::CompensationStuck { execution, error } => {
                self.parked = true;
                self.faulted(Some(*execution), error, at);
            }
            Change::RunStopping { execution, error } => self.faulted(*execution, error, at),
            _ => {}
        }
    }

    /// The step of an execution; a new one if this is the first that is heard of it.
    fn begin(&mut self, execution: ExecutionId, beginning: Option<&Beginning>, record: &Record) -> &mut Step {
        let place = self.steps.iter().rposition(|s| s.execution == execution).unwrap_or_else(|| {
            let step = self.new_step(execution, beginning.cloned().unwrap_or_else(unknown_beginning), record);
            self.steps.push(step);
            self.steps.len() - 1
        });
        &mut self.steps[place]
    }

    fn new_step(&mut self, execution: ExecutionId, beginning: Beginning, record: &Record) -> Step {
        if let Role::Undo(of) = beginning.role
            && let Some(undone) = self.steps.iter_mut().find(|s| s.execution == of)
        {
            undone.undoing = Some(Undoing::By(execution));
        }
        let around = match beginning.role {
            Role::Reconcile(of) => Some(of),
            _ => beginning.parent,
        };
        Step {
            execution,
            reference: record.task.as_deref().unwrap_or_default().to_owned(),
            parent: beginning.parent,
            depth: around.and_then(|p| self.step(p)).map_or(0, |p| p.depth + 1),
            coordinates: beginning.coordinates,
            role: beginning.role,
            state: State::Running,
            started_at: record.at,
            ended_at: None,
            given: self.given_next(beginning.role, beginning.parent),
            input: beginning.input,
            arguments: None,
            output: None,
            error: None,
            case: None,
            attempts: Vec::new(),
            waits: Vec::new(),
            undoing: None,
            listening: None,
            child: None,
        }
    }

    /// What the next step in a list is given: the output of the one before, else what the list itself was given.
    fn given_next(&self, role: Role, parent: Option<ExecutionId>) -> Option<Arc<Value>> {
        if let Role::Undo(of) | Role::Reconcile(of) = role {
            let step = self.step(of)?;
            return if matches!(role, Role::Undo(_)) { step.output.clone() } else { step.seen() };
        }
        let ended = |s: &&Step| s.role == Role::Step && matches!(s.state, State::Completed | State::Skipped);
        let rewound = self.rewound.as_ref().filter(|_| parent.is_none());
        let since = rewound.map_or(0, |(steps, _)| *steps);
        let before = self.steps[since..].iter().rev().filter(|s| s.parent == parent).find(ended);
        match (before, parent) {
            (None, None) if rewound.is_some() => rewound.map(|(_, data)| Arc::clone(data)),
            (Some(before), _) => before.output.clone(),
            (None, None) => self.given.clone(),
            (None, Some(parent)) => self.step(parent).and_then(Step::seen),
        }
    }

    fn faulted(&mut self, execution: Option<ExecutionId>, error: &WorkflowError, at: Time) {
        self.error = Some(error.clone());
        self.stuck = execution;
        if let Some(step) = self.steps.iter_mut().find(|s| Some(s.execution) == execution) {
            step.error = Some(error.clone());
            step.end(at, State::Stuck);
        }
    }

    fn begin_undoing(&mut self, record: &Record, error: Option<&WorkflowError>, steps: usize, end: CompensationEnd) {
        if let Some(error) = error {
            self.error = Some(error.clone());
        }
        (self.stuck, self.parked) = (None, false);
        self.close_open(record.at, if error.is_some() { State::Faulted } else { State::Cancelled });
        self.note(record, NoteKind::UndoingBegan(steps, end));
    }

    /// An undo that is not wanted: the effect stays, and the undoing execution, if it had begun, is over.
    fn leave(&mut self, of: ExecutionId, at: Time) {
        for step in &mut self.steps {
            if step.execution == of {
                step.undoing = Some(Undoing::LeftAsIs);
            }
            if step.role == Role::Undo(of) && matches!(step.state, State::Running | State::Waiting | State::Stuck) {
                step.end(at, State::Skipped);
            }
        }
        (self.stuck, self.parked) = (None, false);
    }

    fn end(&mut self, at: Time, open_steps: State) {
        self.ended_at = Some(at);
        (self.stuck, self.parked, self.suspended) = (None, false, false);
        self.close_open(at, open_steps);
    }

    pub(super) fn close_open(&mut self, at: Time, state: State) {
        let open = |s: &&mut Step| matches!(s.state, State::Running | State::Waiting | State::Stuck);
        for step in self.steps.iter_mut().filter(open) {
            let state = if step.state == State::Stuck { State::Faulted } else { state };
            step.end(step.ended_at.unwrap_or(at), state);
        }
    }

    fn end_below(&mut self, execution: ExecutionId, at: Time, state: State) {
        for place in 0..self.steps.len() {
            let open = matches!(self.steps[place].state, State::Running | State::Waiting | State::Stuck);
            if open && self.is_below(place, execution) {
                let ended_at = self.steps[place].ended_at.unwrap_or(at);
                self.steps[place].end(ended_at, state);
            }
        }
    }

    fn is_below(&self, place: usize, execution: ExecutionId) -> bool {
        let mut around = self.steps[place].parent;
        // A parent starts before its child, so each round looks at an earlier step: the loop ends.
        while let Some(parent) = around {
            if parent == execution {
                return true;
            }
            around = self.step(parent).and_then(|s| s.parent).filter(|next| *next < parent);
        }
        false
    }

    fn acted(&mut self, record: &Record, act: &Act, reason: Option<&String>) {
        self.note(record, NoteKind::Acted(act.clone(), reason.cloned()));
        self.parked &= matches!(act, Act::Suspend | Act::Resume);
        match act {
            Act::Suspend => self.suspended = true,
            Act::Resume => self.suspended = false,
            Act::Retry { .. } => {
                if let Some(stuck) = self.stuck.take()
                    && let Some(step) = self.steps.iter_mut().find(|s| s.execution == stuck)
                {
                    step.state = State::Running;
                    step.ended_at = None;
                }
            }
            Act::Dismiss => self.end(record.at, State::Faulted),
            // What follows from the others has records of its own.
            _ => {}
        }
    }

    fn unstick(&mut self, execution: ExecutionId) {
        if self.stuck == Some(execution) {
            self.stuck = None;
            self.error = None;
        }
    }

    pub(super) fn note(&mut self, record: &Record, kind: NoteKind) {
        let (actor, after_steps) = (record.actor.0.clone(), self.steps.len());
        let note = Note { at: record.at, actor, after_steps, about: self.stuck, pause_ms: None, approval: None, kind };
        self.notes.push(note);
    }
}

/// Of a step whose own beginning is out of reach.
fn unknown_beginning() -> Beginning {
    Beginning { parent: None, coordinates: Coordinates::default(), role: Role::Step, input: None }
}

impl Step {
    /// What is inside of it is given this.
    fn seen(&self) -> Option<Arc<Value>> {
        self.arguments.clone().or_else(|| self.input.clone()).or_else(|| self.given.clone())
    }

    fn resume(&mut self, at: Time) {
        self.stop_waiting(at);
        self.state = State::Running;
        self.ended_at = None;
    }

    fn wait(&mut self, from: Time, until: Time) {
        self.waits.push(Wait { from, until: until.max(from), open: true });
        self.state = State::Waiting;
    }

    fn stop_waiting(&mut self, at: Time) {
        if let Some(wait) = self.waits.last_mut().filter(|w| w.open) {
            *wait = Wait { from: wait.from, until: at.max(wait.from), open: false };
        }
    }

    fn send(&mut self, record: &Record, request: Option<&Arc<CallRequest>>) {
        let before = self.attempts.last().and_then(|a| a.request.clone());
        let number = record.attempt.unwrap_or_else(|| self.attempts.last().map_or(1, |a| a.number + 1));
        self.attempts.push(Attempt {
            number,
            started_at: record.at,
            ended_at: None,
            request: request.cloned().or(before),
            response: None,
            failure: None,
        });
    }

    fn attempt_failed(&mut self, record: &Record, failure: Failure, response: Option<ResponseSummary>) {
        if self.attempts.last().is_none_or(|a| a.ended_at.is_some()) {
            self.send(record, None);
        }
        self.error = Some(failure.error.clone());
        if let Some(until) = failure.retry_at {
            self.wait(record.at, until);
        }
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.ended_at = Some(record.at);
            attempt.response = response;
            attempt.failure = Some(failure);
        }
    }

    fn complete(&mut self, at: Time, output: &Arc<Value>, response: Option<ResponseSummary>, case: Option<String>) {
        self.output = Some(Arc::clone(output));
        self.case = case;
        self.error = None;
        if let Some(attempt) = self.attempts.last_mut().filter(|a| a.ended_at.is_none()) {
            attempt.response = response;
        }
        self.end(at, State::Completed);
    }

    fn end(&mut self, at: Time, state: State) {
        self.stop_waiting(at);
        if let Some(attempt) = self.attempts.last_mut().filter(|a| a.ended_at.is_none()) {
            attempt.ended_at = Some(at);
        }
        self.state = state;
        self.ended_at = Some(at);
    }
}

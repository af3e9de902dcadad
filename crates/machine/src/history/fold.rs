//! From records to steps: the one `match` over what a record says of a task.

use std::sync::Arc;

use super::{Attempt, Child, ChildEnd, Failure, History, State, Step, Taken, What};
use crate::task::calls::is_read;
use crate::task::read;
use crate::{
    Beginning, Caught, Change, Coordinates, ExecutionId, Opening, Record, Role, TargetEffect, Time, WorkflowError,
};
use stepwell_language::dsl::{Definition, Part, TaskKind};

/// A history while its records are read.
pub(crate) struct Reader<'d> {
    pub(crate) definition: Option<&'d Definition>,
    pub(crate) history: History,
    /// Place of the record, from 0.
    pub(super) place: usize,
    /// The first note of this record.
    pub(super) noted: Option<usize>,
}

impl<'d> Reader<'d> {
    pub(crate) fn new(definition: Option<&'d Definition>) -> Self {
        Self { definition, history: History::default(), place: 0, noted: None }
    }

    pub(crate) fn take_in(&mut self, record: &Record) {
        self.noted = None;
        self.history.started_at.get_or_insert(record.at);
        self.take_in_run(record);
        let history = &mut self.history;
        let pause = history.pauses.note(history.suspended || history.attention.is_some(), record.at);
        if let (Some((since, until)), Some(note)) = (pause, self.noted) {
            history.notes[note].pause_ms = Some((until - since).num_milliseconds());
        }
        self.place += 1;
    }

    pub(super) fn take_in_task(&mut self, record: &Record) {
        let at = record.at;
        match &record.change {
            Change::TaskStarted { execution, beginning, opening, .. } => {
                self.start(record, *execution, beginning, opening);
            }
            Change::SegmentStarted { execution, segment } => {
                let part = self.part(record, *segment);
                self.step(*execution, None, record).begin_part(part);
            }
            Change::IterationStarted { execution, index } => {
                let step = self.step(*execution, None, record);
                if matches!(step.opening, Some(Opening::Listen(_))) {
                    step.resume(at);
                    step.inner.data = step.inner.taken.get(*index as usize).cloned();
                }
            }
            Change::IterationCompleted { execution, .. } => {
                let step = self.step(*execution, None, record);
                if !step.inner.enough {
                    step.state = State::Waiting;
                }
            }
            Change::TaskHeld { execution } => self.step(*execution, None, record).inner.held = true,
            Change::TaskCompleted { execution, beginning, output, response, case, emitted, .. } => {
                self.turn(*execution, beginning.as_ref(), record, What::Completed);
                self.history.end_below(*execution, at, State::Cancelled);
                let Some(step) = self.history.close(*execution) else { return };
                step.complete(at, output, response.clone());
                (step.case, step.emitted) = (case.clone(), emitted.clone());
                self.history.leave(*execution, output, at);
            }
            Change::TaskSkipped { execution, beginning, output } => {
                self.turn(*execution, beginning.as_ref(), record, What::Skipped);
                self.history.end_below(*execution, at, State::Skipped);
                let Some(step) = self.history.close(*execution) else { return };
                step.output = Some(Arc::clone(output));
                step.end(at, State::Skipped);
                self.history.leave(*execution, output, at);
            }
            Change::TaskFaulted { execution, beginning, error, .. } => {
                self.turn(*execution, beginning.as_ref(), record, What::Faulted);
                self.history.fail(*execution, error, at);
                self.refuse_child(*execution, error, at);
            }
            Change::ErrorCaught { execution, error, then } => {
                self.step(*execution, None, record);
                self.history.end_below(*execution, at, State::Faulted);
                self.history.release(*execution);
                self.caught(*execution, error, *then, record);
            }
            Change::RoundStarted { execution, .. } => {
                let step = self.turn(*execution, None, record, What::Round);
                step.resume(at);
                step.inner.data = step.seen();
            }
            _ => self.take_in_call(record),
        }
    }

    fn take_in_call(&mut self, record: &Record) {
        let (at, place) = (record.at, self.place);
        match &record.change {
            Change::AttemptStarted { execution, request } => {
                let step = self.turn(*execution, None, record, What::Sent);
                step.resume(at);
                step.send(place, at, record.attempt, request.as_ref());
            }
            Change::AttemptFailed { execution, error, class, effect, response, retry_at, settles_at } => {
                let failure = Failure {
                    error: error.clone(),
                    class: *class,
                    effect: *effect,
                    retry_at: *retry_at,
                    retry_if_unacted: None,
                    settles_at: *settles_at,
                    is_given_up: false,
                };
                let step = self.attempted(*execution, record);
                step.error = Some(error.clone());
                let method = step.attempts.last().and_then(|a| Some(a.request.as_ref()?.method.as_str()));
                if *effect == TargetEffect::Unknown && !method.is_some_and(is_read) {
                    step.inner.settles_at = step.inner.settles_at.max(Some(settles_at.unwrap_or(at)));
                }
                step.attempt_failed(at, failure, response.clone());
            }
            Change::AttemptAbandoned { execution, settles_at } => {
                let step = self.attempted(*execution, record);
                step.inner.settles_at = step.inner.settles_at.max(Some(*settles_at));
                step.attempt_failed(at, Failure::given_up(*settles_at), None);
            }
            Change::OutcomeUnknown { execution, error, class, retry_at } => {
                let step = self.turn(*execution, None, record, What::Asked);
                step.error = Some(error.clone());
                step.resume(at);
                if let Some(Attempt { failure: Some(failure), .. }) = step.attempts.last_mut() {
                    failure.retry_if_unacted = retry_at.filter(|_| class.is_some());
                }
            }
            _ => self.take_in_other(record),
        }
    }

    /// Records of other runs, and of events.
    fn take_in_other(&mut self, record: &Record) {
        let at = record.at;
        match &record.change {
            Change::EventConsumed { execution, filter, event, enough, .. } => {
                let item = self.item(record, *filter).map(|read_as| read(read_as, event));
                let step = self.step(*execution, None, record);
                step.inner.taken.extend(item);
                step.inner.enough = *enough;
                if *enough {
                    step.resume(at);
                }
                let (reference, event) = (step.reference.clone(), Arc::clone(event));
                self.history.events.push(Taken { at, reference, event });
            }
            Change::ChildStarted { execution } => {
                let step = self.step(*execution, None, record);
                step.state = State::Waiting;
                if let Some(child) = step.children.last_mut() {
                    child.started = true;
                }
            }
            Change::ChildFaulted { execution, error, .. } => {
                self.step(*execution, None, record).error = Some(error.clone());
            }
            Change::ChildEnded { execution, outcome } => {
                let step = self.step(*execution, None, record);
                step.resume(at);
                if let Some(child) = step.children.last_mut() {
                    child.end = Some((at, ChildEnd::Ended(outcome.clone())));
                }
            }
            _ => {}
        }
    }

    fn start(&mut self, record: &Record, execution: ExecutionId, beginning: &Beginning, opening: &Opening) {
        let (at, place) = (record.at, self.place);
        let is_parallel = self.is_parallel(record);
        let step = self.turn(execution, Some(beginning), record, What::Began);
        step.resume(at);
        step.inner.is_parallel = is_parallel;
        step.inner.data = step.seen();
        match opening {
            Opening::Function(arguments) => step.inner.data = Some(Arc::clone(arguments)),
            Opening::Wait(until) => step.wait(at, *until),
            Opening::Call(request) => step.send(place, at, record.attempt, Some(request)),
            Opening::Child(request) => {
                let (request, started, end) = (Arc::clone(request), false, None);
                step.children.push(Child { request, at, started, end });
                if matches!(step.role, Role::Undo(_)) {
                    step.state = State::Waiting;
                }
            }
            Opening::Listen(_) => (step.state, step.inner.enough) = (State::Waiting, false),
            Opening::Tasks | Opening::Loop(_) => {}
        }
        step.opening = Some(opening.clone());
    }

    fn caught(&mut self, execution: ExecutionId, error: &WorkflowError, then: Caught, record: &Record) {
        let step = self.step(execution, None, record);
        step.error = Some(error.clone());
        match then {
            Caught::Retry(until) => step.wait(record.at, until),
            Caught::Handle | Caught::Pass => {
                step.resume(record.at);
                step.inner.data = step.seen();
            }
        }
    }

    /// A child that failed before it existed was never started.
    pub(super) fn refuse_child(&mut self, execution: ExecutionId, error: &WorkflowError, at: Time) {
        let child = self.history.step_mut(execution).and_then(|step| step.children.last_mut());
        if let Some(child) = child.filter(|child| !child.started && child.end.is_none()) {
            child.end = Some((at, ChildEnd::Refused(error.clone())));
        }
    }

    /// The step of a call with an attempt on its way, if need be of one whose beginning is out of reach.
    fn attempted(&mut self, execution: ExecutionId, record: &Record) -> &mut Step {
        let place = self.place;
        let step = self.step(execution, None, record);
        if step.attempts.last().is_none_or(|a| a.ended_at.is_some()) {
            step.send(place, record.at, record.attempt, None);
        }
        step
    }

    pub(super) fn turn(
        &mut self,
        execution: ExecutionId,
        beginning: Option<&Beginning>,
        record: &Record,
        what: What,
    ) -> &mut Step {
        let place = self.place;
        let step = self.step(execution, beginning, record);
        step.turn(place, record.at, what);
        step
    }

    /// The step of an execution; a new one if this is the first that is heard of it.
    fn step(&mut self, execution: ExecutionId, beginning: Option<&Beginning>, record: &Record) -> &mut Step {
        let place = match self.history.places.get(&execution) {
            Some(place) => *place,
            None => {
                let unknown =
                    Beginning { parent: None, coordinates: Coordinates::default(), role: Role::Step, input: None };
                return self.history.begin(execution, beginning.cloned().unwrap_or(unknown), record);
            }
        };
        let step = &mut self.history.steps[place];
        if let Some(beginning) = beginning {
            // A person retries it: the same execution begins again.
            (step.input, step.error) = (beginning.input.clone(), None);
        }
        step
    }

    fn kind(&self, record: &Record) -> Option<&'d TaskKind> {
        let definition = self.definition?;
        let task = definition.by_reference.get(record.task.as_deref()?)?;
        Some(&definition.task(*task).kind)
    }

    /// Whether every task directly inside is given what the one around it was.
    fn is_parallel(&self, record: &Record) -> bool {
        match self.kind(record) {
            Some(TaskKind::Fork(_)) => true,
            Some(TaskKind::For(task)) => task.is_parallel(),
            _ => false,
        }
    }

    fn part(&self, record: &Record, segment: u16) -> Part {
        match self.kind(record) {
            Some(TaskKind::Extended(segments)) => segments.get(usize::from(segment)).map_or(Part::Task, |s| s.part),
            _ => Part::Task,
        }
    }

    /// How an event is given to the tasks of `listen.foreach`.
    fn item(&self, record: &Record, filter: u16) -> Option<stepwell_language::dsl::Read> {
        match self.kind(record) {
            Some(TaskKind::Listen(task)) if task.each.is_some() && !task.strategy.is_until(usize::from(filter)) => {
                Some(task.read)
            }
            _ => None,
        }
    }
}

impl History {
    fn begin(&mut self, execution: ExecutionId, beginning: Beginning, record: &Record) -> &mut Step {
        let given = self.given(&beginning);
        let Beginning { parent, coordinates, role, input } = beginning;
        if let Role::Undo(of) = role
            && let Some(undone) = self.step_mut(of)
        {
            undone.undoing = Some(super::Undoing::By(execution));
        }
        let mut step = Step {
            execution,
            reference: record.task.as_deref().unwrap_or_default().to_owned(),
            parent,
            depth: 0,
            coordinates,
            role,
            state: State::Running,
            started_at: record.at,
            ended_at: None,
            given,
            input,
            opening: None,
            output: None,
            error: None,
            case: None,
            emitted: None,
            attempts: Vec::new(),
            waits: Vec::new(),
            children: Vec::new(),
            undoing: None,
            turns: Vec::new(),
            inner: super::step::Inner::default(),
        };
        if let Some(around) = step.directly_around().and_then(|around| self.step_mut(around)) {
            around.inner.open_inside += 1;
            step.depth = around.depth + 1;
            if matches!(role, Role::Reconcile(_)) && around.is_open() {
                // Its target is asked once more.
                around.resume(record.at);
            }
        }
        let place = self.steps.len();
        self.places.insert(execution, place);
        self.open.insert(place);
        self.steps.push(step);
        &mut self.steps[place]
    }

    /// What a new execution is given.
    fn given(&self, beginning: &Beginning) -> Option<Arc<serde_json::Value>> {
        match (beginning.role, beginning.parent) {
            (Role::Undo(of), _) => match self.step(of) {
                Some(step) => Some(step.inner.told.clone().or_else(|| step.output.clone()).unwrap_or_default()),
                None => self.earlier.get(&of).map(|earlier| Arc::clone(&earlier.output)),
            },
            (Role::Reconcile(of), _) => match self.step(of) {
                Some(step) => step.seen(),
                None => self.earlier.get(&of).map(|earlier| Arc::clone(&earlier.input)),
            },
            (Role::Step, None) => self.data.clone(),
            (Role::Step, Some(parent)) => {
                let around = self.step(parent)?;
                if around.inner.is_parallel { around.seen() } else { around.inner.data.clone() }
            }
        }
    }
}

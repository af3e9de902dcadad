//! Events and other runs around a rehearsed run.
//!
//! What the engine writes in the transaction of a decision survives a crash here too: listeners, emitted events, and
//! messages between runs. Runs that the workflow starts are described by the scenario, not rehearsed themselves.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pending::{OnItsWay, PendingInput};
use super::step;
use super::{Halt, LATENCY, Rehearsal};
use crate::canonical;
use crate::dsl::{Correlation, EventFilter, TaskKind, Wanted};
use crate::expr::{Evaluation, Expression};
use crate::machine::{
    Actor, Asked, ChildOutcome, ChildRequest, ErrorKind, ExecutionId, Fact, Listening, Message, RunId, WorkflowError,
    time_after,
};
use crate::scenario::file::{PlayedRun, RunEnd};

/// The run's interactions with everything but its targets.
#[derive(Debug, Default)]
pub(in crate::scenario) struct Relatives {
    listening: Vec<(ExecutionId, Arc<Vec<Listening>>)>,
    /// Events received, in order; later listeners see them too.
    arrived: Vec<Arc<Value>>,
    emitted: Vec<Arc<Value>>,
    children: Vec<Child>,
}

/// A run that the workflow started.
#[derive(Debug)]
struct Child {
    step: String,
    request: Arc<ChildRequest>,
    told: Vec<&'static str>,
}

impl Relatives {
    /// Whether an event may be delivered. A step that waits for a person accepts none.
    pub(super) fn is_listening(&self) -> bool {
        self.listening.iter().any(|(_, listening)| listening.iter().all(|filter| filter.asks.is_none()))
    }

    /// Steps that wait for a person, with their tasks.
    pub(super) fn asking(&self) -> impl Iterator<Item = (ExecutionId, &Asked)> {
        self.listening.iter().filter_map(|(execution, listening)| {
            Some((*execution, listening.iter().find_map(|filter| filter.asks.as_deref())?))
        })
    }

    /// Emitted events and started runs, for predicates.
    pub(in crate::scenario) fn outcome(&self) -> (Value, Value) {
        let runs = self.children.iter().map(|child| {
            let ChildRequest { namespace, name, version, input, awaits, .. } = &*child.request;
            json!({ "step": child.step, "workflow": format!("{namespace}/{name}"), "version": version,
                "input": **input, "awaits": awaits, "told": child.told })
        });
        (self.emitted.iter().map(|event| (**event).clone()).collect(), runs.collect())
    }
}

impl Rehearsal<'_> {
    /// Adds a listener, and offers it the earlier events.
    pub(super) fn listen(&mut self, execution: ExecutionId, listening: Arc<Vec<Listening>>) {
        for event in &self.relatives.arrived {
            let filters = self.filters_that_fit(execution, &listening, event);
            if !filters.is_empty() {
                let message = Message::Event { execution, filters, event: Arc::clone(event) };
                let at = time_after(self.now, LATENCY);
                self.on_their_way.push(OnItsWay { at, what: PendingInput::Message(message) });
            }
        }
        self.relatives.listening.push((execution, listening));
    }

    pub(super) fn unlisten(&mut self, execution: ExecutionId) {
        self.relatives.listening.retain(|(listening, _)| *listening != execution);
    }

    pub(super) fn emit(&mut self, event: Arc<Value>) {
        self.relatives.emitted.push(event);
    }

    /// Delivers an event from outside to every matching listener, with the identifiers that its source declares
    /// normalized.
    pub(super) fn event_comes(&mut self, event: &Arc<Value>) -> Result<(), Halt> {
        let mut shaped = (**event).clone();
        let refused = |why| Halt::Problem(format!("its source would reject an event of `events`: {why}"));
        self.stage.identifiers.shape_event(&mut shaped).map_err(refused)?;
        let event = &Arc::new(shaped);
        self.relatives.arrived.push(Arc::clone(event));
        let mut messages = Vec::new();
        for (execution, listening) in &self.relatives.listening {
            let filters = self.filters_that_fit(*execution, listening, event);
            if !filters.is_empty() {
                messages.push(Message::Event { execution: *execution, filters, event: Arc::clone(event) });
            }
        }
        messages.into_iter().try_for_each(|message| self.take_in(message))
    }

    /// Passes a message to the run. As in the engine, one that the run no longer waits for changes nothing.
    pub(super) fn take_in(&mut self, message: Message) -> Result<(), Halt> {
        let fact = Fact::Message { message, actor: Actor("scenario".to_owned()) };
        match self.feed(&fact) {
            Err(Halt::Rejected(_)) => Ok(()),
            taken => taken,
        }
    }

    /// Returns the indexes of the filters of a `listen` that match an event.
    fn filters_that_fit(&self, execution: ExecutionId, listening: &[Listening], event: &Value) -> Vec<u16> {
        let open = self.run.execution(execution).map(|open| &self.stage.definition.task(open.task).kind);
        let Some(TaskKind::Listen(task)) = open else { return Vec::new() };
        let numbered = listening.iter().enumerate();
        // A person's answer is addressed to its step.
        let routed = numbered.filter(|(_, listening)| listening.asks.is_none());
        let fitting = routed.filter(|(number, listening)| match task.strategy.filter(*number) {
            Some(filter) => self.fits(filter, listening, event),
            // An empty `any` matches every event.
            None => true,
        });
        fitting.filter_map(|(number, _)| u16::try_from(number).ok()).collect()
    }

    fn fits(&self, filter: &EventFilter, listening: &Listening, event: &Value) -> bool {
        let attribute = |(name, wanted): &(String, Wanted)| {
            let has = event.get(name).and_then(Value::as_str);
            has.is_some_and(|has| match wanted {
                Wanted::Text(text) => text == has,
                Wanted::Pattern(pattern) => pattern.is_match(has),
                Wanted::Computed(_) => listening.with.get(name).is_some_and(|wanted| wanted == has),
            })
        };
        let data = event.get("data").unwrap_or(&Value::Null);
        let lets_through = |condition: &Expression| {
            !matches!(self.value(condition, data), None | Some(Value::Null | Value::Bool(false)))
        };
        let correlates = |correlation: &Correlation| {
            let value = self.value(&correlation.from, event).filter(|value| !value.is_null());
            let value = value.or_else(|| self.value(&correlation.from, data));
            let expected = listening.correlate.get(&correlation.name);
            value.zip(expected).is_some_and(|(value, expected)| canonical::same(&value, expected))
        };
        filter.with.iter().all(attribute)
            && filter.data.as_ref().is_none_or(lets_through)
            && filter.correlate.iter().filter(|c| c.expect.is_some()).all(correlates)
    }

    /// Evaluates an expression over an event; `None` if it fails.
    fn value(&self, expression: &Expression, input: &Value) -> Option<Value> {
        let input = Arc::new(input.clone());
        let ask = || (self.stage.evaluate)(&Evaluation::of(expression, &input, &[]));
        expression.evaluate_here(&input, &[]).unwrap_or_else(ask).ok()
    }

    /// Starts another run as the scenario describes it. Idempotent.
    pub(super) fn start_child(&mut self, execution: ExecutionId, request: &Arc<ChildRequest>) -> Result<(), Halt> {
        let definition = self.stage.definition;
        let task = self.run.execution(execution).map(|open| definition.task(open.task));
        let step = task.map(|task| step::name(definition, &task.reference)).unwrap_or_default();
        let known = self.relatives.children.iter().any(|child| child.request.run == request.run);
        let before = self.relatives.children.iter().filter(|child| child.step == step).count();
        let number = if known { before.saturating_sub(1) } else { before };
        let played = self.played(&step, number).ok_or_else(|| match self.targets.is_recorded() {
            true => unrecorded(&step, request),
            false => nobody(&step, request),
        })?;
        let child = request.run;
        let at = time_after(self.now, LATENCY);
        if let RunEnd::Refused(error) = &played.end {
            let fact = Fact::ChildRefused { child, error: or_unnamed(error.clone(), "cannot start") };
            self.on_their_way.push(OnItsWay { at, what: PendingInput::Start(fact) });
            return Ok(());
        }
        self.on_their_way.push(OnItsWay { at, what: PendingInput::Start(Fact::ChildStarted { child }) });
        if known {
            return Ok(());
        }
        if request.awaits {
            let outcome = outcome_of(&played.end);
            let at = time_after(self.now, played.after.max(LATENCY * 2));
            let what = PendingInput::Message(Message::ChildEnded { child, outcome });
            self.on_their_way.push(OnItsWay { at, what });
        }
        self.relatives.children.push(Child { step, request: Arc::clone(request), told: Vec::new() });
        Ok(())
    }

    /// Returns how the `number`th run started by a step goes; the last entry of a list applies to all further ones.
    fn played(&self, step: &str, number: usize) -> Option<PlayedRun> {
        let list = self.scenario.runs.iter().find(|(written, _)| step::matches(written, step)).map(|(_, list)| list)?;
        list.get(number).or_else(|| list.last()).cloned()
    }

    /// Tells another run to stop: it compensates or ends where it is, and reports its end.
    pub(super) fn tell(&mut self, run: RunId, message: &Message) {
        let Message::Stop { undo } = message else { return };
        let Some(child) = self.relatives.children.iter_mut().find(|child| child.request.run == run) else { return };
        child.told.push(if *undo { "undo" } else { "stop" });
        let is_its_end = |message: &Message| matches!(message, Message::ChildEnded { child, .. } if *child == run);
        self.on_their_way
            .retain(|pending| !matches!(&pending.what, PendingInput::Message(message) if is_its_end(message)));
        let outcome = if *undo { ChildOutcome::Compensated { error: None } } else { ChildOutcome::Cancelled };
        let what = PendingInput::Message(Message::ChildEnded { child: run, outcome });
        self.on_their_way.push(OnItsWay { at: time_after(self.now, LATENCY), what });
    }
}

fn nobody(step: &str, request: &ChildRequest) -> Halt {
    let ChildRequest { namespace, name, .. } = request;
    Halt::Problem(format!(
        "the run of {namespace}/{name} that {step} starts is not defined; add `runs: {{ {step}: {{ output: ... }} }}`"
    ))
}

fn unrecorded(step: &str, request: &ChildRequest) -> Halt {
    let ChildRequest { namespace, name, .. } = request;
    Halt::Problem(format!("{step}: the end of the run of {namespace}/{name} was not recorded"))
}

fn outcome_of(end: &RunEnd) -> ChildOutcome {
    match end {
        RunEnd::Completed { output, undoable } => {
            ChildOutcome::Completed { output: Arc::new(output.clone()), undoable: *undoable }
        }
        RunEnd::Compensated(error) => ChildOutcome::Compensated { error: error.clone() },
        RunEnd::Faulted(error) | RunEnd::Refused(error) => ChildOutcome::Faulted { error: error.clone() },
        RunEnd::Cancelled => ChildOutcome::Cancelled,
    }
}

fn or_unnamed(error: Option<WorkflowError>, title: &str) -> WorkflowError {
    error.unwrap_or_else(|| WorkflowError::standard(ErrorKind::Configuration, title, "the scenario says so"))
}

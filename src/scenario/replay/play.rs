//! Replays a recorded event against a definition and compares the result with the recording.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::answers::{Answer, Answers, Assume};
use super::calls::{CallReport, Fate, calls, relatives};
use super::recording::{ChildEnd, Recording};
use crate::dsl::OwnAuthentication;
use crate::machine::compare::{FieldChange, differences};
use crate::machine::masks::Masks;
use crate::machine::question::Decided;
use crate::machine::{
    CallDocument, CallRequest, ChildOutcome, ExecutionId, Run, RunId, Time, WorkflowError, time_after,
};
use crate::scenario::file::{Expect, PlannedAct, PlannedEvent, PlannedTask, PlayedRun, RunEnd, Scenario};
use crate::scenario::rehearsal::pending::{OnItsWay, PendingInput};
use crate::scenario::rehearsal::schedule::Schedule;
use crate::scenario::rehearsal::step;
use crate::scenario::rehearsal::target::Targets;
use crate::scenario::rehearsal::trace::Trace;
use crate::scenario::rehearsal::{Halt, LATENCY, Rehearsal, Stage};

/// An event to replay.
#[derive(Debug)]
pub struct Replay<'r> {
    /// Input of the run.
    pub input: Value,
    /// When the event was received; a recorded run starts at its own start time.
    pub at: Time,
    /// The run that the event started, if any.
    pub recording: Option<&'r Recording>,
    /// Whether the event was refused.
    pub refused: bool,
    /// Sensitive data of the recorded definition.
    pub masks: Masks,
    /// What answers reads that were not recorded.
    pub assume: Assume,
}

/// How a run ended, or its current state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ended {
    /// Status of the run, or `refused` for input that the workflow does not accept.
    pub status: String,
    /// Error that stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<WorkflowError>,
}

/// The result of a replay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replayed {
    /// Business key.
    pub key: Option<String>,
    /// How the recorded run ended; `None` without one.
    pub recorded: Option<Ended>,
    /// How it would end now.
    pub new: Ended,
    /// Why the replay could not reach its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// Calls, started runs and emitted events.
    pub calls: Vec<CallReport>,
    /// Differences in the run's output.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<FieldChange>,
    /// Notes for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Replayed {
    /// Whether anything would change.
    #[must_use]
    pub fn differs(&self) -> bool {
        let call = self.calls.iter().any(|call| call.fate != Fate::Unchanged);
        call || !self.output.is_empty()
            || self.unknown.is_some()
            || self.recorded.as_ref().is_none_or(|r| *r != self.new)
    }
}

impl Replay<'_> {
    /// Replays to the end, or as far as the recording permits.
    #[must_use]
    pub fn play(self, stage: &Stage<'_>) -> Replayed {
        let scenario = self.scenario();
        let answers = Answers::new(self.recording, self.assume);
        let schedule = Schedule::default();
        let targets = Targets::recorded(&scenario, answers);
        let (trace, targets) = Rehearsal::new(*stage, &scenario, &schedule, targets).play();
        let Some(answers) = targets.answers() else { unreachable!("the targets were made of answers") };
        let masks = [self.masks, Masks::of(stage.definition)];
        let replayed = compared(&trace, answers, &masks);
        if self.refused && self.recording.is_none() {
            return refused_before(replayed);
        }
        replayed
    }

    /// The world around the recorded run, as a scenario.
    fn scenario(&self) -> Scenario {
        let began = self.recording.map_or(self.at, |recording| recording.began);
        let after = |at: Time| (at - began).to_std().unwrap_or_default();
        let recorded = self.recording;
        let acts = recorded.iter().flat_map(|recording| &recording.acts);
        let events = recorded.iter().flat_map(|recording| &recording.events);
        Scenario {
            name: "replay".to_owned(),
            line: 0,
            profiles: Vec::new(),
            run: recorded.map_or_else(RunId::nil, |recording| recording.run.id),
            input: self.input.clone(),
            now: began,
            sandbox: None,
            memory: Vec::new(),
            calls: Vec::new(),
            acts: acts.map(|(at, act)| PlannedAct { act: act.clone(), after: Some(after(*at)) }).collect(),
            events: events
                .map(|(at, event)| PlannedEvent { event: Arc::clone(event), after: Some(after(*at)) })
                .collect(),
            tasks: recorded
                .iter()
                .flat_map(|recording| &recording.tasks)
                .map(|task| decided(task, after(task.0)))
                .collect(),
            runs: recorded.map(runs).unwrap_or_default(),
            expect: Expect::default(),
        }
    }
}

/// A recorded decision, to be made again.
fn decided((_, step, decided): &(Time, String, Decided), after: Duration) -> PlannedTask {
    let Decided { answer, by, reason, .. } = decided.clone();
    PlannedTask { step: Some(step.clone()), answer, by, reason, after: Some(after) }
}

/// How the runs started by each step went.
fn runs(recording: &Recording) -> Vec<(String, Vec<PlayedRun>)> {
    let mut found: Vec<(String, Vec<PlayedRun>)> = Vec::new();
    for child in &recording.children {
        let (end, at) = match &child.end {
            Some((at, ChildEnd::Ended(outcome))) => (end_of(outcome), *at),
            Some((at, ChildEnd::Refused(error))) => (RunEnd::Refused(Some(error.clone())), *at),
            // The run was not awaited, or has not ended yet.
            None if child.request.awaits => continue,
            None => (RunEnd::Completed { output: Value::Null, undoable: false }, child.at),
        };
        let after: Duration = (at - child.at).to_std().unwrap_or_default();
        let played = PlayedRun { end, after };
        match found.iter_mut().find(|(step, _)| *step == child.step) {
            Some((_, list)) => list.push(played),
            None => found.push((child.step.clone(), vec![played])),
        }
    }
    found
}

fn end_of(outcome: &ChildOutcome) -> RunEnd {
    match outcome {
        ChildOutcome::Completed { output, undoable } => {
            RunEnd::Completed { output: (**output).clone(), undoable: *undoable }
        }
        ChildOutcome::Compensated { error } => RunEnd::Compensated(error.clone()),
        ChildOutcome::Faulted { error } => RunEnd::Faulted(error.clone()),
        ChildOutcome::Cancelled => RunEnd::Cancelled,
    }
}

fn compared(trace: &Trace, answers: &Answers<'_>, masks: &[Masks]) -> Replayed {
    let recording = answers.recording;
    // A run that has not ended is compared as far as it has got.
    let comes_to_the_same_halt = answers.unanswered.is_some() && trace.problem.is_some();
    let unknown = trace.problem.clone().filter(|_| !comes_to_the_same_halt);
    let whole = unknown.is_none();
    let mut list = calls(answers, masks, whole);
    list.extend(relatives(recording, &trace.outcome, masks, whole));
    let recorded = recording.map(|recording| ended(&recording.run, recording.run.status.as_str()));
    let new = match &trace.refused {
        Some(violations) => refused(violations),
        None => ended(&trace.run, trace.status()),
    };
    let outputs = recording.map(|recording| (recording.run.output.as_deref(), trace.run.output.as_deref()));
    let output = outputs.filter(|_| whole && recorded.as_ref().is_some_and(|r| r.status == new.status));
    let output = output.map(|(before, after)| differences("output", before, after, masks)).unwrap_or_default();
    let mut notes: Vec<String> = trace.refused_acts.iter().map(|act| format!("a person's {act}")).collect();
    if comes_to_the_same_halt && let Some(step) = &answers.unanswered {
        notes.push(format!("the recorded run has not ended: it is waiting for the answer to {step}"));
    }
    let key = trace.run.key.clone().or_else(|| recording.and_then(|recording| recording.run.key.clone()));
    Replayed { key, recorded, new, unknown, calls: list, output, notes }
}

/// Treats two refusals as equal, whatever their wording.
fn refused_before(replayed: Replayed) -> Replayed {
    let recorded = match replayed.new.status.as_str() {
        "refused" => replayed.new.clone(),
        _ => Ended { status: "refused".to_owned(), error: None },
    };
    Replayed { recorded: Some(recorded), ..replayed }
}

fn ended(run: &Run, status: &str) -> Ended {
    // The place of the error refers to the definition and may differ between versions.
    let error = run.error.clone().map(|error| WorkflowError { instance: None, ..error });
    Ended { status: status.to_owned(), error }
}

fn refused(violations: &[crate::machine::SchemaViolation]) -> Ended {
    let places: Vec<String> = violations.iter().map(|v| format!("{}: {}", v.pointer, v.message)).collect();
    let error =
        WorkflowError::standard(crate::machine::ErrorKind::Validation, "the input is refused", places.join("; "));
    Ended { status: "refused".to_owned(), error: Some(error) }
}

impl Rehearsal<'_> {
    /// Answers a call from the recording.
    pub(in crate::scenario) fn recall(
        &mut self,
        (execution, attempt): (ExecutionId, u32),
        request: &Arc<CallRequest>,
        authentication: Option<&OwnAuthentication>,
        document: Option<&CallDocument>,
    ) -> Result<(), Halt> {
        let definition = self.stage.definition;
        let task = self.run.execution(execution).map(|execution| definition.task(execution.task));
        let step = task.map(|task| step::name(definition, &task.reference)).unwrap_or_default();
        let Some(answers) = self.targets.answers_mut() else { return Ok(()) };
        let (outcome, at) = match answers.answer(&step, execution, request) {
            Answer::Unknown(why) => return Err(Halt::Problem(format!("{step}: {why}"))),
            Answer::Never => return Ok(()),
            // The outcome becomes known at the recorded time, unless the replayed run makes the call only after it.
            Answer::Recorded(outcome, at) => (*outcome, if at < self.now { time_after(self.now, LATENCY) } else { at }),
            Answer::Assumed(status) => {
                let connections = self.stage.connections;
                let unknown = |failure: Box<crate::machine::CallFailure>| {
                    let why = failure.error.detail.or(failure.error.title).unwrap_or_default();
                    Halt::Problem(format!("{step}: nothing was recorded and cannot be replaced: {why}"))
                };
                let concrete = match document {
                    Some(document) => connections.concrete_offline(request, document).map_err(unknown)?,
                    None => (**request).clone(),
                };
                let offline = connections.offline(&concrete, authentication).map_err(unknown)?;
                let mut response = http::Response::new(bytes::Bytes::new());
                *response.status_mut() = status;
                (offline.answered(response, LATENCY), time_after(self.now, LATENCY))
            }
        };
        let outcome = Box::new(outcome);
        self.on_their_way.push(OnItsWay { at, what: PendingInput::Answer { execution, attempt, outcome } });
        Ok(())
    }
}

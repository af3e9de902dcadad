//! Compares each call, started run and emitted event with the recording: unchanged, changed, new or gone.

use serde::Serialize;
use serde_json::{Value, json};

use super::answers::{Answers, Made};
use super::recording::{RecordedCall, Recording};
use crate::machine::CallOutcome;
use crate::machine::compare::{FieldChange, changes, differences, holds_masks, shown};
use crate::machine::masks::Masks;

/// How a call compares with the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// Made as recorded.
    Unchanged,
    /// Made with different fields.
    Changed,
    /// Not recorded.
    New,
    /// Recorded but no longer made.
    Gone,
}

/// A call, started run or emitted event, compared with the recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallReport {
    /// Name of the step.
    pub step: String,
    /// HTTP method; `RUN` for a started run, `EMIT` for an event.
    pub method: String,
    /// Target address, which identifies the record.
    pub address: String,
    /// How it compares.
    pub fate: Fate,
    /// Differences by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// Notes for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Compares all calls of a replay. If the replay stopped early (`whole` is false), recorded calls beyond that point are
/// not reported as gone.
pub(super) fn calls(answers: &Answers<'_>, masks: &[Masks], whole: bool) -> Vec<CallReport> {
    let recorded = answers.recording.map_or(&[][..], |recording| &recording.calls);
    let mut found: Vec<CallReport> = Vec::new();
    for (place, made) in answers.made.iter().enumerate() {
        // All attempts of an execution are one call.
        if !answers.made[..place].iter().any(|before| before.execution == made.execution) {
            found.push(one(made, answers, recorded, masks, whole));
        }
    }
    for (place, call) in recorded.iter().enumerate().filter(|_| whole) {
        let of_call = |other: &RecordedCall| other.execution == call.execution;
        let first = !recorded[..place].iter().any(of_call);
        if first && !recorded.iter().zip(&answers.taken).any(|(other, taken)| *taken && of_call(other)) {
            let (method, address) = shown(&call.request);
            let (step, fate) = (call.step.clone(), Fate::Gone);
            found.push(CallReport { step, method, address, fate, fields: Vec::new(), notes: Vec::new() });
        }
    }
    found
}

fn one(made: &Made, answers: &Answers<'_>, recorded: &[RecordedCall], masks: &[Masks], whole: bool) -> CallReport {
    let (method, address) = shown(&made.request);
    let attempts: Vec<&Made> = answers.made.iter().filter(|other| other.execution == made.execution).collect();
    let mut notes: Vec<String> = Vec::new();
    notes.extend(attempts.iter().filter_map(|attempt| attempt.note.clone()));
    let like = made.like.map(|place| &recorded[place]);
    let Some(like) = like else {
        notes.dedup();
        let (step, fate) = (made.step.clone(), Fate::New);
        return CallReport { step, method, address, fate, fields: Vec::new(), notes };
    };
    let mut fields = changes(&like.request, &made.request, masks);
    let before = recorded.iter().filter(|call| call.execution == like.execution).count();
    if before != attempts.len() && whole {
        let count = |n: usize| Some(Value::from(n));
        let (recorded, new) = (count(before), count(attempts.len()));
        fields.push(FieldChange { part: "attempts", pointer: String::new(), recorded, new });
    }
    if like.step != made.step {
        notes.push(format!("recorded as {}", like.step));
    }
    let bodies = attempts.iter().filter_map(|attempt| recorded[attempt.like?].end.as_ref());
    notes.extend(bodies.filter_map(|(_, outcome)| about_answer(outcome)));
    if !fields.is_empty() && made.request.body.as_ref().is_some_and(holds_masks) {
        notes.push("its body contains masked values (***), so the real change is unknown".to_owned());
    }
    notes.dedup();
    let fate = if fields.is_empty() { Fate::Unchanged } else { Fate::Changed };
    CallReport { step: made.step.clone(), method, address, fate, fields, notes }
}

/// Notes what is missing in a recorded answer.
fn about_answer(outcome: &CallOutcome) -> Option<String> {
    let (value, response) = match outcome {
        CallOutcome::Succeeded { output, .. } => (Some(&**output), None),
        CallOutcome::Failed(failure) => (None, failure.response.as_ref().and_then(|r| r.body.as_ref())),
    };
    if value.or(response).is_some_and(holds_masks) {
        return Some("the recorded answer contains masked values (***)".to_owned());
    }
    let cut = response
        .and_then(Value::as_str)
        .is_some_and(|text| text.ends_with(" bytes in total)") || text.ends_with(" bytes in all)"));
    cut.then(|| "only part of the recorded answer was kept".to_owned())
}

/// Compares started runs and emitted events ([`super::super::outcome`]) with the recorded ones.
pub(super) fn relatives(
    recording: Option<&Recording>,
    outcome: &Value,
    masks: &[Masks],
    whole: bool,
) -> Vec<CallReport> {
    let list = |name: &str| outcome.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let new: Vec<Deed> = list("runs").iter().map(started).chain(list("emitted").iter().map(sent)).collect();
    let recorded: Vec<Deed> = recording.map(recorded).unwrap_or_default();
    let mut left: Vec<Option<Deed>> = recorded.into_iter().map(Some).collect();
    let mut found: Vec<CallReport> = Vec::new();
    for deed in new {
        let like = left.iter().position(|other| other.as_ref().is_some_and(|other| other.fits(&deed)));
        let like = like.and_then(|place| left[place].take());
        let fields = match &like {
            Some(like) => differences(deed.part, Some(&like.content), Some(&deed.content), masks),
            None => Vec::new(),
        };
        let fate = match (&like, fields.is_empty()) {
            (None, _) => Fate::New,
            (Some(_), true) => Fate::Unchanged,
            (Some(_), false) => Fate::Changed,
        };
        found.push(deed.report(fate, fields));
    }
    if whole {
        found.extend(left.into_iter().flatten().map(|deed| deed.report(Fate::Gone, Vec::new())));
    }
    found
}

/// A started run or an emitted event.
struct Deed {
    step: String,
    method: &'static str,
    address: String,
    part: &'static str,
    content: Value,
}

impl Deed {
    fn fits(&self, other: &Self) -> bool {
        self.method == other.method
            && self.address == other.address
            && (self.step == other.step || other.step.is_empty())
    }

    fn report(self, fate: Fate, fields: Vec<FieldChange>) -> CallReport {
        let Self { step, address, .. } = self;
        CallReport { step, method: self.method.to_owned(), address, fate, fields, notes: Vec::new() }
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn started(run: &Value) -> Deed {
    let content = run.get("input").cloned().unwrap_or_default();
    Deed { step: text(run, "step"), method: "RUN", address: text(run, "workflow"), part: "input", content }
}

/// The content of an event without the time it was sent.
fn sent(event: &Value) -> Deed {
    let mut content = event.clone();
    if let Some(members) = content.as_object_mut() {
        members.remove("time");
    }
    Deed { step: String::new(), method: "EMIT", address: text(event, "type"), part: "event", content }
}

fn recorded(recording: &Recording) -> Vec<Deed> {
    let runs = recording.children.iter().map(|child| {
        let workflow = format!("{}/{}", child.request.namespace, child.request.name);
        started(&json!({ "step": child.step, "workflow": workflow, "input": *child.request.input }))
    });
    let events = recording.emitted.iter().map(|(step, event)| Deed { step: step.clone(), ..sent(event) });
    runs.chain(events).collect()
}

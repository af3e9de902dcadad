//! What a move would do, for people: which values change, and what the run does next.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use super::{Move, flattened, path};
use crate::compare::{FieldChange, differences, shown};
use crate::decide::Decision;
use crate::masks::Masks;
use crate::{Change, Coordinates, Opening, Record, Status, Time};

/// Steps whose values are listed.
const STEPS_MAX: usize = 100;

/// What a move would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// The version that the run has.
    pub from: String,
    /// The version that it is to have.
    pub to: String,
    /// How the run stands right after the move.
    pub status: Status,
    /// Calls whose recorded answers are used: none of them is made again.
    pub kept: usize,
    /// Steps that have another output under the new version.
    pub values: Vec<ValueChange>,
    /// What the run does next.
    pub next: Vec<NextStep>,
}

/// A step whose output differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueChange {
    /// Reference of the step in the new version.
    pub step: String,
    /// Field by field. Sensitive values are masked.
    pub fields: Vec<FieldChange>,
}

/// Something that the run does next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextStep {
    /// `call`, `wait`, `listen`, `run`, `emit`, `complete`, `stop` or `undo`.
    pub what: &'static str,
    /// Reference of the step; none of the run itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Of a call: its method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Of a call its address, of a run its workflow, of an event its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Of a call its body, of a run its input, of an event its data, of the end the output. Sensitive values are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Of a wait: its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Why the run would stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Preview {
    /// Of a move that was decided.
    pub(super) fn of(of: &Move<'_>, decision: &Decision) -> Self {
        let masks = [Masks::of(of.from), Masks::of(of.to)];
        let moved = decision.records.first().and_then(|record| match &record.change {
            Change::RunMoved(moved) => Some(moved.records()),
            _ => None,
        });
        let (records, after) = (moved.unwrap_or_default(), decision.records.get(1..).unwrap_or_default());
        let calls = |record: &&Record| matches!(record.change, Change::TaskCompleted { response: Some(_), .. });
        let shown = |value: &Value| masks.iter().fold(value.clone(), |value, masks| masks.value(&value));
        let mut next: Vec<NextStep> = after.iter().filter_map(|record| next(record, &shown)).collect();
        if next.is_empty() {
            next = waits(decision, of);
        }
        Self {
            from: of.from.workflow.version.clone(),
            to: of.to.workflow.version.clone(),
            status: decision.run.status,
            kept: records.iter().filter(calls).count(),
            values: values(&flattened(of.records), &records, &masks),
            next,
        }
    }
}

/// Outputs by the names of steps, visits and loop indices.
type Outputs<'r> = HashMap<(String, Coordinates), &'r Value>;

fn outputs(records: &[Record]) -> impl Iterator<Item = (&str, &Coordinates, &Value)> {
    let mut coordinates: HashMap<u32, &Coordinates> = HashMap::new();
    records.iter().filter_map(move |record| match &record.change {
        Change::TaskStarted { execution, beginning, .. } => {
            coordinates.insert(*execution, &beginning.coordinates);
            None
        }
        Change::TaskCompleted { execution, beginning, output, .. } => {
            let own = beginning.as_ref().map(|beginning| &beginning.coordinates);
            let coordinates = own.or_else(|| coordinates.get(execution).copied())?;
            Some((record.task.as_deref()?, coordinates, &**output))
        }
        _ => None,
    })
}

/// Steps of both versions whose outputs differ.
fn values(old: &[Record], new: &[Record], masks: &[Masks]) -> Vec<ValueChange> {
    let before: Outputs<'_> = outputs(old).map(|(step, of, output)| ((path(step), of.clone()), output)).collect();
    let changed = outputs(new).filter_map(|(step, of, output)| {
        let before = before.get(&(path(step), of.clone())).filter(|before| **before != output)?;
        let fields = differences("output", Some(before), Some(output), masks);
        Some(ValueChange { step: step.to_owned(), fields })
    });
    changed.take(STEPS_MAX).collect()
}

fn next(record: &Record, masked: &dyn Fn(&Value) -> Value) -> Option<NextStep> {
    let step = record.task.as_deref().map(str::to_owned);
    let what = |what| NextStep { step: step.clone(), ..NextStep::new(what) };
    Some(match &record.change {
        Change::TaskStarted { opening: Opening::Call(request), .. }
        | Change::AttemptStarted { request: Some(request), .. } => {
            let (method, address) = shown(request);
            let body = request.body.as_ref().map(masked);
            NextStep { method: Some(method), address: Some(address), body, ..what("call") }
        }
        Change::AttemptStarted { .. } => what("call"),
        Change::TaskStarted { opening: Opening::Wait(until), .. } => NextStep { until: Some(*until), ..what("wait") },
        Change::TaskStarted { opening: Opening::Listen(_), .. } => what("listen"),
        Change::TaskStarted { opening: Opening::Child(child), .. } => {
            let address = Some(format!("{}/{}", child.namespace, child.name));
            NextStep { address, body: Some(masked(&child.input)), ..what("run") }
        }
        Change::TaskCompleted { emitted: Some(event), .. } => {
            let address = event.get("type").and_then(Value::as_str).map(str::to_owned);
            NextStep { address, body: event.get("data").map(masked), ..what("emit") }
        }
        Change::RunCompleted { output } => NextStep { body: Some(masked(output)), ..what("complete") },
        Change::RunFaulted { error, .. } => NextStep { error: Some(words(error)), ..what("stop") },
        Change::CompensationStarted { error: Some(error), .. } | Change::RunStopping { error, .. } => {
            NextStep { error: Some(words(error)), ..what("undo") }
        }
        _ => return None,
    })
}

/// What the run goes on waiting for.
fn waits(decision: &Decision, of: &Move<'_>) -> Vec<NextStep> {
    let open = decision.run.open.iter().filter(|e| e.progress.is_waiting());
    let waits = open.map(|e| {
        let what = match &e.progress {
            crate::Progress::Wait { .. } => "wait",
            crate::Progress::Listen(_) => "listen",
            crate::Progress::Child(_) => "run",
            _ => "call",
        };
        let until = match &e.progress {
            crate::Progress::Wait { until } => Some(*until),
            _ => None,
        };
        NextStep { step: Some(of.to.task(e.task).reference.clone()), until, ..NextStep::new(what) }
    });
    waits.collect()
}

fn words(error: &crate::WorkflowError) -> String {
    error.detail.clone().or_else(|| error.title.clone()).unwrap_or_else(|| error.r#type.clone())
}

impl NextStep {
    fn new(what: &'static str) -> Self {
        Self { what, step: None, method: None, address: None, body: None, until: None, error: None }
    }
}

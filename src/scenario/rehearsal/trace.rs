//! The record of a rehearsal.

use super::schedule::Fault;
use super::step;
use crate::dsl::Definition;
use crate::machine::{Change, Record, Run, SchemaViolation, Time};

/// A rehearsal from its first commit to its end.
#[derive(Debug)]
pub struct Trace {
    /// Final state of the run.
    pub run: Run,
    /// The run's journal.
    pub journal: Vec<Record>,
    /// Every call that left the node, in order.
    pub sendings: Vec<Sending>,
    /// Commits that sent nothing and did not end the run. Calls of other branches may have been in flight.
    pub quiet: Vec<usize>,
    /// Why the workflow refused the input.
    pub refused: Option<Vec<SchemaViolation>>,
    /// People's acts that did not fit the run or came too late.
    pub refused_acts: Vec<String>,
    /// Why the rehearsal could not continue.
    pub problem: Option<String>,
    /// Violated invariants, each once.
    pub broken: Vec<String>,
    /// The final outcome as predicates see it.
    pub outcome: serde_json::Value,
    /// When it began.
    pub began: Time,
    /// When it ended.
    pub ended: Time,
}

/// A call that left the node.
#[derive(Debug, Clone)]
pub struct Sending {
    /// Name of the step.
    pub step: String,
    /// Number of the sending within the step, from 1.
    pub number: u32,
    /// HTTP method, upper case.
    pub method: String,
    /// URI as in the definition.
    pub uri: String,
    /// Query parameters, decoded.
    pub query: Vec<(String, String)>,
    /// Request body.
    pub body: Option<serde_json::Value>,
    /// Idempotency key.
    pub idempotency_key: String,
    /// Number of the commit that recorded the intent, from 1.
    pub commit: usize,
    /// HTTP status of the target's answer, even if the answer was lost.
    pub status: Option<u16>,
    /// Whether the target changed anything.
    pub acted: bool,
    /// Fault from the schedule.
    pub fault: Option<Fault>,
}

impl Trace {
    /// Final status of the run, or `refused`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        if self.refused.is_some() { "refused" } else { self.run.status.as_str() }
    }

    /// The last records as text.
    #[must_use]
    pub fn tail(&self, definition: &Definition, lines: usize) -> Vec<String> {
        let from = self.journal.len().saturating_sub(lines);
        self.journal[from..].iter().map(|record| self.line(definition, record)).collect()
    }

    fn line(&self, definition: &Definition, record: &Record) -> String {
        let milliseconds = (record.at - self.began).num_milliseconds();
        let step = record.task.as_deref().map(|task| step::name(definition, task)).unwrap_or_default();
        let attempt = record.attempt.map(|n| format!("#{n}")).unwrap_or_default();
        let said = match &record.change {
            Change::AttemptFailed { error, class, .. } => {
                let what = error.detail.as_deref().or(error.title.as_deref()).unwrap_or_default();
                format!("  {}: {what}", class.as_str())
            }
            Change::RunFaulted { error, attention, .. } => {
                format!("  {}: {}", attention.as_str(), error.detail.as_deref().unwrap_or_default())
            }
            Change::TaskFaulted { error, .. } | Change::CompensationStuck { error, .. } => {
                format!("  {}", error.detail.as_deref().unwrap_or_default())
            }
            _ => String::new(),
        };
        let seconds = format!("+{}.{:03} s", milliseconds / 1_000, milliseconds % 1_000);
        format!("{seconds:>12}  {:<20} {step}{attempt}{said}", record.change.kind()).trim_end().to_owned()
    }
}

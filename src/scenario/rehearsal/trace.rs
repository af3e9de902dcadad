//! What happened in one rehearsal.

use super::schedule::Fault;
use super::step;
use crate::dsl::Definition;
use crate::machine::{Change, Record, Run, SchemaViolation, Time};

/// A rehearsal from its first commit to its end.
#[derive(Debug)]
pub struct Trace {
    /// The run as it ended.
    pub run: Run,
    /// Its journal.
    pub journal: Vec<Record>,
    /// Every call that left the node, in order.
    pub sendings: Vec<Sending>,
    /// Commits that sent nothing and were not the run's end; calls of other branches may have been on their way.
    pub quiet: Vec<usize>,
    /// Why the workflow did not take the input.
    pub refused: Option<Vec<SchemaViolation>>,
    /// Acts of people that did not match the run, or came too late.
    pub refused_acts: Vec<String>,
    /// Why the rehearsal could not continue.
    pub problem: Option<String>,
    /// Invariants that did not hold at some time, each once.
    pub broken: Vec<String>,
    /// What predicates see at the end.
    pub outcome: serde_json::Value,
    /// When it began.
    pub began: Time,
    /// When it ended.
    pub ended: Time,
}

/// One call that left the node.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The step's name.
    pub step: String,
    /// Which sending of that step, from 1.
    pub number: u32,
    /// Upper case.
    pub method: String,
    /// As in the definition.
    pub uri: String,
    /// Decoded names and values.
    pub query: Vec<(String, String)>,
    /// What was sent.
    pub body: Option<serde_json::Value>,
    /// The step's key.
    pub idempotency_key: String,
    /// The commit that recorded the intent, from 1.
    pub commit: usize,
    /// What the target answered, whether or not the answer arrived.
    pub status: Option<u16>,
    /// Whether the target changed anything.
    pub acted: bool,
    /// What went wrong by the schedule.
    pub fault: Option<Fault>,
}

impl Trace {
    /// How the run ended: a status, or `refused`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        if self.refused.is_some() { "refused" } else { self.run.status.as_str() }
    }

    /// The last records, for people.
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

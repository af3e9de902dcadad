//! The result of a replay, as text and as JSON.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::calls::{CallReport, Fate};
use super::play::{Ended, Replayed};
use crate::machine::Time;
use crate::machine::compare::FieldChange;

/// Longest value in text output; JSON has the whole value.
const SHOWN_CHARS_MAX: usize = 120;

/// The result for all events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayReport {
    /// Workflow that was replayed.
    pub workflow: String,
    /// Includes events received at or after this time.
    pub since: Time,
    /// Includes events received before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Events in order of receipt.
    pub events: Vec<ReplayedEvent>,
    /// If there are more events than requested: when the first of them was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub further_since: Option<Time>,
}

/// Identifies an event.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventLabel {
    /// Our id.
    pub id: Uuid,
    /// The sender's id.
    pub event_id: String,
    /// Name of the source.
    pub source: String,
    /// CloudEvents `type`.
    pub r#type: String,
    /// When it was stored.
    pub received_at: Time,
}

/// The result for one event.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayedEvent {
    /// The event.
    pub event: EventLabel,
    /// The run that it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Uuid>,
    /// Version of that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<String>,
    /// Result of the replay.
    #[serde(flatten)]
    pub replayed: Replayed,
}

/// Counts of events by result.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    events: usize,
    unchanged: usize,
    changed: usize,
    unknown: usize,
    calls: Fates,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fates {
    unchanged: usize,
    changed: usize,
    new: usize,
    gone: usize,
}

impl ReplayReport {
    /// Whether anything would change.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.events.iter().any(|event| event.replayed.differs())
    }

    fn summary(&self) -> Summary {
        let mut summary = Summary { events: self.events.len(), ..Summary::default() };
        for ReplayedEvent { replayed, .. } in &self.events {
            match (&replayed.unknown, replayed.differs()) {
                (Some(_), _) => summary.unknown += 1,
                (None, true) => summary.changed += 1,
                (None, false) => summary.unchanged += 1,
            }
            for call in &replayed.calls {
                match call.fate {
                    Fate::Unchanged => summary.calls.unchanged += 1,
                    Fate::Changed => summary.calls.changed += 1,
                    Fate::New => summary.calls.new += 1,
                    Fate::Gone => summary.calls.gone += 1,
                }
            }
        }
        summary
    }

    /// Writes the report as a JSON object.
    ///
    /// # Errors
    /// The writer's.
    pub fn print_json(&self, out: &mut impl Write) -> io::Result<()> {
        let mut shown = serde_json::to_value(self)?;
        shown["summary"] = serde_json::to_value(self.summary())?;
        serde_json::to_writer_pretty(&mut *out, &shown)?;
        writeln!(out)
    }

    /// Writes the report as text: a line for each unchanged event, a block for each other one.
    ///
    /// # Errors
    /// The writer's.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let until = self.until.map(|until| format!(" until {}", moment(until))).unwrap_or_default();
        writeln!(out, "{}  events since {}{until}; nothing is sent or written", self.workflow, moment(self.since))?;
        for event in &self.events {
            print_event(out, event)?;
        }
        let Summary { events, unchanged, changed, unknown, calls } = self.summary();
        let events = plural(events, "event");
        writeln!(out, "{events}: {unchanged} unchanged, {changed} changed, {unknown} unknown after some point")?;
        let Fates { unchanged, changed, new, gone } = calls;
        writeln!(out, "calls: {unchanged} unchanged, {changed} changed, {new} new, {gone} no longer made")?;
        if let Some(since) = self.further_since {
            writeln!(out, "there are more events: raise --limit, or continue with --since {}", since.to_rfc3339())?;
        }
        Ok(())
    }
}

fn print_event(out: &mut impl Write, event: &ReplayedEvent) -> io::Result<()> {
    let ReplayedEvent { event: EventLabel { event_id, source, r#type, received_at, .. }, replayed, .. } = event;
    let sign = match (&replayed.unknown, replayed.differs()) {
        (Some(_), _) => '?',
        (None, true) => '~',
        (None, false) => '=',
    };
    let key = replayed.key.as_ref().map(|key| format!("  key {key}")).unwrap_or_default();
    writeln!(out, "\n{sign} {event_id}  {type} from {source}  {}{key}", moment(*received_at))?;
    match (&event.run, &event.recorded_by) {
        (Some(run), Some(by)) => writeln!(out, "    run {run}, recorded by {by}")?,
        _ => writeln!(out, "    no run of this workflow was recorded")?,
    }
    writeln!(out, "    {}", outcome(replayed))?;
    let differs = replayed.differs();
    for call in replayed.calls.iter().filter(|call| differs || !call.notes.is_empty()) {
        print_call(out, call)?;
    }
    for field in &replayed.output {
        writeln!(out, "    {}", field_line(field))?;
    }
    if let Some(why) = &replayed.unknown {
        writeln!(out, "    unknown from here: {why}")?;
    }
    for note in &replayed.notes {
        writeln!(out, "    note: {note}")?;
    }
    Ok(())
}

fn outcome(replayed: &Replayed) -> String {
    let said = |ended: &Ended| {
        let error = ended.error.as_ref();
        let why = error.and_then(|error| error.detail.as_ref().or(error.title.as_ref()));
        why.map_or_else(|| ended.status.clone(), |why| format!("{} ({})", ended.status, cut(why)))
    };
    let calls = plural(replayed.calls.len(), "call");
    match &replayed.recorded {
        Some(recorded) if *recorded == replayed.new => format!("{}, unchanged; {calls}", said(recorded)),
        _ if replayed.unknown.is_some() => {
            let recorded = replayed.recorded.as_ref().map_or_else(|| "nothing".to_owned(), said);
            format!("{recorded} -> unknown; {calls} so far")
        }
        Some(recorded) => format!("{} -> {}; {calls}", said(recorded), said(&replayed.new)),
        None => format!("nothing -> {}; {calls}", said(&replayed.new)),
    }
}

fn print_call(out: &mut impl Write, call: &CallReport) -> io::Result<()> {
    let CallReport { step, method, address, fate, fields, notes } = call;
    let (sign, what) = match fate {
        Fate::Unchanged => ('=', ""),
        Fate::Changed => ('~', "  changed"),
        Fate::New => ('+', "  new"),
        Fate::Gone => ('-', "  no longer made"),
    };
    writeln!(out, "    {sign} {step:24} {method:6} {address}{what}")?;
    for field in fields {
        writeln!(out, "        {}", field_line(field))?;
    }
    for note in notes {
        writeln!(out, "        note: {note}")?;
    }
    Ok(())
}

fn field_line(field: &FieldChange) -> String {
    let FieldChange { part, pointer, .. } = field;
    format!("{part}{}{pointer}: {}", if pointer.is_empty() { "" } else { " " }, sides([&field.recorded, &field.new]))
}

/// Old and new value.
pub(super) fn sides(values: [&Option<Value>; 2]) -> String {
    let side = |value: &Option<Value>| value.as_ref().map_or_else(|| "(absent)".to_owned(), |v| cut(&v.to_string()));
    values.map(side).join(" -> ")
}

pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

pub(super) fn moment(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn plural(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

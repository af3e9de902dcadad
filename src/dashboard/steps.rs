//! A timeline as rows of a page: every text, bar and link that the template shows, and nothing that it must decide.

use std::sync::Arc;

use serde_json::Value;

use super::badge::{self, Badge};
use super::chart::{self, Axis, Bar, Cut, Tick};
use super::faults::{self, Next};
use super::labels::{Label, label};
use super::pretty::{self, Pretty};
use super::timeline::{Attempt, NoteKind, State, Step, Timeline, Undoing};
use super::words::{Moment, duration, millis_between, plural};
use crate::dsl::Definition;
use crate::machine::view::masked;
use crate::machine::{Act, CallRequest, CancelMode, CompensationEnd, Role, Time};

/// Rows of attempts beyond this are left to the journal.
const ATTEMPTS_MAX: usize = 100;

/// The chart of a run.
pub struct Chart {
    /// Labels of the axis.
    pub ticks: Vec<Tick>,
    /// Idle times left out.
    pub cuts: Vec<Cut>,
    /// Steps and notes in order.
    pub rows: Vec<Row>,
}

/// One line of the timeline.
pub enum Row {
    /// An execution.
    Step(Box<StepRow>),
    /// Something else that happened.
    Note(NoteRow),
}

/// One execution of a task.
pub struct StepRow {
    /// For anchors and for keeping it open while the page refreshes.
    pub id: String,
    /// CSS class of its indentation, `d0` to `d5`.
    pub depth: String,
    /// What it is called.
    pub title: String,
    /// What it does.
    pub kind: String,
    /// `iteration 3`, `visit 2`, `round 2`
    pub which: Vec<String>,
    /// Where it stands.
    pub badge: Badge,
    /// `POST NetSuite /record/v1/customer`
    pub target: Option<String>,
    /// What became of its effect, or which case was taken.
    pub remark: Option<String>,
    /// The last fault in plain words, while it counts.
    pub fault: Option<String>,
    /// `3 tries`, when there was more than one.
    pub tries: Option<String>,
    /// How long it took.
    pub took: String,
    /// Pieces of its line in the chart.
    pub bars: Vec<Bar>,
    /// Begun.
    pub started: Moment,
    /// JSON pointer of the task.
    pub reference: String,
    /// Transformed input, where it is known.
    pub input: Option<Pretty>,
    /// Transformed output.
    pub output: Option<Pretty>,
    /// Tries of a call.
    pub attempts: Vec<AttemptRow>,
    /// Attempts that are not shown.
    pub attempts_left_out: usize,
    /// Whether the page shows it unfolded.
    pub open: bool,
    /// Whether a person must look at it.
    pub stuck: bool,
}

/// One try of a call.
pub struct AttemptRow {
    /// For keeping it open while the page refreshes.
    pub id: String,
    /// From 1.
    pub number: u32,
    /// How it ended.
    pub badge: Badge,
    /// Sent.
    pub started: Moment,
    /// How long it took.
    pub took: String,
    /// The fault in plain words.
    pub fault: Option<String>,
    /// `waited 2 s`
    pub waited: Option<String>,
    /// What was sent.
    pub request: Option<RequestRow>,
    /// What came back.
    pub response: Option<ResponseRow>,
    /// Whether the page shows it unfolded.
    pub open: bool,
}

/// What was sent.
pub struct RequestRow {
    /// Upper case.
    pub method: String,
    /// Where to: as called if it was, else as authored.
    pub url: String,
    /// As authored, and the key.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<Pretty>,
}

/// What came back.
pub struct ResponseRow {
    /// `429 Too Many Requests`
    pub status: String,
    /// Whether it counts as an error.
    pub is_error: bool,
    /// Selected ones.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<Pretty>,
}

/// What is no step.
pub struct NoteRow {
    /// When.
    pub at: Moment,
    /// Who did what.
    pub text: String,
    /// Why.
    pub reason: Option<String>,
}

/// Makes the rows.
#[must_use]
pub fn chart(timeline: &Timeline, definition: Option<&Definition>, now: Time) -> Chart {
    let axis = Axis::of(timeline, now);
    let page = Page { timeline, definition, axis: &axis, now };
    let mut notes = timeline.notes.iter().peekable();
    let mut rows = Vec::with_capacity(timeline.steps.len() + timeline.notes.len());
    for (place, step) in timeline.steps.iter().enumerate() {
        while let Some(note) = notes.next_if(|n| n.after_steps <= place) {
            rows.push(Row::Note(note_row(note)));
        }
        rows.push(Row::Step(Box::new(page.step(step))));
    }
    rows.extend(notes.map(|note| Row::Note(note_row(note))));
    Chart { ticks: axis.ticks(), cuts: axis.cuts(), rows }
}

struct Page<'a> {
    timeline: &'a Timeline,
    definition: Option<&'a Definition>,
    axis: &'a Axis,
    now: Time,
}

impl Page<'_> {
    fn step(&self, step: &Step) -> StepRow {
        let label = label(self.definition, step);
        let has_children = self.timeline.steps.iter().any(|s| s.parent == Some(step.execution));
        let sensitive = self.sensitive(step);
        let request = step.attempts.last().and_then(|a| a.request.as_deref());
        let shown = step.attempts.len().min(ATTEMPTS_MAX);
        let stuck = step.state == State::Stuck;
        StepRow {
            id: format!("step-{}", step.execution),
            depth: format!("d{}", step.depth.min(5)),
            which: which(step),
            badge: badge::of_step(step.state),
            target: request.map(target),
            remark: self.remark(step, &label),
            fault: self.fault(step),
            tries: (step.attempts.len() > 1).then(|| plural(step.attempts.len(), "try", "tries")),
            took: duration(millis_between(step.started_at, step.ended_at.unwrap_or(self.now))),
            bars: chart::bars(self.axis, step, has_children, self.now),
            started: step.started_at.into(),
            reference: step.reference.clone(),
            input: step.input.as_ref().map(|value| hidden(value, sensitive)),
            output: step.output.as_ref().map(|value| hidden(value, sensitive)),
            attempts: (0..shown).map(|place| self.attempt(step, place, stuck)).collect(),
            attempts_left_out: step.attempts.len() - shown,
            open: stuck,
            stuck,
            title: label.title,
            kind: label.kind,
        }
    }

    fn sensitive(&self, step: &Step) -> &[String] {
        let task = self.definition.and_then(|d| d.by_reference.get(&step.reference).map(|id| d.task(*id)));
        task.map_or(&[], |t| t.metadata.sensitive.as_slice())
    }

    fn remark(&self, step: &Step, label: &Label) -> Option<String> {
        let undone_by = |execution| self.timeline.step(execution).map(|s| s.state);
        let said = match step.undoing {
            Some(Undoing::By(by)) => match undone_by(by) {
                Some(State::Completed) => Some("undone later"),
                Some(State::Stuck) => Some("its undo is stuck"),
                Some(State::Skipped) => Some("left as it is"),
                _ => Some("being undone"),
            },
            Some(Undoing::LeftAsIs) => Some("left as it is"),
            None if label.pivot && step.state == State::Completed => Some("point of no return passed"),
            None => None,
        };
        said.map(str::to_owned).or_else(|| step.case.as_ref().map(|case| format!("went to {case}")))
    }

    /// A step's last fault, as long as it is what people should know about the step.
    fn fault(&self, step: &Step) -> Option<String> {
        if matches!(step.state, State::Completed | State::Skipped) {
            return None;
        }
        match step.attempts.last() {
            Some(attempt) if attempt.failure.is_some() => self.attempt_fault(step, step.attempts.len() - 1),
            _ => step.error.as_ref().map(faults::error_text),
        }
    }

    fn attempt_fault(&self, step: &Step, place: usize) -> Option<String> {
        let attempt = &step.attempts[place];
        let failure = attempt.failure.as_ref()?;
        let target = faults::target_name(attempt.request.as_deref());
        Some(faults::sentence(&target, failure, attempt.response.as_ref(), &self.next(step, place)))
    }

    fn next(&self, step: &Step, place: usize) -> Next {
        let attempt = &step.attempts[place];
        let ended_at = attempt.ended_at.unwrap_or(attempt.started_at);
        let retry_at = attempt.failure.as_ref().and_then(|f| f.retry_at);
        match (retry_at, step.attempts.get(place + 1)) {
            (Some(_), Some(next)) => Next::TriedAgain(millis_between(ended_at, next.started_at)),
            (Some(at), None) if step.state == State::Waiting => Next::TriesAgainAt(at.format("%H:%M:%S").to_string()),
            _ => Next::GaveUp,
        }
    }

    fn attempt(&self, step: &Step, place: usize, stuck: bool) -> AttemptRow {
        let attempt = &step.attempts[place];
        let last = place + 1 == step.attempts.len();
        let ended_at = attempt.ended_at.unwrap_or(self.now);
        let waited =
            step.attempts.get(place + 1).filter(|_| attempt.failure.as_ref().is_some_and(|f| f.retry_at.is_some()));
        AttemptRow {
            id: format!("step-{}-attempt-{place}", step.execution),
            number: attempt.number,
            badge: attempt_badge(attempt),
            started: attempt.started_at.into(),
            took: duration(millis_between(attempt.started_at, ended_at)),
            fault: self.attempt_fault(step, place),
            waited: waited.map(|next| format!("waited {}", duration(millis_between(ended_at, next.started_at)))),
            request: attempt.request.as_deref().map(|request| request_row(request, attempt)),
            response: self.response(step, attempt),
            open: last && (stuck || step.attempts.len() == 1),
        }
    }

    fn response(&self, step: &Step, attempt: &Attempt) -> Option<ResponseRow> {
        let response = attempt.response.as_ref()?;
        // A response whose body is the step's output is not recorded twice.
        let as_output = step.output.as_ref().filter(|_| attempt.failure.is_none());
        let body = response.body.as_ref().map(pretty::json);
        Some(ResponseRow {
            status: status_line(response.status),
            is_error: response.status >= 400,
            headers: response.headers.clone(),
            body: body.or_else(|| as_output.filter(|o| !o.is_null()).map(|o| hidden(o, self.sensitive(step)))),
        })
    }
}

fn hidden(value: &Arc<Value>, sensitive: &[String]) -> Pretty {
    if sensitive.is_empty() { pretty::json(value) } else { pretty::json(&masked(value, sensitive)) }
}

fn attempt_badge(attempt: &Attempt) -> Badge {
    let state = match (&attempt.failure, attempt.ended_at, &attempt.response) {
        (Some(_), ..) => State::Faulted,
        (None, None, _) => State::Running,
        (None, Some(_), Some(_)) => State::Completed,
        (None, Some(_), None) => State::Cancelled,
    };
    badge::of_step(state)
}

fn request_row(request: &CallRequest, attempt: &Attempt) -> RequestRow {
    let mut headers = request.headers.clone();
    headers.push(("Idempotency-Key".to_owned(), request.idempotency_key.clone()));
    headers.push(("traceparent".to_owned(), request.traceparent.clone()));
    RequestRow {
        method: request.method.clone(),
        url: attempt.response.as_ref().map_or_else(|| with_query(request), |r| r.url.clone()),
        headers,
        body: request.body.as_ref().map(pretty::json),
    }
}

fn with_query(request: &CallRequest) -> String {
    let mut url = request.uri.clone();
    for (place, (name, value)) in request.query.iter().enumerate() {
        url.push(if place == 0 && !url.contains('?') { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        url.push_str(value);
    }
    url
}

fn status_line(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

fn target(request: &CallRequest) -> String {
    let path = request.uri.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    format!("{} {} /{path}", request.method, faults::target_name(Some(request)))
}

fn which(step: &Step) -> Vec<String> {
    let c = &step.coordinates;
    let mut which = Vec::new();
    if !c.iteration.is_empty() {
        let path: Vec<String> = c.iteration.iter().map(|i| (i + 1).to_string()).collect();
        which.push(format!("iteration {}", path.join(".")));
    }
    if c.visit > 0 {
        which.push(format!("visit {}", c.visit + 1));
    }
    if c.round > 0 {
        which.push(format!("round {}", c.round + 1));
    }
    if let Role::Undo(_) = step.role {
        which.push("compensation".to_owned());
    }
    which
}

fn note_row(note: &super::timeline::Note) -> NoteRow {
    let (text, reason) = match &note.kind {
        NoteKind::Acted(act, reason) => (format!("{} {}", note.actor, acted(act)), reason.clone()),
        NoteKind::TakenOver => ("Another node went on with the run".to_owned(), None),
        NoteKind::UndoingBegan(steps, CompensationEnd::Compensated) => {
            (format!("Undoing began: {} to undo, last one first", plural(*steps, "step", "steps")), None)
        }
        NoteKind::UndoingBegan(steps, CompensationEnd::Cancelled) => {
            (format!("Undoing for the cancel began: {} to undo, last one first", plural(*steps, "step", "steps")), None)
        }
        NoteKind::Poisoned(detail) => {
            ("The run was parked: it kept stopping its nodes".to_owned(), Some(detail.clone()))
        }
    };
    NoteRow { at: note.at.into(), text, reason }
}

fn acted(act: &Act) -> &'static str {
    match act {
        Act::Retry { input: Some(_) } => "retried it with another input",
        Act::Retry { input: None } => "retried it",
        Act::Skip { .. } => "skipped the step",
        Act::Cancel { compensate: CancelMode::Compensate } => "cancelled it, undoing what was done",
        Act::Cancel { compensate: CancelMode::Abandon } => "cancelled it, leaving what was done",
        Act::Compensate => "asked to undo what was done",
        Act::Suspend => "suspended it",
        Act::Resume => "resumed it",
        Act::Dismiss => "dismissed it",
    }
}

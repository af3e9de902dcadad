//! The timeline as rows of a page: all texts, bars and links, so that the template decides nothing.

use std::sync::Arc;

use serde_json::Value;

use super::chart::{self, Axis, Bar, Cut, Tick};
use super::exchange::{self, RequestRow, ResponseRow};
use super::faults::{self, Next, Titles};
use super::labels::{Label, label};
use super::timeline::{Attempt, Note, NoteKind, State, Step, Timeline, Undoing};
use crate::dashboard::parts::badge::{self, Badge};
use crate::dashboard::parts::pretty::{Pretty, Shown};
use crate::dsl::Definition;
use crate::machine::masks::Masks;
use crate::machine::{Act, CompensationEnd, Role, Time};
use crate::words::{Moment, duration, error_text, millis_between, plural};

/// Maximum number of attempts shown per step; the journal has the rest.
const ATTEMPTS_MAX: usize = 100;

/// The chart of a run.
pub struct Chart {
    pub ticks: Vec<Tick>,
    /// Idle times that were cut.
    pub cuts: Vec<Cut>,
    /// Steps and notes, in order.
    pub rows: Vec<Row>,
}

/// A row of the timeline.
pub enum Row {
    /// An execution of a task.
    Step(Box<StepRow>),
    /// Another event in the run.
    Note(NoteRow),
}

/// An execution of a task.
pub struct StepRow {
    /// HTML id, for links and to keep it expanded when the page refreshes.
    pub id: String,
    /// CSS class of its indentation, `d0` to `d5`.
    pub depth: String,
    pub title: String,
    /// Kind of the task.
    pub kind: String,
    /// Coordinates, such as `iteration 3`, `visit 2`, `round 2`.
    pub which: Vec<String>,
    pub badge: Badge,
    /// Target of a call, such as `POST NetSuite /record/v1/customer`.
    pub target: Option<String>,
    /// State of its effect, or the case that was taken.
    pub remark: Option<String>,
    /// The run that it started.
    pub child: Option<String>,
    /// The last fault in plain words.
    pub fault: Option<String>,
    /// CSS class of the fault: recovered, waiting, or final.
    pub fault_class: &'static str,
    /// Acts of people on this step.
    pub acts: Vec<NoteRow>,
    /// Number of attempts, such as `3 tries`, if there was more than one.
    pub tries: Option<String>,
    /// Duration.
    pub took: String,
    /// Bars of the chart.
    pub bars: Vec<Bar>,
    pub started: Moment,
    /// JSON pointer of the task.
    pub reference: String,
    /// Transformed input, if it is known.
    pub input: Option<Pretty>,
    /// Transformed output.
    pub output: Option<Pretty>,
    /// Attempts of a call.
    pub attempts: Vec<AttemptRow>,
    /// Number of attempts that are not shown.
    pub attempts_left_out: usize,
    /// Whether the page shows it expanded.
    pub open: bool,
    /// Whether it waits for a person.
    pub stuck: bool,
}

/// An attempt of a call.
pub struct AttemptRow {
    /// HTML id, to keep it expanded when the page refreshes.
    pub id: String,
    /// Number of the attempt, from 1.
    pub number: u32,
    /// Outcome of the attempt.
    pub badge: Badge,
    /// Time at which it was sent.
    pub started: Moment,
    /// Duration.
    pub took: String,
    /// The fault in plain words.
    pub fault: Option<String>,
    /// CSS class of the fault, as for a step.
    pub fault_class: &'static str,
    /// What happened before the next attempt, such as `waited 2 s`.
    pub between: Option<String>,
    pub request: Option<RequestRow>,
    pub response: Option<ResponseRow>,
    /// Whether the page shows it expanded.
    pub open: bool,
}

/// A row that is not a step.
pub struct NoteRow {
    pub at: Moment,
    /// Who did what.
    pub text: String,
    /// The reason given, if any.
    pub reason: Option<String>,
}

/// Converts a timeline to rows.
#[must_use]
pub fn chart(timeline: &Timeline, definition: Option<&Definition>, masks: &Masks, titles: &Titles, now: Time) -> Chart {
    let axis = Axis::of(timeline, now);
    let page = Page { timeline, definition, masks, titles, axis: &axis, now, shown: Shown::default() };
    let mut notes = timeline.notes.iter().filter(|n| !is_about_a_step(n)).peekable();
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

/// Whether a note is a retry or skip, which is shown with the step that it is about.
fn is_about_a_step(note: &Note) -> bool {
    note.about.is_some() && matches!(note.kind, NoteKind::Acted(Act::Retry { .. } | Act::Skip { .. }, _))
}

struct Page<'a> {
    timeline: &'a Timeline,
    definition: Option<&'a Definition>,
    masks: &'a Masks,
    titles: &'a Titles,
    axis: &'a Axis,
    now: Time,
    shown: Shown,
}

impl Page<'_> {
    fn step(&self, step: &Step) -> StepRow {
        let label = label(self.definition, step);
        let has_children = self.timeline.steps.iter().any(|s| s.parent == Some(step.execution));
        let show = |value: &Arc<Value>| self.shown.json(&self.masks.value(value));
        let request = step.attempts.last().and_then(|a| a.request.as_deref());
        let shown = step.attempts.len().min(ATTEMPTS_MAX);
        let stuck = step.state == State::Stuck;
        StepRow {
            id: format!("step-{}", step.execution),
            depth: format!("d{}", step.depth.min(5)),
            which: which(step),
            badge: self.badge(step),
            target: request.map(|request| exchange::target(request, self.titles)),
            remark: self.remark(step, &label),
            child: step.child.map(|run| run.to_string()),
            fault: self.fault(step),
            fault_class: match step.state {
                State::Completed | State::Skipped => "",
                State::Faulted if self.timeline.is_handled(step) => "",
                State::Running | State::Waiting => "fault-for-now",
                State::Faulted | State::Stuck | State::Cancelled => "fault",
            },
            acts: self.acts_about(step).map(note_row).collect(),
            tries: (step.attempts.len() > 1).then(|| plural(step.attempts.len(), "try", "tries")),
            took: took(millis_between(step.started_at, step.ended_at.unwrap_or(self.now))),
            bars: self.bars(step, has_children),
            started: step.started_at.into(),
            reference: step.reference.clone(),
            input: step.input.as_ref().or(step.given.as_ref()).filter(|v| !v.is_null()).map(show),
            output: step.output.as_ref().filter(|v| !v.is_null()).map(show),
            attempts: (0..shown).map(|place| self.attempt(step, place, stuck)).collect(),
            attempts_left_out: step.attempts.len() - shown,
            open: stuck,
            stuck,
            title: label.title,
            kind: label.kind,
        }
    }

    fn bars(&self, step: &Step, has_children: bool) -> Vec<Bar> {
        let mut bars = chart::bars(self.axis, step, has_children, self.now);
        if self.timeline.is_handled(step) {
            bars.iter_mut().filter(|bar| bar.class == "failed").for_each(|bar| bar.class = "handled");
        }
        bars
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
        let waits = || {
            let types = step.listening.as_ref().filter(|_| step.state == State::Waiting)?;
            Some(if types.is_empty() {
                "waits for an event".to_owned()
            } else {
                format!("waits for {}", types.join(", "))
            })
        };
        said.map(str::to_owned).or_else(|| step.case.as_ref().map(|case| format!("chose {case}"))).or_else(waits)
    }

    fn badge(&self, step: &Step) -> Badge {
        let inside = self.timeline.stuck.and_then(|id| self.timeline.step(id)).is_some_and(|s| s.depth > step.depth);
        match (step.state, step.role) {
            (State::Running, _) if inside => Badge { label: "Stopped inside", ..badge::of_step(State::Waiting) },
            (State::Faulted, _) if self.timeline.is_handled(step) => {
                Badge { label: "Failed, handled", class: "handled", ..badge::of_step(State::Faulted) }
            }
            (State::Completed, Role::Undo(_)) => Badge { label: "Undone", ..badge::of_run("compensated") },
            (state, _) => badge::of_step(state),
        }
    }

    fn acts_about(&self, step: &Step) -> impl Iterator<Item = &Note> {
        let id = step.execution;
        self.timeline.notes.iter().filter(move |n| n.about == Some(id) && is_about_a_step(n))
    }

    /// Returns the last fault of a step.
    fn fault(&self, step: &Step) -> Option<String> {
        let failed = step.attempts.iter().rposition(|a| a.failure.is_some());
        failed.and_then(|place| self.attempt_fault(step, place)).or_else(|| step.error.as_ref().map(error_text))
    }

    fn attempt_fault(&self, step: &Step, place: usize) -> Option<String> {
        let attempt = &step.attempts[place];
        let failure = attempt.failure.as_ref()?;
        let target = faults::target_name(attempt.request.as_deref(), self.titles);
        Some(faults::sentence(&target, failure, attempt.response.as_ref(), &self.next(step, place)))
    }

    fn next(&self, step: &Step, place: usize) -> Next {
        let attempt = &step.attempts[place];
        let ended_at = attempt.ended_at.unwrap_or(attempt.started_at);
        let retry_at = attempt.failure.as_ref().and_then(|f| f.retry_at);
        match (retry_at, step.attempts.get(place + 1)) {
            (Some(_), Some(next)) => Next::TriedAgain(millis_between(ended_at, next.started_at)),
            (Some(at), None) if step.state == State::Waiting => Next::TriesAgainAt(at.format("%H:%M:%S").to_string()),
            _ if self.timeline.is_handled(step) => Next::Handled,
            _ => Next::GaveUp,
        }
    }

    fn attempt(&self, step: &Step, place: usize, stuck: bool) -> AttemptRow {
        let attempt = &step.attempts[place];
        let last = place + 1 == step.attempts.len();
        let ended_at = attempt.ended_at.unwrap_or(self.now);
        // A response whose body is the step's output is not recorded twice.
        let as_output = step.output.as_deref().filter(|output| attempt.failure.is_none() && !output.is_null());
        let as_output = as_output.map(|output| self.masks.value(output));
        AttemptRow {
            id: format!("step-{}-attempt-{place}", step.execution),
            number: attempt.number,
            badge: match attempt_badge(attempt) {
                badge if self.timeline.is_handled(step) => Badge { class: "handled", ..badge },
                badge => badge,
            },
            started: attempt.started_at.into(),
            took: duration(millis_between(attempt.started_at, ended_at)),
            fault: self.attempt_fault(step, place),
            fault_class: match (last, step.state) {
                (false, _) | (true, State::Waiting) => "fault-for-now",
                (true, State::Faulted) if self.timeline.is_handled(step) => "",
                (true, _) => "fault",
            },
            between: self.between(step, place),
            request: attempt.request.as_deref().map(|r| exchange::request(r, attempt, self.masks, &self.shown)),
            response: exchange::response(attempt, as_output, self.masks, &self.shown),
            open: last && (stuck || step.attempts.len() == 1),
        }
    }

    /// Describes what happened between an attempt and the next one.
    fn between(&self, step: &Step, place: usize) -> Option<String> {
        let (this, next) = (&step.attempts[place], step.attempts.get(place + 1)?);
        let ended_at = this.ended_at?;
        let gap = duration(millis_between(ended_at, next.started_at));
        let act = self.acts_about(step).find(|n| n.at >= ended_at && n.at <= next.started_at).map(note_row);
        match act {
            Some(NoteRow { text, reason: Some(reason), .. }) => Some(format!("{text} after {gap}: “{reason}”")),
            Some(NoteRow { text, .. }) => Some(format!("{text} after {gap}")),
            None => this.failure.as_ref().and_then(|f| f.retry_at).map(|_| format!("waited {gap}")),
        }
    }
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

/// Formats a duration; below a millisecond the number would be meaningless.
fn took(millis: i64) -> String {
    if millis == 0 { "< 1 ms".to_owned() } else { duration(millis) }
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
    which
}

fn note_row(note: &Note) -> NoteRow {
    let (text, reason) = match &note.kind {
        NoteKind::Acted(act, reason) => {
            let pause = note.pause_ms.filter(|_| *act == Act::Resume);
            let after = pause.map(|ms| format!(" after a pause of {}", duration(ms))).unwrap_or_default();
            match &note.approval {
                None => (format!("{} {}{after}", note.actor, act.told()), reason.clone()),
                Some((by, approval_reason)) => {
                    let why = reason.as_ref().map(|reason| format!(" (“{reason}”)")).unwrap_or_default();
                    let proposed = format!("{} proposed to {}{why}", note.actor, act.wanted());
                    (format!("{proposed}, {by} approved it{after}"), approval_reason.clone())
                }
            }
        }
        NoteKind::TakenOver => ("Another node took over the run".to_owned(), None),
        NoteKind::UndoingBegan(steps, CompensationEnd::Compensated) => {
            (format!("Undo started: {}, last one first", plural(*steps, "step", "steps")), None)
        }
        NoteKind::UndoingBegan(steps, CompensationEnd::Rewound) => {
            (format!("Undo before the retry started: {}, last one first", plural(*steps, "step", "steps")), None)
        }
        NoteKind::UndoingBegan(steps, CompensationEnd::Cancelled) => {
            (format!("Undo before cancelling started: {}, last one first", plural(*steps, "step", "steps")), None)
        }
        NoteKind::Poisoned(detail) => {
            ("The run was stopped: its nodes crashed repeatedly".to_owned(), Some(detail.clone()))
        }
    };
    NoteRow { at: note.at.into(), text, reason }
}

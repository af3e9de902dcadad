//! A run in a few sentences: its status, why it needs attention, and what can be done.

use super::labels::label;
use super::steps::{Chart, Row, StepRow};
use super::timeline::{NoteKind, State, Step, Timeline};
use crate::dsl::Definition;
use crate::machine::{Act, Role, Time};
use crate::words::{duration, error_text, millis_between, plural};

/// The text at the top of a run's page.
#[derive(Debug, PartialEq, Eq)]
pub struct Story {
    /// CSS class: `attention`, `calm` or `good`.
    pub class: &'static str,
    /// Title in a few words.
    pub title: String,
    /// What happened.
    pub text: Option<String>,
    /// What to do next.
    pub advice: Option<&'static str>,
}

/// Describes a run.
#[must_use]
pub fn tell(
    status: &str,
    attention: Option<&str>,
    timeline: &Timeline,
    definition: Option<&Definition>,
    chart: &Chart,
    now: Time,
) -> Option<Story> {
    let stuck = timeline.stuck.and_then(|id| timeline.step(id)).map(|s| label(definition, s).title);
    if let Some(attention) = attention {
        return Some(needs_a_person(attention, stuck.as_deref(), timeline, chart));
    }
    let calm = |title: String, text: Option<String>| Some(Story { class: "calm", title, text, advice: None });
    let took = timeline.started_at.zip(timeline.ended_at).map(|(from, to)| duration(millis_between(from, to)));
    let cause = || cause(timeline, chart).or_else(|| timeline.error.as_ref().map(error_text));
    match status {
        "waiting" => {
            let step = timeline.steps.iter().rev().find(|s| s.state == State::Waiting)?;
            let Some(until) = step.waits.last().map(|w| w.until) else {
                return calm(
                    format!("“{}” is waiting for {}", label(definition, step).title, awaited(definition, step)),
                    None,
                );
            };
            let title = format!("“{}” {}", label(definition, step).title, waits(step, until, now));
            calm(title, row_of(chart, step).and_then(|row| row.fault.clone()))
        }
        "pending" if timeline.queued => calm("Queued: a run with the same key comes first".to_owned(), None),
        "suspended" => calm("Suspended: no new step starts until someone resumes it".to_owned(), last_reason(timeline)),
        "compensating" => calm("Undoing completed steps, last one first".to_owned(), cause()),
        "compensated" => calm("Failed; completed steps were undone".to_owned(), cause()),
        "cancelled" => calm("Cancelled".to_owned(), last_reason(timeline)),
        "faulted" => calm("Failed; dismissed by a person".to_owned(), cause()),
        "completed" => {
            let steps = timeline.steps.iter().filter(|s| s.state == State::Completed).count();
            let title = format!("Completed: {} in {}", plural(steps, "step", "steps"), took?);
            Some(Story { class: "good", title, text: None, advice: None })
        }
        _ => None,
    }
}

/// Describes what went wrong, from the step where it did.
fn cause(timeline: &Timeline, chart: &Chart) -> Option<String> {
    let failed = |s: &&Step| s.state == State::Faulted && s.error.is_some() && !belongs_to_undo(timeline, s);
    let named = timeline.error.as_ref().and_then(|error| error.instance.as_deref());
    let named = timeline.steps.iter().rev().filter(failed).find(|s| Some(s.reference.as_str()) == named);
    let row = row_of(chart, named.or_else(|| timeline.steps.iter().rev().find(failed))?)?;
    row.fault.as_ref().map(|fault| format!("{}: {fault}", row.title))
}

/// Whether a step undoes another, or is part of one that does. Its failure is not the reason for undoing.
fn belongs_to_undo(timeline: &Timeline, step: &Step) -> bool {
    let mut step = Some(step);
    while let Some(at) = step {
        if at.role != Role::Step {
            return true;
        }
        step = at.parent.and_then(|parent| timeline.step(parent));
    }
    false
}

fn waits(step: &Step, until: Time, now: Time) -> String {
    let clock = until.format("%H:%M:%S");
    let left = duration(millis_between(now, until));
    match (step.error.is_some(), until > now) {
        (true, true) => format!("will be retried at {clock} UTC, in {left}"),
        (true, false) => "is being retried".to_owned(),
        (false, true) => format!("is waiting until {clock} UTC, {left} from now"),
        (false, false) => "is continuing".to_owned(),
    }
}

/// What a step waits for if it does not wait for a time.
fn awaited(definition: Option<&Definition>, step: &Step) -> &'static str {
    let task = definition.and_then(|d| d.by_reference.get(&step.reference).map(|id| d.task(*id)));
    match task {
        _ if step.child.is_some() => "another run",
        Some(task) if task.metadata.question.is_some() => "a person's answer",
        _ => "an event",
    }
}

fn row_of<'a>(chart: &'a Chart, step: &Step) -> Option<&'a StepRow> {
    let id = format!("step-{}", step.execution);
    chart.rows.iter().find_map(|row| match row {
        Row::Step(row) if row.id == id => Some(&**row),
        _ => None,
    })
}

fn needs_a_person(attention: &str, stuck: Option<&str>, timeline: &Timeline, chart: &Chart) -> Story {
    let step = stuck.unwrap_or("a step");
    let row = timeline.stuck.and_then(|id| timeline.step(id)).and_then(|s| row_of(chart, s));
    let fault = row.and_then(|r| r.fault.clone()).or_else(|| timeline.error.as_ref().map(error_text));
    let (title, text, advice) = match attention {
        "faulted" => (
            stuck.map_or_else(|| "Stopped".to_owned(), |step| format!("Stopped at {step}")),
            fault,
            "Fix the cause, then retry: the run continues from this step, and completed steps are not repeated. \
             Or skip the step and give the output to use instead, or cancel the run.",
        ),
        "compensation_stuck" => (
            format!("The undo is incomplete: {step} failed permanently"),
            fault,
            "Fix the cause, then retry the undo. If you undid it by hand, skip it: the steps before it are then undone.",
        ),
        "unknown_outcome" => (
            format!("It is unknown whether {step} took effect"),
            fault,
            "It must not be sent twice, so check in the target system first. If it took effect, skip the step and give \
             the answer it would have returned. If it did not, retry.",
        ),
        "poison" => (
            "Stopped: the nodes that executed it crashed repeatedly".to_owned(),
            poisoned(timeline).or(fault),
            "Check the input and the next step before you retry. Cancel the run if you cannot fix either.",
        ),
        _ => ("Needs attention".to_owned(), fault, "The journal below shows what happened."),
    };
    Story { class: "attention", title, text, advice: Some(advice) }
}

fn poisoned(timeline: &Timeline) -> Option<String> {
    timeline.notes.iter().rev().find_map(|note| match &note.kind {
        NoteKind::Poisoned(detail) => Some(detail.clone()),
        _ => None,
    })
}

/// Who suspended or cancelled it, and why.
fn last_reason(timeline: &Timeline) -> Option<String> {
    timeline.notes.iter().rev().find_map(|note| {
        let NoteKind::Acted(Act::Suspend | Act::Cancel { .. }, reason) = &note.kind else { return None };
        let who = match &note.approval {
            Some((by, _)) => format!("{}, approved by {by}", note.actor),
            None => note.actor.clone(),
        };
        Some(reason.as_ref().map_or_else(|| format!("By {who}"), |reason| format!("{who}: “{reason}”")))
    })
}

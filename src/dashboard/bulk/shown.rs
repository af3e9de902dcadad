//! Parts of the pages of bulk acts.

use serde_json::Value;
use uuid::Uuid;

use super::Filled;
use crate::dashboard::parts::badge::{self, Badge};
use crate::dashboard::parts::pretty::{self, Pretty};
use crate::engine::runs::bulk::{BulkItem, BulkView, Sample};
use crate::machine::acts::Field;
use crate::machine::{ActKind, RunId};

use crate::words::{Moment, plural};

/// An act to choose.
pub struct ActChoice {
    pub value: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    pub chosen: bool,
    /// Whether it asks what becomes of completed steps, and what was answered.
    pub asks_undo: Option<String>,
    /// Whether it asks for a version, and which was named.
    pub asks_version: Option<String>,
    /// Whether it takes an expression that changes inputs, and which was given.
    pub takes_edit: Option<String>,
}

/// A run that was looked at closely.
pub struct Looked {
    pub run: RunId,
    pub name: String,
    pub said: String,
    pub before: Option<Pretty>,
    pub after: Option<Pretty>,
}

impl Looked {
    pub fn of(sample: &Sample) -> Self {
        let kept =
            sample.kept.map(|kept| format!("fits, with {}", plural(kept, "recorded answer", "recorded answers")));
        Self {
            run: sample.run,
            name: sample.key.clone().unwrap_or_else(|| sample.run.to_string()),
            said: sample.why_not.clone().or(kept).unwrap_or_default(),
            before: sample.before.as_ref().map(pretty::json),
            after: sample.after.as_ref().map(pretty::json),
        }
    }
}

/// The acts that one can do to many runs.
pub fn choices(filled: &Filled) -> Vec<ActChoice> {
    let choice = |kind: &ActKind| ActChoice {
        value: kind.name(),
        label: kind.about().title,
        help: kind.about().help_many,
        chosen: kind.name() == filled.act,
        asks_undo: kind.takes(Field::Compensate).then(|| filled.compensate.clone()),
        asks_version: kind.takes(Field::To).then(|| filled.to.clone()),
        takes_edit: kind.takes(Field::Edit).then(|| filled.edit.clone()),
    };
    ActKind::ALL.iter().map(choice).collect()
}

/// A filter in words: `attention any, workflow crm-erp/closed-won`.
pub fn filter_text(filter: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        other => other.to_string(),
    };
    let parts = filter.as_object().into_iter().flatten().map(|(name, value)| match name.as_str() {
        "fingerprint" => "one cause".to_owned(),
        "q" => format!("key or id starts with {}", text(value)),
        "unacknowledged" => "work did not happen, not acknowledged".to_owned(),
        "attention" if value == "any" => "needs attention".to_owned(),
        name => format!("{name} {}", text(value)),
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// A bulk act as pages show it.
pub struct Card {
    pub id: Uuid,
    pub title: String,
    pub state: Badge,
    pub note: String,
    pub filter: String,
    pub reason: Option<String>,
    pub rate: Option<String>,
    pub more: bool,
    pub by: String,
    pub since: Moment,
    pub ended: Option<Moment>,
    pub total: i32,
    pub settled: i32,
    pub counts: Vec<(&'static str, &'static str, i32)>,
    pub pauses: bool,
    pub resumes: bool,
    pub stops: bool,
}

impl Card {
    pub fn of(bulk: BulkView) -> Self {
        let counts = bulk.counts;
        let left = if bulk.status == "stopped" { ("left", "left as they are") } else { ("waiting", "waiting") };
        Self {
            id: bulk.id,
            title: format!(
                "{} {}",
                bulk.act.parse::<ActKind>().map_or(bulk.act.as_str(), |kind| kind.about().verb),
                crate::words::plural(usize::try_from(counts.total).unwrap_or(0), "run", "runs")
            ),
            state: state(&bulk.status),
            filter: filter_text(&bulk.filter),
            pauses: matches!(bulk.status.as_str(), "running"),
            resumes: matches!(bulk.status.as_str(), "trial" | "paused"),
            stops: !bulk.has_ended(),
            note: bulk.note,
            reason: bulk.reason,
            rate: bulk.rate.map(|rate| rate.to_string()),
            more: bulk.more,
            by: bulk.created_by,
            since: bulk.created_at.into(),
            ended: bulk.finished_at.map(Moment::from),
            total: counts.total,
            settled: counts.done + counts.failed_again + counts.refused + counts.proposed,
            counts: [
                ("done", "done", counts.done),
                ("failed_again", "failed again", counts.failed_again),
                ("refused", "refused", counts.refused),
                ("proposed", "need a second person", counts.proposed),
                ("in_progress", "in progress", counts.in_progress),
                (left.0, left.1, counts.waiting),
            ]
            .into_iter()
            .filter(|(_, _, number)| *number > 0)
            .collect(),
        }
    }
}

fn state(status: &str) -> Badge {
    match status {
        "running" => Badge { label: "Running", ..badge::of_run("running") },
        "trial" => Badge { label: "Waits after its trial", ..badge::of_run("waiting") },
        "paused" => Badge { label: "Paused", ..badge::of_run("suspended") },
        "stopped" => Badge { label: "Stopped", ..badge::of_run("cancelled") },
        _ => Badge { label: "Done", ..badge::of_run("completed") },
    }
}

/// A link to the runs with one result.
pub struct Tab {
    pub label: String,
    pub href: String,
    pub current: bool,
}

pub fn tabs(card: &Card, result: &str) -> Vec<Tab> {
    let all =
        Tab { label: format!("{} in all", card.total), href: address(card.id, "", 0), current: result.is_empty() };
    let of = |(name, label, number): &(&'static str, &str, i32)| Tab {
        label: format!("{number} {label}"),
        href: address(card.id, name, 0),
        current: *name == result,
    };
    std::iter::once(all).chain(card.counts.iter().map(of)).collect()
}

/// The page of a bulk act with some of its runs.
pub fn address(id: Uuid, result: &str, after: i32) -> String {
    let result = if result.is_empty() { String::new() } else { format!("result={}", encoded(result)) };
    let after = if after > 0 { format!("after={after}") } else { String::new() };
    let query: Vec<String> = [result, after].into_iter().filter(|part| !part.is_empty()).collect();
    if query.is_empty() { format!("/bulk/{id}") } else { format!("/bulk/{id}?{}", query.join("&")) }
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A run of a bulk act.
pub struct Line {
    pub run: RunId,
    pub name: String,
    pub workflow: Option<String>,
    pub result: Badge,
    pub detail: Option<String>,
    pub proposal: Option<Uuid>,
    pub status: Option<Badge>,
    pub attention: Option<Badge>,
    pub at: Option<Moment>,
}

impl Line {
    pub fn of(item: BulkItem) -> Self {
        let result = match item.result.as_str() {
            "done" => Badge { label: "Done", ..badge::of_run("completed") },
            "failed_again" => Badge { label: "Failed again", ..badge::of_run("faulted") },
            "refused" => Badge { label: "Refused", ..badge::of_run("cancelled") },
            "proposed" => Badge { label: "Needs a second person", ..badge::of_run("waiting") },
            "in_progress" => Badge { label: "In progress", ..badge::of_run("running") },
            "left" => Badge { label: "Left as it is", ..badge::of_run("pending") },
            _ => Badge { label: "Waiting", ..badge::of_run("pending") },
        };
        Self {
            run: item.run,
            name: item.key.unwrap_or_else(|| item.run.to_string()),
            workflow: item.workflow.map(|workflow| format!("{}/{}", workflow.namespace, workflow.name)),
            result,
            detail: item.detail,
            proposal: item.proposal,
            status: item.status.as_deref().map(badge::of_run),
            attention: item.attention.as_deref().map(badge::of_attention),
            at: item.at.map(Moment::from),
        }
    }
}

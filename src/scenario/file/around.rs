//! `acts`, `events`, `tasks` and `runs` of a scenario: what happens around its run besides calls.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::read::{duration, items};
use super::{PlannedAct, PlannedEvent, PlannedTask, PlayedRun, RunEnd};
use crate::dsl::is_user_name;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::machine::{Actor, ErrorKind, WorkflowError};

pub(super) fn acts<'s>(list: Node<'s>, report: &mut Report<'s>) -> Vec<PlannedAct> {
    let nodes: Vec<Node<'s>> = items(list, report).collect();
    nodes.into_iter().filter_map(|node| planned_act(node, report)).collect()
}

fn planned_act<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<PlannedAct> {
    let node = report.closed(node, &["act", "after", "input", "output", "confirm", "compensate", "from", "edit"])?;
    let after = match node.get("after") {
        Some(after) => Some(duration(after, report)?),
        None => None,
    };
    let mut act = node.to_value();
    let members = act.as_object_mut()?;
    members.shift_remove("after");
    // As in the API, these are kinds of retries.
    if members.get("act").is_some_and(|act| act == "retry") {
        let kind = ["edit", "from"].into_iter().find(|field| members.contains_key(*field));
        let kind = kind.map(|field| if field == "edit" { "edit" } else { "rewind" });
        members.extend(kind.map(|kind| ("act".to_owned(), kind.into())));
    }
    match serde_json::from_value(act) {
        Ok(act) => Some(PlannedAct { act, after }),
        Err(why) => {
            let hint =
                "as in { act: retry }, { act: skip, output: {} }, { act: cancel, compensate: abandon }".to_owned();
            report.error_with_hint(node, format!("this is not an action of a person: {why}"), hint);
            None
        }
    }
}

pub(super) fn events<'s>(list: Node<'s>, report: &mut Report<'s>) -> Vec<PlannedEvent> {
    let nodes: Vec<Node<'s>> = items(list, report).collect();
    nodes.into_iter().enumerate().filter_map(|(index, node)| planned_event(index, node, report)).collect()
}

fn planned_event<'s>(index: usize, node: Node<'s>, report: &mut Report<'s>) -> Option<PlannedEvent> {
    let node = report.closed(node, &["after", "event"])?;
    let after = match node.get("after") {
        Some(after) => Some(duration(after, report)?),
        None => None,
    };
    let given = report.required(node, "event").and_then(|event| report.object(event))?;
    for name in ["type", "source"] {
        report.required(given, name).and_then(|attribute| report.text(attribute));
    }
    let mut event = Map::new();
    event.insert("specversion".to_owned(), "1.0".into());
    event.insert("id".to_owned(), format!("event-{}", index + 1).into());
    event.extend(given.entries().map(|(name, value)| (name.to_owned(), value.to_value())));
    event.entry("data").or_insert(Value::Null);
    Some(PlannedEvent { event: Arc::new(Value::Object(event)), after })
}

/// The person who decides if a scenario names nobody.
const SOMEBODY: &str = "scenario";

pub(super) fn tasks<'s>(list: Node<'s>, report: &mut Report<'s>) -> Vec<PlannedTask> {
    let nodes: Vec<Node<'s>> = items(list, report).collect();
    nodes.into_iter().filter_map(|node| planned_task(node, report)).collect()
}

fn planned_task<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<PlannedTask> {
    let node = report.closed(node, &["step", "answer", "by", "reason", "after"])?;
    let after = match node.get("after") {
        Some(after) => Some(duration(after, report)?),
        None => None,
    };
    let answer = report.required(node, "answer")?.to_value();
    let by = match node.get("by") {
        Some(by) => report.text(by)?,
        None => SOMEBODY,
    };
    if !is_user_name(by) {
        report.error(node.get("by").unwrap_or(node), format!("{by:?} cannot be the name of a user"));
        return None;
    }
    let text = |name: &str, report: &mut Report<'s>| report.optional_text(node, name);
    let (step, reason) = (text("step", report), text("reason", report));
    Some(PlannedTask { step, answer, by: Actor(format!("user:{by}")), reason, after })
}

pub(super) fn runs<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<(String, Vec<PlayedRun>)> {
    let Some(node) = report.object(node) else { return Vec::new() };
    let mut runs = Vec::new();
    for (step, list) in node.entries() {
        // A single run need not be in a list.
        let nodes: Vec<Node<'s>> = if list.is_object() { vec![list] } else { items(list, report).collect() };
        if nodes.is_empty() {
            report.error(list, format!("`{step}` has no run"));
        }
        runs.push((step.to_owned(), nodes.into_iter().filter_map(|node| played_run(node, report)).collect()));
    }
    runs
}

fn played_run<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<PlayedRun> {
    const ENDS: [(&str, usize); 5] =
        [("completed", 0), ("compensated", 1), ("faulted", 2), ("cancelled", 3), ("refused", 4)];
    let node = report.closed(node, &["status", "output", "undoable", "error", "after"])?;
    let after = node.get("after").map_or(Some(Duration::ZERO), |after| duration(after, report))?;
    let end = node.get("status").map_or(Some(0), |status| report.word(status, &ENDS))?;
    let error = match node.get("error") {
        Some(error) => Some(workflow_error(error, report)?),
        None => None,
    };
    let end = match end {
        0 => RunEnd::Completed {
            output: node.get("output").map(Node::to_value).unwrap_or_default(),
            undoable: node.get("undoable").map_or(Some(false), |undoable| report.boolean(undoable))?,
        },
        1 => RunEnd::Compensated(error),
        2 => RunEnd::Faulted(error),
        3 => RunEnd::Cancelled,
        _ => RunEnd::Refused(error),
    };
    Some(PlayedRun { end, after })
}

/// Reads an error as a workflow sees it. Unless a type is given, it is a runtime error.
fn workflow_error<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<WorkflowError> {
    let node = report.closed(node, &["type", "status", "title", "detail"])?;
    let text = |name: &str, report: &mut Report<'s>| report.optional_text(node, name);
    let mut error = WorkflowError::standard(ErrorKind::Runtime, "failed", "the scenario says so");
    error.r#type = text("type", report).unwrap_or(error.r#type);
    error.title = text("title", report).or(error.title);
    error.detail = text("detail", report).or(error.detail);
    if let Some(status) = node.get("status") {
        error.status = u16::try_from(report.whole_number(status, 599)?).unwrap_or(error.status);
    }
    Some(error)
}

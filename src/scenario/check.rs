//! Compares the result of a rehearsal with the expectation. Each difference is a text with the place, the expected and
//! the actual value.

use std::sync::Arc;

use serde_json::Value;

use super::file::Expect;
use super::rehearsal::step;
use super::rehearsal::trace::Trace;
use crate::dsl::Definition;
use crate::expr::{Expression, Template};

/// Longest value shown.
const SHOWN_CHARS_MAX: usize = 200;

/// Returns all differences from what a scenario expects.
#[must_use]
pub fn differences(definition: &Definition, expect: &Expect, trace: &Trace) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(trace.problem.clone());
    found.extend(trace.refused_acts.iter().map(|refused| format!("acts: {refused}")));
    if let Some(status) = expect.status.as_deref().filter(|expected| *expected != trace.status()) {
        found.push(format!("status: expected {status}, found {}{}", trace.status(), because(trace)));
    }
    let attention = trace.run.attention.map(crate::machine::Attention::as_str);
    if let Some(expected) = expect.attention.as_deref().filter(|expected| Some(*expected) != attention) {
        found.push(format!("attention: expected {expected}, found {}", attention.unwrap_or("none")));
    }
    if let Some(expected) = &expect.output {
        let output = trace.run.output.as_deref().unwrap_or(&Value::Null);
        compare(expected, output, Fields::All, "output", &mut found);
    }
    if let Some(expected) = &expect.error {
        let error = serde_json::to_value(&trace.run.error).unwrap_or_default();
        compare(expected, &error, Fields::Named, "error", &mut found);
    }
    if let Some(expected) = &expect.calls {
        found.extend(calls(expected, trace));
    }
    found.extend(journal(definition, &expect.journal, trace));
    for expression in &expect.holds {
        if let Err(why) = holds(expression, &trace.outcome) {
            let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
            found.push(format!("holds: {} is not true{why}", cut(expression.text().trim())));
        }
    }
    found
}

/// Explains an unexpected status.
fn because(trace: &Trace) -> String {
    if let Some(violation) = trace.refused.as_ref().and_then(|violations| violations.first()) {
        return format!("; the input is refused at {:?}: {}", violation.pointer, violation.message);
    }
    let error = trace.run.error.as_ref();
    let Some(why) = error.and_then(|error| error.detail.as_ref().or(error.title.as_ref())) else {
        return String::new();
    };
    let at = error.and_then(|error| error.instance.as_deref()).unwrap_or("the run");
    format!("; {at} failed: {why}")
}

/// Checks that a predicate is true. The error says why it has no value, if it has none.
pub(super) fn holds(predicate: &Expression, of: &Value) -> Result<(), Option<String>> {
    match predicate.evaluate(&Arc::new(of.clone()), &[]) {
        Ok(Value::Bool(true)) => Ok(()),
        Ok(Value::Bool(false)) => Err(None),
        Ok(other) => Err(Some(format!("it gives {}", shown(&other)))),
        Err(why) => Err(Some(why.to_string())),
    }
}

/// Whether fields that the expectation does not name are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fields {
    All,
    Named,
}

fn compare(expected: &Template, found: &Value, fields: Fields, at: &str, differences: &mut Vec<String>) {
    match expected {
        Template::Literal(value) => compare_values(value, found, fields, at, differences),
        Template::Expression(predicate) | Template::Loose(predicate, _) => {
            if let Err(why) = holds(predicate, found) {
                let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
                differences.push(format!(
                    "{at}: {} is not true of {}{why}",
                    cut(predicate.text().trim()),
                    shown(found)
                ));
            }
        }
        Template::Array(items) => match found.as_array().filter(|list| list.len() == items.len()) {
            Some(list) => {
                for (index, (item, found)) in items.iter().zip(list).enumerate() {
                    compare(item, found, fields, &format!("{at}/{index}"), differences);
                }
            }
            None => differences.push(format!("{at}: expected a list of {}, found {}", items.len(), shown(found))),
        },
        Template::Object(entries) => {
            let Some(object) = found.as_object() else {
                return differences.push(format!("{at}: expected an object, found {}", shown(found)));
            };
            for (name, expected) in entries {
                let at = format!("{at}/{name}");
                match object.get(name) {
                    Some(found) => compare(expected, found, fields, &at, differences),
                    None => differences.push(format!("{at}: is missing")),
                }
            }
            strangers(object, |name| entries.iter().any(|(known, _)| known == name), fields, at, differences);
        }
    }
}

fn compare_values(expected: &Value, found: &Value, fields: Fields, at: &str, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(wanted), Value::Object(object)) => {
            for (name, expected) in wanted {
                let at = format!("{at}/{name}");
                match object.get(name) {
                    Some(found) => compare_values(expected, found, fields, &at, differences),
                    None => differences.push(format!("{at}: is missing, expected {}", shown(expected))),
                }
            }
            strangers(object, |name| wanted.contains_key(name), fields, at, differences);
        }
        (Value::Array(wanted), Value::Array(list)) if wanted.len() == list.len() => {
            for (index, (expected, found)) in wanted.iter().zip(list).enumerate() {
                compare_values(expected, found, fields, &format!("{at}/{index}"), differences);
            }
        }
        _ if same(expected, found) => {}
        _ => differences.push(format!("{at}: expected {}, found {}", shown(expected), shown(found))),
    }
}

fn strangers(
    object: &serde_json::Map<String, Value>,
    known: impl Fn(&str) -> bool,
    fields: Fields,
    at: &str,
    differences: &mut Vec<String>,
) {
    if fields == Fields::Named {
        return;
    }
    for (name, value) in object.iter().filter(|(name, _)| !known(name)) {
        differences.push(format!("{at}/{name}: expected nothing, found {}", shown(value)));
    }
}

/// Equality that compares numbers by value: 3 equals 3.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || (a.as_f64().is_some() && a.as_f64() == b.as_f64()),
        _ => a == b,
    }
}

/// Compares the sequence of calls; marks missing (-) and additional (+) ones.
fn calls(expected: &[String], trace: &Trace) -> Option<String> {
    let found: Vec<&str> = trace.sendings.iter().map(|sending| sending.step.as_str()).collect();
    let fits = |(written, step): &(&String, &&str)| step::matches(written, step);
    let before = expected.iter().zip(&found).take_while(fits).count();
    if before == expected.len() && before == found.len() {
        return None;
    }
    let room = expected.len().min(found.len()) - before;
    let after = expected.iter().rev().zip(found.iter().rev()).take_while(fits).count().min(room);
    let mut lines = vec!["calls: expected -, found +".to_owned()];
    lines.extend(found[..before].iter().map(|step| format!("    {step}")));
    lines.extend(expected[before..expected.len() - after].iter().map(|written| format!("  - {written}")));
    lines.extend(found[before..found.len() - after].iter().map(|step| format!("  + {step}")));
    lines.extend(found[found.len() - after..].iter().map(|step| format!("    {step}")));
    Some(lines.join("\n"))
}

/// Returns the first expected record that does not follow the ones before it.
fn journal(definition: &Definition, expected: &[String], trace: &Trace) -> Option<String> {
    let mut records = trace.journal.iter();
    for (index, wanted) in expected.iter().enumerate() {
        let (kind, about) = wanted.split_once(' ').map_or((wanted.as_str(), None), |(kind, step)| (kind, Some(step)));
        let is_it = |record: &crate::machine::Record| {
            let step = || record.task.as_deref().map(|task| step::name(definition, task)).unwrap_or_default();
            record.change.kind() == kind && about.is_none_or(|about| step::matches(about.trim(), &step()))
        };
        if !records.any(is_it) {
            let after = match index.checked_sub(1).map(|before| &expected[before]) {
                Some(before) => format!(" after {before:?}"),
                None => String::new(),
            };
            return Some(format!("journal: no {wanted:?}{after}"));
        }
    }
    None
}

fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

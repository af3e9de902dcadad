//! Validates definitions against the official JSON Schema of the language: what it refuses is never deployed.
//!
//! The builder's messages are better, so the schema is used only if the builder found nothing.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

use super::mistake::{Report, shortened};
use super::source::{self, Node, Source};

const SCHEMA_TEXT: &str = include_str!("../../../../schema/serverless-workflow-1.0.3.yaml");

/// Returns the schema as JSON.
pub fn schema() -> Value {
    let source = source::read("serverless-workflow-1.0.3.yaml", SCHEMA_TEXT).expect("the embedded schema is YAML");
    source.root().to_value()
}

static SCHEMA: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::options().offline().build(&schema()).expect("the embedded schema is a JSON Schema"));

/// Validates a whole document.
pub fn check<'s>(source: &'s Source, report: &mut Report<'s>) {
    let mut document = source.root().to_value();
    admit_plain_sources(&mut document);
    for (pointer, why) in refusals(&document) {
        report.error(source.nearest(&pointer), message(&why));
    }
}

/// Validates one function of a catalog as the only task of a document.
pub fn check_task<'s>(name: &str, task: Node<'s>, report: &mut Report<'s>) {
    let document = json!({
        "document": {"dsl": "1.0.3", "namespace": "catalog", "name": "function", "version": "0.0.0"},
        "do": [{name: task.to_value()}],
    });
    if let Some((_, why)) = refusals(&document).into_iter().next() {
        report.error(task, message(&why));
    }
}

fn message(why: &str) -> String {
    format!("the language's official schema refuses this: {}", shortened(why))
}

/// Returns pointer and reason of each innermost refusal. A refused part also makes everything around it invalid, which
/// is not reported.
fn refusals(document: &Value) -> Vec<(String, String)> {
    let all: Vec<(String, String)> = SCHEMA
        .iter_errors(document)
        .map(|error| {
            let cause = cause(&error);
            (cause.instance_path().to_string(), cause.masked().to_string())
        })
        .collect();
    let is_inside = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    let innermost = |pointer: &str| !all.iter().any(|(other, _)| is_inside(other, pointer));
    all.iter().filter(|(pointer, _)| innermost(pointer)).cloned().collect()
}

/// Returns the deepest error below a choice: the branch that matched furthest is the one the author meant.
fn cause<'e>(error: &'e ValidationError<'e>) -> &'e ValidationError<'e> {
    let branches = match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => context,
        _ => return error,
    };
    let depth = |e: &ValidationError<'_>| e.instance_path().to_string().matches('/').count();
    let causes = branches.iter().filter_map(|branch| branch.iter().map(cause).max_by_key(|e| depth(e)));
    causes.max_by_key(|e| depth(e)).filter(|found| depth(found) > depth(error)).unwrap_or(error)
}

/// The schema requires a URI as `source` of an event filter, but the hub has plain names. The builder checks those.
fn admit_plain_sources(document: &mut Value) {
    let Some(on) = document.pointer_mut("/schedule/on") else { return };
    let mut filters: Vec<&mut Value> = Vec::new();
    if let Value::Object(on) = on {
        for (key, value) in on {
            match (key.as_str(), value) {
                ("any", Value::Array(items)) => filters.extend(items),
                ("one", one) => filters.push(one),
                _ => {}
            }
        }
    }
    for filter in filters {
        if let Some(Value::String(source)) = filter.pointer_mut("/with/source")
            && !source.contains("://")
            && !source.contains("${")
        {
            source.insert_str(0, "plain://");
        }
    }
}

//! What a target answered. The raw output of each call stands in the journal: as the task's output where nothing was made of it, beside
//! it otherwise. So an answer can be given again to a definition that makes something else of it.

use std::sync::Arc;

use serde_json::Value;

use crate::{ErrorKind, ResponseSummary, TargetEffect, WorkflowError, same_error_type};
use stepwell_language::dsl::{Definition, TaskKind};

const NO_CONTENT: u16 = 204;

/// What a call gave, before its task made `output` of it.
#[must_use]
pub fn raw(definition: &Definition, reference: &str, output: &Arc<Value>, response: &ResponseSummary) -> Arc<Value> {
    if let Some(body) = &response.body {
        return Arc::new(body.clone());
    }
    // An empty body leaves no trace beside an output that was made of it.
    let typed = response.headers.iter().any(|(name, _)| name == "content-type");
    let empty = response.status == NO_CONTENT || !typed;
    if empty && transforms(definition, reference) { Arc::default() } else { Arc::clone(output) }
}

fn transforms(definition: &Definition, reference: &str) -> bool {
    let Some(task) = definition.by_reference.get(reference).map(|id| definition.task(*id)) else { return false };
    let inside = match &task.kind {
        TaskKind::Call(call) => call.function.as_ref().is_some_and(|f| f.output.r#as.is_some()),
        _ => false,
    };
    inside || task.output.r#as.is_some()
}

/// The answer of an attempt that failed only because its task could make nothing of it.
#[must_use]
pub fn of_no_use(
    error: &WorkflowError,
    effect: TargetEffect,
    response: Option<&ResponseSummary>,
) -> Option<Arc<Value>> {
    let of = |kind: ErrorKind| same_error_type(&error.r#type, &WorkflowError::standard(kind, "", "").r#type);
    let response = response.filter(|response| (200..300).contains(&response.status))?;
    let is_made_nothing_of = effect == TargetEffect::Acted && (of(ErrorKind::Expression) || of(ErrorKind::Validation));
    is_made_nothing_of.then(|| Arc::new(response.body.clone().unwrap_or_default()))
}

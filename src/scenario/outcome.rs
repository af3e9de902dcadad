//! The outcome that predicates see: the run, its calls, and the sandbox's records.

use serde_json::{Value, json};

use super::rehearsal::relatives::Relatives;
use super::rehearsal::trace::Sending;
use crate::machine::Run;

/// The outcome so far as JSON.
pub(super) fn of(
    run: &Run,
    status: &str,
    sendings: &[Sending],
    relatives: &Relatives,
    memory: Value,
    sandbox: Option<(Value, Value)>,
) -> Value {
    let (emitted, runs) = relatives.outcome();
    let mut outcome = json!({
        "run": {
            "status": status,
            "attention": run.attention.map(crate::machine::Attention::as_str),
            "input": *run.input,
            "context": *run.context,
            "output": run.output.as_deref(),
            "error": run.error,
        },
        "calls": sendings.iter().map(call).collect::<Vec<_>>(),
        "emitted": emitted,
        "runs": runs,
        "memory": memory,
    });
    if let (Some(object), Some((records, ledger))) = (outcome.as_object_mut(), sandbox) {
        if let Value::Object(systems) = records {
            object.extend(systems);
        }
        object.insert("ledger".to_owned(), ledger);
    }
    outcome
}

/// A call that left the node.
pub(super) fn call(sending: &Sending) -> Value {
    json!({
        "step": sending.step,
        "sending": sending.number,
        "method": sending.method,
        "uri": sending.uri,
        "query": query(&sending.query),
        "body": sending.body,
        "idempotencyKey": sending.idempotency_key,
        "status": sending.status,
        "acted": sending.acted,
    })
}

/// Query values by name; the last of a repeated name.
fn query(pairs: &[(String, String)]) -> Value {
    pairs
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

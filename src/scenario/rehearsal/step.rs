//! Names of calls: by their step, even if the call itself is inside a function.

use std::fmt::Write as _;

use crate::dsl::{Definition, TaskKind};

/// Returns the name of the call at this reference: `createOrder`; `findCustomer/read` inside a function;
/// `undo:createCustomer` for a compensation; `reconcile:createOrder` for a question about an outcome.
#[must_use]
pub fn name(definition: &Definition, reference: &str) -> String {
    for (part, prefix) in [("/metadata/compensate", "undo:"), ("/metadata/reconcile", "reconcile:")] {
        if let Some(at) = reference.rfind(part) {
            let owner = last_part(&reference[..at]);
            return format!("{prefix}{owner}{}", inside(definition, reference, at + part.len()));
        }
    }
    match functions_of(definition, reference, 0).next() {
        Some((name, end)) => name + &inside(definition, reference, end),
        None => last_part(reference).to_owned(),
    }
}

/// Whether a name written by an author means this step, either in full or without the part inside its function.
#[must_use]
pub fn matches(written: &str, step: &str) -> bool {
    step.strip_prefix(written).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Names of the tasks between byte `from` of a reference and its call, as `/a/b`.
fn inside(definition: &Definition, reference: &str, from: usize) -> String {
    let mut path = String::new();
    for (name, _) in functions_of(definition, reference, from + 1) {
        let _ = write!(path, "/{name}");
    }
    if reference.len() > from {
        let _ = write!(path, "/{}", last_part(reference));
    }
    path
}

/// Calls of functions that enclose the call, outermost first, with the end of each one's reference.
fn functions_of<'a>(
    definition: &'a Definition,
    reference: &'a str,
    from: usize,
) -> impl Iterator<Item = (String, usize)> + 'a {
    let ends = reference.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at);
    ends.filter(move |at| *at >= from).filter_map(|end| {
        let id = definition.by_reference.get(&reference[..end])?;
        let task = definition.task(*id);
        matches!(task.kind, TaskKind::Function { .. }).then(|| (task.name.clone(), end))
    })
}

/// Returns the last part of a JSON pointer, still escaped.
fn last_part(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

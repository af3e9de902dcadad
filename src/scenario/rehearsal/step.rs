//! What people call a call: by the step that it belongs to, wherever its function keeps it.

use std::fmt::Write as _;

use crate::dsl::{Definition, TaskKind};

/// The name of the call at this reference: `createOrder`, `findCustomer/read` inside a function, `undo:createCustomer` where
/// it undoes, `reconcile:createOrder` where it asks its outcome.
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

/// Whether a name as an author writes it means this step: in full, or without the part inside its function.
#[must_use]
pub fn matches(written: &str, step: &str) -> bool {
    step.strip_prefix(written).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Names of the tasks on the way from byte `from` of a reference down to its call, as `/a/b`.
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

/// Calls of functions above the call itself, outermost first, with the end of each one's reference.
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

/// The last part of a JSON pointer as it was written.
fn last_part(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

//! `identifiers:` in `hub.yaml`: of a source, and of the hub's own memory.

use std::collections::BTreeMap;

use crate::dsl::mapping::Sides;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::identifiers::{Declared, FORMS, Form, Identifiers};

/// Reads `salesforce-18: [Id, AccountId]`: a form, and the fields whose identifiers have it.
pub(in crate::hub) fn of_source<'s>(node: Node<'s>, report: &mut Report<'s>) -> Identifiers {
    let mut found = Identifiers::default();
    for (key, node) in report.closed_or_nothing(node, &FORMS.map(|(name, _)| name)).entries() {
        let Some((_, form)) = FORMS.iter().find(|(name, _)| *name == key) else { continue };
        let Some(node) = report.list(node) else { continue };
        let names = node.items().filter_map(|name| report.text(name).map(str::to_owned)).collect();
        found.0.insert(*form, names);
    }
    found
}

/// Reads `links: { contact: { crm: salesforce-18 } }, batches: { catalog: case-insensitive }`: the forms of ids in the
/// hub's memory. `sides` has the side names that the mappings use.
pub(super) fn declared<'s>(node: Node<'s>, sides: &BTreeMap<String, Sides>, report: &mut Report<'s>) -> Declared {
    let entries = report.closed_or_nothing(node, &["links", "batches"]);
    let mut found = Declared::default();
    if let Some(node) = entries.get("links") {
        for (key, node) in report.object_or_nothing(node).entries() {
            let sides = sides.get(key).cloned().unwrap_or_default();
            let entries = report.closed_or_nothing(node, &sides.names());
            found.links.insert(key.to_owned(), forms(entries, report));
        }
    }
    if let Some(node) = entries.get("batches") {
        let names = report.object_or_nothing(node);
        found.batches = forms(names, report);
    }
    found
}

/// Reads the form of each entry.
fn forms<'s>(entries: Node<'s>, report: &mut Report<'s>) -> BTreeMap<String, Form> {
    let mut found = BTreeMap::new();
    for (key, node) in entries.entries() {
        let Some(text) = report.text(node) else { continue };
        match FORMS.iter().find(|(name, _)| *name == text) {
            Some((_, form)) => drop(found.insert(key.to_owned(), *form)),
            None => {
                let hint = format!("write one of {}", FORMS.map(|(name, _)| name).join(", "));
                report.error_with_hint(node, format!("{text:?} is not a form of identifiers"), Some(hint));
            }
        }
    }
    found
}

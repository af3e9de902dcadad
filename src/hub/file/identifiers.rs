//! `identifiers:` in `hub.yaml`: of a source, and of what the hub remembers.

use std::collections::BTreeMap;

use super::yaml::{Content, Entry, Mistakes, Node, entry};
use crate::dsl::mapping::Side;
use crate::identifiers::{Declared, FORMS, Form, Identifiers};

/// `salesforce-18: [Id, AccountId]`: the form, and the names of the fields that hold such identifiers.
pub(in crate::hub) fn of_source(node: &Node, mistakes: &mut Mistakes) -> Identifiers {
    let mut found = Identifiers::default();
    for Entry { key, node, .. } in mistakes.entries(node, &FORMS.map(|(name, _)| name)) {
        let Some((_, form)) = FORMS.iter().find(|(name, _)| *name == key.as_str()) else { continue };
        let Content::List(names) = &node.content else {
            let hint = "write the names of fields: `salesforce-18: [Id, AccountId]`".to_owned();
            mistakes.at(node, "a list of names is expected", Some(hint));
            continue;
        };
        let names = names.iter().filter_map(|name| mistakes.text(name).map(str::to_owned)).collect();
        found.0.insert(*form, names);
    }
    found
}

/// `links: { contact: { crm: salesforce-18 } }, batches: { catalog: case-insensitive }`: the forms of ids in the hub's memory.
pub(super) fn declared(node: &Node, mistakes: &mut Mistakes) -> Declared {
    let entries = mistakes.entries(node, &["links", "batches"]);
    let mut found = Declared::default();
    if let Some(node) = entry(entries, "links") {
        for Entry { key, node, .. } in mistakes.map(node) {
            let sides = mistakes.entries(node, &Side::BOTH.map(Side::as_str));
            found.links.insert(key.clone(), forms(sides, mistakes));
        }
    }
    if let Some(node) = entry(entries, "batches") {
        let names = mistakes.map(node);
        found.batches = forms(names, mistakes);
    }
    found
}

/// The form of each entry.
fn forms(entries: &[Entry], mistakes: &mut Mistakes) -> BTreeMap<String, Form> {
    let mut found = BTreeMap::new();
    for Entry { key, node, .. } in entries {
        let Some(text) = mistakes.text(node) else { continue };
        match FORMS.iter().find(|(name, _)| *name == text) {
            Some((_, form)) => drop(found.insert(key.clone(), *form)),
            None => {
                let hint = format!("write one of {}", FORMS.map(|(name, _)| name).join(", "));
                mistakes.at(node, format!("{text:?} is not a form of identifiers"), Some(hint));
            }
        }
    }
    found
}

//! `secrets:` of `hub.yaml`: secrets that definitions may use, in which namespaces and towards which hosts.

use std::collections::BTreeMap;

use super::connection::hosts;
use super::yaml::{Content, Entry, Mistakes, Node, entry};
use crate::dsl::{Release, Releases};

pub(super) fn releases(node: &Node, mistakes: &mut Mistakes) -> Releases {
    let mut by_name: BTreeMap<String, Release> = BTreeMap::new();
    for Entry { key, node, .. } in mistakes.map(node) {
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let hint = "use letters, digits and _, as in `${ $secrets.NAME }`".to_owned();
            mistakes.at(node, format!("{key:?} is not a valid name of a secret"), Some(hint));
        }
        if let Some(other) = by_name.keys().find(|other| other.eq_ignore_ascii_case(key)) {
            let message = format!("`{key}` and `{other}` are the same environment variable: release it under one name");
            mistakes.at(node, message, None);
        }
        by_name.insert(key.clone(), release(node, mistakes));
    }
    Releases::new(by_name)
}

/// Both parts must be there: a secret without hosts could be sent anywhere.
fn release(node: &Node, mistakes: &mut Mistakes) -> Release {
    let entries = mistakes.entries(node, &["namespaces", "hosts"]);
    let mut list = |key: &str, what: &str| {
        let found = entry(entries, key);
        if !found.is_some_and(|node| matches!(&node.content, Content::List(items) if !items.is_empty())) {
            mistakes.at(found.unwrap_or(node), format!("a released secret needs `{key}`: a list of {what}"), None);
            return None;
        }
        found
    };
    let namespaces = list("namespaces", "the namespaces whose definitions may use it");
    let to = list("hosts", "the hosts that it may be sent to");
    Release {
        namespaces: namespaces.map(|node| names(node, mistakes)).unwrap_or_default(),
        hosts: to.map(|node| hosts(node, mistakes)).unwrap_or_default(),
    }
}

fn names(node: &Node, mistakes: &mut Mistakes) -> Vec<String> {
    let Content::List(items) = &node.content else { return Vec::new() };
    let mut found = Vec::new();
    for item in items {
        let Some(text) = mistakes.text(item) else { continue };
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let hint = "write `document.namespace` of the definitions that may use it".to_owned();
            mistakes.at(item, format!("{text:?} is not a namespace"), Some(hint));
        }
        found.push(text.to_owned());
    }
    found
}

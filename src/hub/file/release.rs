//! `secrets:` of `hub.yaml`: which secrets definitions may use, in which namespaces, and to which hosts they may be
//! sent.

use std::collections::BTreeMap;

use super::connection::hosts;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::dsl::{Release, Releases};

pub(super) fn releases<'s>(node: Node<'s>, report: &mut Report<'s>) -> Releases {
    let mut by_name: BTreeMap<String, Release> = BTreeMap::new();
    for (key, node) in report.object_or_nothing(node).entries() {
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let hint = "use letters, digits and _, as in `${ $secrets.NAME }`".to_owned();
            report.error_with_hint(node, format!("{key:?} is not a valid name of a secret"), Some(hint));
        }
        if let Some(other) = by_name.keys().find(|other| other.eq_ignore_ascii_case(key)) {
            let message = format!("`{key}` and `{other}` are the same environment variable: release it under one name");
            report.error(node, message);
        }
        by_name.insert(key.to_owned(), release(node, report));
    }
    Releases::new(by_name)
}

/// Both parts are required: a secret without hosts could be sent anywhere.
fn release<'s>(node: Node<'s>, report: &mut Report<'s>) -> Release {
    let entries = report.closed_or_nothing(node, &["namespaces", "hosts"]);
    let mut list = |key: &str, what: &str| {
        let found = entries.get(key);
        if found.is_none_or(|node| node.items().next().is_none()) {
            report.error(found.unwrap_or(node), format!("a released secret needs `{key}`: a list of {what}"));
            return None;
        }
        found
    };
    let namespaces = list("namespaces", "the namespaces whose definitions may use it");
    let to = list("hosts", "the hosts that it may be sent to");
    Release {
        namespaces: namespaces.map(|node| names(node, report)).unwrap_or_default(),
        hosts: to.map(|node| hosts(node, report)).unwrap_or_default(),
    }
}

fn names<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<String> {
    let mut found = Vec::new();
    for item in node.items() {
        let Some(text) = report.text(item) else { continue };
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let hint = "write `document.namespace` of the definitions that may use it".to_owned();
            report.error_with_hint(item, format!("{text:?} is not a namespace"), Some(hint));
        }
        found.push(text.to_owned());
    }
    found
}

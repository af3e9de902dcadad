//! `sinks:` of `hub.yaml`: where events emitted by runs are sent.

use std::collections::BTreeMap;

use super::literals::is_told;
use crate::connect::Connection;
use crate::dsl::mistake::{Report, did_you_mean};
use crate::dsl::source::Node;
use crate::engine::Sink;

/// Reads a sink; `None` if its address is missing or invalid.
pub(super) fn sink<'s>(
    name: &str,
    node: Node<'s>,
    connections: &BTreeMap<String, Connection>,
    report: &mut Report<'s>,
) -> Option<Sink> {
    let entries = report.closed_or_nothing(node, &["endpoint", "types", "lifecycle"]);
    let Some(address) = entries.get("endpoint") else {
        let hint = "write `endpoint: https://host/path`, or `endpoint: connection://NAME/path`".to_owned();
        report.error_with_hint(node, "a sink needs an endpoint", Some(hint));
        return None;
    };
    let endpoint = endpoint(address, connections, report)?;
    let mut sink = Sink { name: name.to_owned(), endpoint, types: Vec::new(), lifecycle: false };
    for (key, node) in entries.entries() {
        match key {
            "types" => sink.types = types(node, report),
            "lifecycle" => sink.lifecycle = report.boolean(node).unwrap_or(false),
            _ => {}
        }
    }
    Some(sink)
}

/// Reads the URL to post to: `https://host/path`, or `connection://NAME/path`.
pub(super) fn endpoint<'s>(
    node: Node<'s>,
    connections: &BTreeMap<String, Connection>,
    report: &mut Report<'s>,
) -> Option<String> {
    let text = report.text(node)?;
    if let Some(rest) = text.strip_prefix("connection://") {
        let name = rest.split('/').next().unwrap_or_default();
        if !connections.contains_key(name) {
            let known = connections.keys().map(String::as_str);
            report.error_with_hint(node, format!("there is no connection {name:?}"), did_you_mean(name, known));
            return None;
        }
        return Some(text.to_owned());
    }
    match url::Url::parse(text) {
        _ if is_told(text) => None,
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.username().is_empty() => Some(text.to_owned()),
        _ => {
            let hint = "write https://host/path, or connection://NAME/path to use credentials".to_owned();
            report.error_with_hint(node, format!("{text:?} is not an address to post to"), Some(hint));
            None
        }
    }
}

/// Each type is a regular expression that must match the whole event type.
fn types<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<regex::Regex> {
    let Some(node) = report.list(node) else { return Vec::new() };
    let mut found = Vec::new();
    for item in node.items() {
        let Some(text) = report.text(item) else { continue };
        match regex::RegexBuilder::new(&format!("^(?:{text})$")).size_limit(1 << 18).build() {
            Ok(pattern) => found.push(pattern),
            Err(error) => report.error(item, format!("this is not a regular expression: {error}")),
        }
    }
    found
}

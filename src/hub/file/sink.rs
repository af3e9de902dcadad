//! `sinks:` of `hub.yaml`: where events go that runs emit.

use std::collections::BTreeMap;

use super::literals::is_told;
use super::yaml::{Content, Entry, Mistakes, Node, entry, suggestion};
use crate::connect::Connection;
use crate::engine::Sink;

/// A sink; none if its address is missing or unfit.
pub(super) fn sink(
    name: &str,
    node: &Node,
    connections: &BTreeMap<String, Connection>,
    mistakes: &mut Mistakes,
) -> Option<Sink> {
    let entries = mistakes.entries(node, &["endpoint", "types", "lifecycle"]);
    let Some(address) = entry(entries, "endpoint") else {
        let hint = "write `endpoint: https://host/path`, or `endpoint: connection://NAME/path`".to_owned();
        mistakes.at(node, "a sink needs an endpoint", Some(hint));
        return None;
    };
    let endpoint = endpoint(address, connections, mistakes)?;
    let mut sink = Sink { name: name.to_owned(), endpoint, types: Vec::new(), lifecycle: false };
    for Entry { key, node, .. } in entries {
        match key.as_str() {
            "types" => sink.types = types(node, mistakes),
            "lifecycle" => sink.lifecycle = mistakes.switch(node).unwrap_or(false),
            _ => {}
        }
    }
    Some(sink)
}

/// Where something is posted: `https://host/path`, or `connection://NAME/path`.
pub(super) fn endpoint(
    node: &Node,
    connections: &BTreeMap<String, Connection>,
    mistakes: &mut Mistakes,
) -> Option<String> {
    let text = mistakes.text(node)?;
    if let Some(rest) = text.strip_prefix("connection://") {
        let name = rest.split('/').next().unwrap_or_default();
        if !connections.contains_key(name) {
            let known: Vec<&str> = connections.keys().map(String::as_str).collect();
            mistakes.at(node, format!("there is no connection {name:?}"), Some(suggestion(name, &known)));
            return None;
        }
        return Some(text.to_owned());
    }
    match url::Url::parse(text) {
        _ if is_told(text) => None,
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.username().is_empty() => Some(text.to_owned()),
        _ => {
            let hint = "write https://host/path, or connection://NAME/path to use credentials".to_owned();
            mistakes.at(node, format!("{text:?} is not an address to post to"), Some(hint));
            None
        }
    }
}

/// Each type is a regular expression that must fit the whole type.
fn types(node: &Node, mistakes: &mut Mistakes) -> Vec<regex::Regex> {
    let Content::List(items) = &node.content else {
        mistakes.at(node, "types is a list of CloudEvents types, or regular expressions over them", None);
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let Some(text) = mistakes.text(item) else { continue };
        match regex::RegexBuilder::new(&format!("^(?:{text})$")).size_limit(1 << 18).build() {
            Ok(pattern) => found.push(pattern),
            Err(error) => mistakes.at(item, format!("this is not a regular expression: {error}"), None),
        }
    }
    found
}

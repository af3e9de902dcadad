//! From the text of `hub.yaml` to sources and connections, with every mistake at its place.

use std::collections::BTreeMap;

use super::Hub;
use super::connection::connection;
use super::scheme::Scheme;
use super::sink::sink;
use super::source::{Attribute, EventPaths, Source};
use super::value::{expression, is_expression, one_of, secret_name};
use super::yaml::{self, Content, Entry, Mistakes, Node, entry};
use crate::connect::{Connection, Secrets};
use crate::dsl::Mistake;

pub(super) fn load(file: &str, text: &str, secrets: &Secrets) -> Result<Hub, Vec<Mistake>> {
    let mut mistakes = Mistakes::new(file);
    let Some(root) = yaml::read(text, &mut mistakes) else { return Err(mistakes.found) };
    let entries = mistakes.entries(&root, &["sources", "connections", "sinks"]);
    let mut hub = Hub::default();
    if let Some(node) = entry(entries, "connections") {
        hub.connections = connections(node, &mut mistakes);
    }
    if let Some(node) = entry(entries, "sinks") {
        for Entry { key, node, .. } in mistakes.map(node) {
            check_name(key, node, &mut mistakes);
            hub.sinks.extend(sink(key, node, &hub.connections, &mut mistakes));
        }
    }
    if let Some(node) = entry(entries, "sources") {
        sources(node, secrets, &mut hub, &mut mistakes);
    }
    if mistakes.found.is_empty() { Ok(hub) } else { Err(mistakes.found) }
}

fn connections(node: &Node, mistakes: &mut Mistakes) -> BTreeMap<String, Connection> {
    let mut found = BTreeMap::new();
    for Entry { key, node, .. } in mistakes.map(node) {
        check_name(key, node, mistakes);
        found.insert(key.clone(), connection(node, mistakes));
    }
    found
}

/// Names stand in URLs and in environment variables.
fn check_name(name: &str, node: &Node, mistakes: &mut Mistakes) {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !plain || name.is_empty() || name.len() > 63 {
        mistakes.at(node, format!("{name:?} is no name"), Some("use letters, digits, - and _, at most 63".to_owned()));
    }
}

fn sources(node: &Node, secrets: &Secrets, hub: &mut Hub, mistakes: &mut Mistakes) {
    for Entry { key, node, .. } in mistakes.map(node) {
        check_name(key, node, mistakes);
        let Some(source) = source(key, node, secrets, mistakes) else { continue };
        match unusable(&source, secrets) {
            None => drop(hub.sources.insert(key.clone(), source)),
            Some(why) => {
                let message = format!("source {key} is refused: {why}");
                hub.refused.push(mistakes.make(node.position, &node.pointer, message, None));
            }
        }
    }
}

/// Why a source cannot check signatures here.
fn unusable(source: &Source, secrets: &Secrets) -> Option<String> {
    source.secrets.iter().find_map(|name| match secrets.resolve(name) {
        Err(missing) => Some(missing.to_string()),
        Ok(secret) => source
            .scheme
            .check_secret(secret.expose())
            .err()
            .map(|why| format!("the value of {} does not serve: {why}", crate::connect::secret_variable(name))),
    })
}

fn source(name: &str, node: &Node, values: &Secrets, mistakes: &mut Mistakes) -> Option<Source> {
    let entries = mistakes.entries(node, &["scheme", "secret", "secrets", "event"]);
    let scheme = match entry(entries, "scheme") {
        Some(node) => one_of(node, &Scheme::NAMES, mistakes),
        None => {
            let known = Scheme::NAMES.map(|(name, _)| name).join(", ");
            mistakes.at(node, "a source needs a scheme", Some(format!("known: {known}")));
            None
        }
    };
    let secrets = secret_names(node, entries, mistakes);
    let event = entry(entries, "event").map(|node| event(node, mistakes)).unwrap_or_default();
    Some(Source { name: name.to_owned(), scheme: scheme?, secrets: secrets?, event, values: values.clone() })
}

fn secret_names(node: &Node, entries: &[Entry], mistakes: &mut Mistakes) -> Option<Vec<String>> {
    let nodes = match (entry(entries, "secret"), entry(entries, "secrets")) {
        (Some(one), None) => std::slice::from_ref(one),
        (None, Some(Node { content: Content::List(many), .. })) if !many.is_empty() => many.as_slice(),
        _ => {
            let hint = "secret: '${ $secrets.NAME }', or secrets: with a list of such while keys are exchanged";
            mistakes.at(node, "a source needs either secret or secrets", Some(hint.to_owned()));
            return None;
        }
    };
    nodes.iter().map(|node| secret_name(node, mistakes)).collect()
}

fn event(node: &Node, mistakes: &mut Mistakes) -> EventPaths {
    let mut paths = EventPaths::default();
    for Entry { key, node, .. } in mistakes.entries(node, &["id", "type", "time", "subject"]) {
        let attribute = attribute(node, mistakes);
        match key.as_str() {
            "id" if matches!(attribute, Some(Attribute::Fixed(_))) => {
                mistakes.at(node, "a fixed id would make every event the same", None);
            }
            "id" => paths.id = attribute,
            "type" => paths.r#type = attribute,
            "time" => paths.time = attribute,
            "subject" => paths.subject = attribute,
            _ => {}
        }
    }
    paths
}

fn attribute(node: &Node, mistakes: &mut Mistakes) -> Option<Attribute> {
    let text = mistakes.text(node)?;
    if is_expression(text) {
        return expression(node, &["headers"], mistakes).map(Attribute::Expression);
    }
    Some(Attribute::Fixed(text.to_owned()))
}

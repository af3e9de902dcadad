//! From the text of `hub.yaml` to sources and connections, with every mistake at its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::connection::connection;
use super::sink::sink;
use super::yaml::{self, Content, Entry, Mistakes, Node, entry};
use super::{audit, identifiers, literals, release, retention};
use crate::connect::{Connection, Secrets};
use crate::dsl::{Mistake, Releases};
use crate::hub::Hub;
use crate::hub::source::Source;
use crate::hub::source::pubsub_settings;
use crate::hub::source::settings::{secret_nodes, source};
use crate::identifiers::Identifiers;
use crate::memory;

pub(in crate::hub) fn load(file: &str, text: &str, secrets: &Secrets) -> Result<Hub, Vec<Mistake>> {
    let mut mistakes = Mistakes::new(file);
    let Some(root) = yaml::read(text, &mut mistakes) else { return Err(mistakes.found) };
    let known = ["sources", "connections", "identifiers", "secrets", "sinks", "origins", "audit", "retention"];
    let entries = mistakes.entries(&root, &known);
    let mut hub = Hub::default();
    literals::check_urls(&root, &mut mistakes);
    if let Some(node) = entry(entries, "connections") {
        hub.connections = connections(node, &mut mistakes);
    }
    if let Some(node) = entry(entries, "sinks") {
        for Entry { key, node, .. } in mistakes.map(node) {
            check_name(key, node, &mut mistakes);
            hub.sinks.extend(sink(key, node, &hub.connections, &mut mistakes));
        }
    }
    if let Some(node) = entry(entries, "retention") {
        hub.retention = retention::retention(node, &mut mistakes);
    }
    hub.secrets = entry(entries, "secrets").map(|node| release::releases(node, &mut mistakes)).unwrap_or_default();
    hub.anchors = entry(entries, "audit").and_then(|node| audit::anchors(node, &hub.connections, &mut mistakes));
    hub.origins = entry(entries, "origins").map(|node| origins(node, &mut mistakes));
    let mut declared =
        entry(entries, "identifiers").map(|node| identifiers::declared(node, &mut mistakes)).unwrap_or_default();
    if let Some(node) = entry(entries, "sources") {
        declared.sources = sources(node, secrets, &mut hub, &mut mistakes);
    }
    hub.identifiers = Arc::new(declared);
    if mistakes.found.is_empty() { Ok(hub) } else { Err(mistakes.found) }
}

/// What a text releases to definitions; nothing where it cannot be read.
pub(in crate::hub) fn releases(text: &str) -> Releases {
    let mut mistakes = Mistakes::new("hub.yaml");
    let Some(root) = yaml::read(text, &mut mistakes) else { return Releases::default() };
    let Content::Map(entries) = &root.content else { return Releases::default() };
    entry(entries, "secrets").map(|node| release::releases(node, &mut mistakes)).unwrap_or_default()
}

fn connections(node: &Node, mistakes: &mut Mistakes) -> BTreeMap<String, Connection> {
    let mut found = BTreeMap::new();
    for Entry { key, node, .. } in mistakes.map(node) {
        check_name(key, node, mistakes);
        if key == memory::CONNECTION {
            let hint = "choose another name: `hub` is the hub's own memory".to_owned();
            mistakes.at(node, "the connection name `hub` is taken", Some(hint));
        }
        found.insert(key.clone(), connection(node, mistakes));
    }
    found
}

/// Names stand in URLs and in environment variables.
fn check_name(name: &str, node: &Node, mistakes: &mut Mistakes) {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !plain || name.is_empty() || name.len() > 63 {
        mistakes.at(
            node,
            format!("{name:?} is not a valid name"),
            Some("use letters, digits, - and _, at most 63".to_owned()),
        );
    }
}

/// Gives the identifiers of each source.
fn sources(node: &Node, secrets: &Secrets, hub: &mut Hub, mistakes: &mut Mistakes) -> BTreeMap<String, Identifiers> {
    let mut found = BTreeMap::new();
    for Entry { key, node, .. } in mistakes.map(node) {
        check_name(key, node, mistakes);
        if pubsub_settings::is_pubsub(node) {
            if let Some(source) = pubsub_settings::source(key, node, &hub.connections, mistakes) {
                hub.declared.insert(key.clone(), false);
                if !source.identifiers.is_empty() {
                    found.insert(key.clone(), source.identifiers.clone());
                }
                hub.subscribed.push(source);
            }
            continue;
        }
        let Some(source) = source(key, node, secrets, mistakes) else { continue };
        hub.declared.insert(key.clone(), source.event.counting.is_some());
        if !source.identifiers.is_empty() {
            found.insert(key.clone(), source.identifiers.clone());
        }
        match unusable(&source, node, secrets) {
            None => drop(hub.sources.insert(key.clone(), source)),
            Some((place, why)) => {
                let message = format!("source {key} is invalid: {why}");
                hub.refused.push(mistakes.make(place.position, &place.pointer, message, None));
            }
        }
    }
    found
}

/// Why a source cannot check signatures here, and where its secret stands.
fn unusable<'n>(source: &Source, node: &'n Node, secrets: &Secrets) -> Option<(&'n Node, String)> {
    let places = secret_nodes(node);
    source.secrets.iter().zip(places).find_map(|(name, place)| {
        let why = match secrets.resolve(name) {
            Err(missing) => missing.to_string(),
            Ok(secret) => {
                let why = source.scheme.check_secret(secret.expose()).err()?;
                format!("the value of {} cannot be used: {why}", crate::connect::secret_variable(name))
            }
        };
        Some((place, why))
    })
}

/// Without `origins` any origin may ask; an empty list lets none.
fn origins(node: &Node, mistakes: &mut Mistakes) -> Vec<String> {
    let Content::List(items) = &node.content else {
        mistakes.at(node, "origins is a list of the host names that may ask, such as eventgrid.azure.net", None);
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let Some(text) = mistakes.text(item) else { continue };
        let sound = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:_".contains(&b));
        if sound {
            found.push(text.to_ascii_lowercase());
        } else {
            mistakes.at(
                item,
                format!("{text:?} is not an origin"),
                Some("write a host name, without https://".to_owned()),
            );
        }
    }
    found
}

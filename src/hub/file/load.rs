//! Reads the text of `hub.yaml` into sources, connections and the rest, and locates every mistake.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::connection::connection;
use super::sink::sink;
use super::value::duration;
use super::{audit, identifiers, literals, notify, release, retention};
use crate::connect::{Connection, Secrets};
use crate::dsl::mapping::Sides;
use crate::dsl::mistake::Report;
use crate::dsl::source::{self, Node};
use crate::dsl::{Mistake, Releases};
use crate::hub::Hub;
use crate::hub::source::Source;
use crate::hub::source::pubsub_settings;
use crate::hub::source::settings::{secret_nodes, source};
use crate::identifiers::Identifiers;
use crate::memory;

/// Reads a text. `sides` has the side names that the mappings beside it use.
pub(in crate::hub) fn load(
    file: &str,
    text: &str,
    secrets: &Secrets,
    sides: &BTreeMap<String, Sides>,
) -> Result<Hub, Vec<Mistake>> {
    if is_empty(text) {
        return Ok(Hub::default());
    }
    let source = source::read(file, text)?;
    let (root, mut report) = (source.root(), Report::new(file));
    let known =
        ["sources", "connections", "identifiers", "secrets", "sinks", "notify", "origins", "audit", "retention"];
    let entries = report.closed_or_nothing(root, &known);
    let mut hub = Hub::default();
    literals::check_urls(root, &mut report);
    if let Some(node) = entries.get("connections") {
        hub.connections = connections(node, &mut report);
    }
    if let Some(node) = entries.get("sinks") {
        for (key, node) in report.object_or_nothing(node).entries() {
            check_name(key, node, &mut report);
            hub.sinks.extend(sink(key, node, &hub.connections, &mut report));
        }
    }
    if let Some(node) = entries.get("notify") {
        for (key, node) in report.object_or_nothing(node).entries() {
            check_name(key, node, &mut report);
            hub.channels.extend(notify::channel(key, node, &hub.connections, &mut report));
        }
    }
    if let Some(node) = entries.get("retention") {
        hub.retention = retention::retention(node, &mut report);
    }
    hub.secrets = entries.get("secrets").map(|node| release::releases(node, &mut report)).unwrap_or_default();
    hub.anchors = entries.get("audit").and_then(|node| audit::anchors(node, &hub.connections, &mut report));
    hub.origins = entries.get("origins").map(|node| origins(node, &mut report));
    let mut declared =
        entries.get("identifiers").map(|node| identifiers::declared(node, sides, &mut report)).unwrap_or_default();
    if let Some(node) = entries.get("sources") {
        declared.sources = sources(node, secrets, &mut hub, &mut report);
    }
    hub.identifiers = Arc::new(declared);
    if report.has_errors() { Err(report.finish()) } else { Ok(hub) }
}

/// Whether a text contains only comments, which means an empty hub.
fn is_empty(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().map(str::trim_start).all(|line| line.is_empty() || line.starts_with('#'))
}

/// Reads which secrets a text releases to definitions; none if it cannot be read.
pub(in crate::hub) fn releases(text: &str) -> Releases {
    let Ok(source) = source::read("hub.yaml", text) else { return Releases::default() };
    let mut report = Report::new("hub.yaml");
    source.root().get("secrets").map(|node| release::releases(node, &mut report)).unwrap_or_default()
}

fn connections<'s>(node: Node<'s>, report: &mut Report<'s>) -> BTreeMap<String, Connection> {
    let mut found = BTreeMap::new();
    for (key, node) in report.object_or_nothing(node).entries() {
        check_name(key, node, report);
        if key == memory::CONNECTION {
            let hint = "choose another name: `hub` is the hub's own memory".to_owned();
            report.error_with_hint(node, "the connection name `hub` is taken", Some(hint));
        }
        found.insert(key.to_owned(), connection(node, report));
    }
    found
}

/// Names are used in URLs and environment variables.
fn check_name<'s>(name: &str, node: Node<'s>, report: &mut Report<'s>) {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !plain || name.is_empty() || name.len() > 63 {
        report.error_with_hint(
            node,
            format!("{name:?} is not a valid name"),
            Some("use letters, digits, - and _, at most 63".to_owned()),
        );
    }
}

/// Reads all sources into `hub`, and returns the identifiers that each declares.
fn sources<'s>(
    node: Node<'s>,
    secrets: &Secrets,
    hub: &mut Hub,
    report: &mut Report<'s>,
) -> BTreeMap<String, Identifiers> {
    let (mut found, mut refused) = (BTreeMap::new(), Report::new(report.file()));
    for (key, node) in report.object_or_nothing(node).entries() {
        check_name(key, node, report);
        if let Some(after) = node.get("silentAfter").and_then(|after| duration(after, report)) {
            hub.silent_after.insert(key.to_owned(), after);
        }
        if pubsub_settings::is_pubsub(node) {
            if let Some(source) = pubsub_settings::source(key, node, &hub.connections, report) {
                hub.declared.insert(key.to_owned(), false);
                if !source.identifiers.is_empty() {
                    found.insert(key.to_owned(), source.identifiers.clone());
                }
                hub.subscribed.push(source);
            }
            continue;
        }
        let Some(source) = source(key, node, secrets, report) else { continue };
        hub.declared.insert(key.to_owned(), source.event.counting.is_some());
        if !source.identifiers.is_empty() {
            found.insert(key.to_owned(), source.identifiers.clone());
        }
        match unusable(&source, node, secrets) {
            None => drop(hub.sources.insert(key.to_owned(), source)),
            Some((place, why)) => {
                let message = format!("source {key} is invalid: {why}");
                refused.error(place, message);
            }
        }
    }
    hub.refused = refused.finish();
    found
}

/// Returns why a source cannot check signatures on this machine, and the node of its secret.
fn unusable<'s>(source: &Source, node: Node<'s>, secrets: &Secrets) -> Option<(Node<'s>, String)> {
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

/// Reads `origins`. Without it any origin may ask; an empty list allows none.
fn origins<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<String> {
    let Some(node) = report.list(node) else { return Vec::new() };
    let mut found = Vec::new();
    for item in node.items() {
        let Some(text) = report.text(item) else { continue };
        let sound = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:_".contains(&b));
        if sound {
            found.push(text.to_ascii_lowercase());
        } else {
            report.error_with_hint(
                item,
                format!("{text:?} is not an origin"),
                Some("write a host name, without https://".to_owned()),
            );
        }
    }
    found
}

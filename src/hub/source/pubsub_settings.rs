//! `sources:` of `hub.yaml`: one source with `kind: salesforce-pubsub`.

use std::collections::BTreeMap;

use url::Url;

use super::event::EventPaths;
use super::pubsub::{PubSubSource, TopicShape};
use super::settings;
use crate::connect::Connection;
use crate::dsl::mistake::{Report, Spot, did_you_mean};
use crate::dsl::source::Node;
use crate::engine::{Start, Topic};
use crate::hub::file::identifiers;
use crate::hub::file::value::expression;
use crate::pubsub::BATCH_MAX;

/// The value of `kind`.
pub(super) const KIND: &str = "salesforce-pubsub";

const KNOWN: [&str; 11] = [
    "kind",
    "silentAfter",
    "connection",
    "endpoint",
    "organizationId",
    "batch",
    "start",
    "filter",
    "identifiers",
    "event",
    "topics",
];

const STARTS: [(&str, Start); 2] = [("latest", Start::Latest), ("earliest", Start::Earliest)];

/// Longest topic name.
const TOPIC_CHARS_MAX: usize = 200;

/// Defaults for all topics of a source.
struct Common {
    shape: TopicShape,
    start: Start,
}

/// Whether the hub subscribes to this source.
pub(in crate::hub) fn is_pubsub<'s>(node: Node<'s>) -> bool {
    node.get("kind").is_some()
}

/// Reads a source; `None` if it is too incomplete to subscribe.
pub(in crate::hub) fn source<'s>(
    name: &str,
    node: Node<'s>,
    connections: &BTreeMap<String, Connection>,
    report: &mut Report<'s>,
) -> Option<PubSubSource> {
    let entries = report.closed_or_nothing(node, &KNOWN);
    if let Some(kind) = entries.get("kind") {
        report.word(kind, &[(KIND, ())])?;
    }
    let connection = connection(node, entries, connections, report);
    let of_environments = |key: &str, report: &mut Report<'s>| -> Vec<(&'s str, Node<'s>)> {
        entries.get(key).map(|node| report.object_or_nothing(node).entries().collect()).unwrap_or_default()
    };
    let endpoints = of_environments("endpoint", report).into_iter().filter_map(|e| endpoint(e, report)).collect();
    let organizations =
        of_environments("organizationId", report).into_iter().filter_map(|e| organization(e, report)).collect();
    let batch = entries.get("batch").and_then(|node| report.whole_number_in(node, 1..=BATCH_MAX)).unwrap_or(BATCH_MAX);
    let start = entries.get("start").and_then(|node| report.word(node, &STARTS)).unwrap_or(Start::Latest);
    let shape = TopicShape {
        source: name.to_owned(),
        data: None,
        filter: entries.get("filter").and_then(|node| expression(node, &[], report)),
        identifiers: entries.get("identifiers").map(|n| identifiers::of_source(n, report)).unwrap_or_default(),
        event: entries.get("event").map(|node| event(node, report)).unwrap_or_default(),
    };
    let identifiers = shape.identifiers.clone();
    let topics = topics(node, entries, &Common { shape, start }, report);
    let (name, connection) = (name.to_owned(), connection?);
    Some(PubSubSource { name, connection, endpoints, organizations, batch, identifiers, topics })
}

/// Reads `event:`, without the entries that only webhooks may have.
fn event<'s>(node: Node<'s>, report: &mut Report<'s>) -> EventPaths {
    for (key, node) in node.entries().filter(|(key, _)| ["sequence", "channel", "gap"].contains(key)) {
        let hint =
            "leave it out: positions in a topic are opaque, and Salesforce itself reports what is missing".to_owned();
        report.error_with_hint(node, format!("events of topics have no {key}"), Some(hint));
    }
    settings::event(node, report)
}

fn connection<'s>(
    source: Node<'s>,
    entries: Node<'s>,
    connections: &BTreeMap<String, Connection>,
    report: &mut Report<'s>,
) -> Option<String> {
    let Some(node) = entries.get("connection") else {
        let hint = "write `connection: salesforce`: its credentials are used, and its base URL says which org it is"
            .to_owned();
        report.error_with_hint(source, "a source that subscribes needs a connection", Some(hint));
        return None;
    };
    let name = report.text(node)?;
    if !connections.contains_key(name) {
        let known = connections.keys().map(String::as_str);
        report.error_with_hint(node, format!("there is no connection {name:?}"), did_you_mean(name, known));
        return None;
    }
    Some(name.to_owned())
}

fn endpoint<'s>((environment, node): (&'s str, Node<'s>), report: &mut Report<'s>) -> Option<(String, Url)> {
    let text = report.text(node)?;
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() => {
            Some((environment.to_owned(), url))
        }
        _ => {
            let hint = "such as https://api.pubsub.salesforce.com:7443, which is the default".to_owned();
            report.error_with_hint(node, format!("{text:?} is not the address of a service"), Some(hint));
            None
        }
    }
}

fn organization<'s>((environment, node): (&'s str, Node<'s>), report: &mut Report<'s>) -> Option<(String, String)> {
    let text = report.text(node)?;
    let sound =
        text.starts_with("00D") && matches!(text.len(), 15 | 18) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !sound {
        let hint = "it begins with 00D and has 15 or 18 letters and digits".to_owned();
        report.error_with_hint(node, format!("{text:?} is not the id of an organization"), Some(hint));
        return None;
    }
    Some((environment.to_owned(), text.to_owned()))
}

fn topics<'s>(source: Node<'s>, entries: Node<'s>, common: &Common, report: &mut Report<'s>) -> Vec<Topic> {
    let hint = "write `topics:` with names such as /event/Stepwell_Record_Changed__e or /data/AccountChangeEvent";
    let Some(node) = entries.get("topics") else {
        report.error_with_hint(source, "a source that subscribes needs topics", Some(hint.to_owned()));
        return Vec::new();
    };
    let named = report.object_or_nothing(node);
    if named.entries().next().is_none() {
        report.error_with_hint(node, "there are no topics", Some(hint.to_owned()));
    }
    named.entries().filter_map(|entry| topic(entry, common, report)).collect()
}

fn topic<'s>((name, node): (&'s str, Node<'s>), common: &Common, report: &mut Report<'s>) -> Option<Topic> {
    let rest = name.strip_prefix("/event/").or_else(|| name.strip_prefix("/data/")).unwrap_or_default();
    let is_sound = !rest.is_empty()
        && name.len() <= TOPIC_CHARS_MAX
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_sound {
        let hint = "topics are /event/NAME__e for platform events, /data/NAMEChangeEvent for changes, /data/NAME__chn for channels";
        report.error_with_hint(Spot::key(node), format!("{name:?} is not a topic"), Some(hint.to_owned()));
        return None;
    }
    let entries = report.closed_or_nothing(node, &["data", "filter", "event", "start"]);
    let mut shape = common.shape.clone();
    let mut start = common.start;
    for (key, node) in entries.entries() {
        match key {
            "data" => shape.data = expression(node, &[], report),
            "filter" => shape.filter = expression(node, &[], report),
            "event" => shape.event = event(node, report),
            "start" => start = report.word(node, &STARTS).unwrap_or(start),
            _ => {}
        }
    }
    Some(shape.topic(name, start))
}

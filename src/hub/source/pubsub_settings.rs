//! `sources:` of `hub.yaml`: one source with `kind: salesforce-pubsub`.

use std::collections::BTreeMap;

use url::Url;

use super::event::EventPaths;
use super::pubsub::{PubSubSource, TopicShape};
use super::settings;
use crate::connect::Connection;
use crate::engine::{Start, Topic};
use crate::hub::file::identifiers;
use crate::hub::file::value::{expression, one_of};
use crate::hub::file::yaml::{Content, Entry, Mistakes, Node, entry};
use crate::pubsub::BATCH_MAX;

/// The value of `kind`.
pub(super) const KIND: &str = "salesforce-pubsub";

const KNOWN: [&str; 10] =
    ["kind", "connection", "endpoint", "organizationId", "batch", "start", "filter", "identifiers", "event", "topics"];

const STARTS: [(&str, Start); 2] = [("latest", Start::Latest), ("earliest", Start::Earliest)];

/// A name that is longer is no topic.
const TOPIC_CHARS_MAX: usize = 200;

/// What all topics of a source have unless they say otherwise.
struct Common {
    shape: TopicShape,
    start: Start,
}

/// Whether a source is one that the hub subscribes to.
pub(in crate::hub) fn is_pubsub(node: &Node) -> bool {
    let Content::Map(entries) = &node.content else { return false };
    entry(entries, "kind").is_some()
}

/// A source; none if it cannot be told what to subscribe to.
pub(in crate::hub) fn source(
    name: &str,
    node: &Node,
    connections: &BTreeMap<String, Connection>,
    mistakes: &mut Mistakes,
) -> Option<PubSubSource> {
    let entries = mistakes.entries(node, &KNOWN);
    if let Some(kind) = entry(entries, "kind") {
        one_of(kind, &[(KIND, ())], mistakes)?;
    }
    let connection = connection(node, entries, connections, mistakes);
    let of_environments = |key: &str, mistakes: &mut Mistakes| match entry(entries, key) {
        Some(node) => mistakes.map(node).to_vec(),
        None => Vec::new(),
    };
    let endpoints = of_environments("endpoint", mistakes).iter().filter_map(|e| endpoint(e, mistakes)).collect();
    let organizations =
        of_environments("organizationId", mistakes).iter().filter_map(|e| organization(e, mistakes)).collect();
    let batch = entry(entries, "batch").and_then(|node| mistakes.whole(node, 1..=BATCH_MAX)).unwrap_or(BATCH_MAX);
    let start = entry(entries, "start").and_then(|node| one_of(node, &STARTS, mistakes)).unwrap_or(Start::Latest);
    let shape = TopicShape {
        source: name.to_owned(),
        data: None,
        filter: entry(entries, "filter").and_then(|node| expression(node, &[], mistakes)),
        identifiers: entry(entries, "identifiers").map(|n| identifiers::of_source(n, mistakes)).unwrap_or_default(),
        event: entry(entries, "event").map(|node| event(node, mistakes)).unwrap_or_default(),
    };
    let identifiers = shape.identifiers.clone();
    let topics = topics(node, entries, &Common { shape, start }, mistakes);
    let (name, connection) = (name.to_owned(), connection?);
    Some(PubSubSource { name, connection, endpoints, organizations, batch, identifiers, topics })
}

/// `event:`, without what only senders of webhooks may have.
fn event(node: &Node, mistakes: &mut Mistakes) -> EventPaths {
    if let Content::Map(entries) = &node.content {
        for key in ["sequence", "channel", "gap"] {
            if let Some(node) = entry(entries, key) {
                let hint =
                    "leave it out: positions in a topic are opaque, and Salesforce itself reports what is missing"
                        .to_owned();
                mistakes.at(node, format!("events of topics have no {key}"), Some(hint));
            }
        }
    }
    settings::event(node, mistakes)
}

fn connection(
    source: &Node,
    entries: &[Entry],
    connections: &BTreeMap<String, Connection>,
    mistakes: &mut Mistakes,
) -> Option<String> {
    let Some(node) = entry(entries, "connection") else {
        let hint =
            "write `connection: salesforce`: its sign-in is used, and its base URL says which org it is".to_owned();
        mistakes.at(source, "a source that subscribes needs a connection", Some(hint));
        return None;
    };
    let name = mistakes.text(node)?;
    if !connections.contains_key(name) {
        let known: Vec<&str> = connections.keys().map(String::as_str).collect();
        mistakes.at(node, format!("there is no connection {name:?}"), Some(format!("known: {}", known.join(", "))));
        return None;
    }
    Some(name.to_owned())
}

fn endpoint(entry: &Entry, mistakes: &mut Mistakes) -> Option<(String, Url)> {
    let text = mistakes.text(&entry.node)?;
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() => {
            Some((entry.key.clone(), url))
        }
        _ => {
            let hint = "such as https://api.pubsub.salesforce.com:7443, which is the default".to_owned();
            mistakes.at(&entry.node, format!("{text:?} is not the address of a service"), Some(hint));
            None
        }
    }
}

fn organization(entry: &Entry, mistakes: &mut Mistakes) -> Option<(String, String)> {
    let text = mistakes.text(&entry.node)?;
    let sound =
        text.starts_with("00D") && matches!(text.len(), 15 | 18) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !sound {
        let hint = "it begins with 00D and has 15 or 18 letters and digits".to_owned();
        mistakes.at(&entry.node, format!("{text:?} is not the id of an organization"), Some(hint));
        return None;
    }
    Some((entry.key.clone(), text.to_owned()))
}

fn topics(source: &Node, entries: &[Entry], common: &Common, mistakes: &mut Mistakes) -> Vec<Topic> {
    let hint = "write `topics:` with names such as /event/Stepwell_Record_Changed__e or /data/AccountChangeEvent";
    let Some(node) = entry(entries, "topics") else {
        mistakes.at(source, "a source that subscribes needs topics", Some(hint.to_owned()));
        return Vec::new();
    };
    let named = mistakes.map(node);
    if named.is_empty() {
        mistakes.at(node, "there are no topics", Some(hint.to_owned()));
    }
    named.iter().filter_map(|entry| topic(entry, common, mistakes)).collect()
}

fn topic(named: &Entry, common: &Common, mistakes: &mut Mistakes) -> Option<Topic> {
    let name = named.key.as_str();
    let rest = name.strip_prefix("/event/").or_else(|| name.strip_prefix("/data/")).unwrap_or_default();
    let is_sound = !rest.is_empty()
        && name.len() <= TOPIC_CHARS_MAX
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_sound {
        let hint = "topics are /event/NAME__e for platform events, /data/NAMEChangeEvent for changes, /data/NAME__chn for channels";
        let mistake = mistakes.make(
            named.position,
            &named.node.pointer,
            format!("{name:?} is not a topic"),
            Some(hint.to_owned()),
        );
        mistakes.found.push(mistake);
        return None;
    }
    let entries = mistakes.entries(&named.node, &["data", "filter", "event", "start"]);
    let mut shape = common.shape.clone();
    let mut start = common.start;
    for Entry { key, node, .. } in entries {
        match key.as_str() {
            "data" => shape.data = expression(node, &[], mistakes),
            "filter" => shape.filter = expression(node, &[], mistakes),
            "event" => shape.event = event(node, mistakes),
            "start" => start = one_of(node, &STARTS, mistakes).unwrap_or(start),
            _ => {}
        }
    }
    Some(shape.topic(name, start))
}

//! `sources:` of `hub.yaml`: one source.

use super::Source;
use super::counting::Counting;
use super::event::{Attribute, EventPaths};
use crate::connect::Secrets;
use crate::hub::body::{BodyKind, ORGANIZATION_CHARS};
use crate::hub::file::identifiers;
use crate::hub::file::value::{expression, is_expression, one_of, secret_name};
use crate::hub::file::yaml::{Content, Entry, Mistakes, Node, entry};
use crate::hub::scheme::settings::{WITH_SETTINGS, scheme};

const KNOWN: [&str; 11] = [
    "scheme",
    "secret",
    "secrets",
    "url",
    "events",
    "body",
    "organizationId",
    "split",
    "filter",
    "identifiers",
    "event",
];

/// What a body is, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyName {
    Json,
    Form,
    Xml,
    OutboundMessage,
}

const BODIES: [(&str, BodyName); 4] = [
    ("json", BodyName::Json),
    ("form", BodyName::Form),
    ("xml", BodyName::Xml),
    ("salesforce-outbound-message", BodyName::OutboundMessage),
];

/// A source; none if it cannot be told who may send.
pub(in crate::hub) fn source(name: &str, node: &Node, values: &Secrets, mistakes: &mut Mistakes) -> Option<Source> {
    let entries = mistakes.entries(node, &[&KNOWN[..], &WITH_SETTINGS].concat());
    let scheme = scheme(node, entries, mistakes);
    let secrets = secret_names(node, entries, mistakes);
    let url = entry(entries, "url").and_then(|node| address(node, mistakes));
    let events = entry(entries, "events").and_then(|node| mistakes.switch(node)).unwrap_or(false);
    let body = body(node, entries, mistakes);
    let mut jq = |key| entry(entries, key).and_then(|node| expression(node, &["headers"], mistakes));
    let (split, filter) = (jq("split"), jq("filter"));
    let identifiers =
        entry(entries, "identifiers").map(|node| identifiers::of_source(node, mistakes)).unwrap_or_default();
    let event = entry(entries, "event").map(|node| event(node, mistakes)).unwrap_or_default();
    check_split(entries, &body, &event, mistakes);
    let (name, values) = (name.to_owned(), values.clone());
    Some(Source {
        name,
        scheme: scheme?,
        secrets: secrets?,
        url,
        events,
        body,
        split,
        filter,
        identifiers,
        event,
        values,
    })
}

/// Where the secrets of a source stand.
pub(in crate::hub) fn secret_nodes(source: &Node) -> &[Node] {
    let Content::Map(entries) = &source.content else { return &[] };
    match (entry(entries, "secret"), entry(entries, "secrets")) {
        (Some(one), None) => std::slice::from_ref(one),
        (None, Some(Node { content: Content::List(many), .. })) => many,
        _ => &[],
    }
}

/// More keys than the old and the new one are never needed, and each is tried on each delivery.
const SECRETS_MAX: usize = 4;

fn secret_names(source: &Node, entries: &[Entry], mistakes: &mut Mistakes) -> Option<Vec<String>> {
    let nodes = secret_nodes(source);
    if nodes.is_empty() || nodes.len() > SECRETS_MAX {
        let hint = "secret: '${ $secrets.NAME }', or secrets: with a list of them while keys are rotated";
        let place = entry(entries, "secrets").unwrap_or(source);
        let message = match nodes.len() {
            0 => "a source needs either secret or secrets".to_owned(),
            _ => format!("a source has at most {SECRETS_MAX} secrets"),
        };
        mistakes.at(place, message, Some(hint.to_owned()));
        return None;
    }
    nodes.iter().map(|node| secret_name(node, mistakes)).collect()
}

fn address(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let text = mistakes.text(node)?;
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() => {
            Some(text.to_owned())
        }
        _ => {
            let hint = "write the URL that the sender was given, without a query: https://host/path".to_owned();
            mistakes.at(node, format!("{text:?} is not an address"), Some(hint));
            None
        }
    }
}

fn body(source: &Node, entries: &[Entry], mistakes: &mut Mistakes) -> BodyKind {
    let name = entry(entries, "body").and_then(|node| one_of(node, &BODIES, mistakes));
    let organizations = entry(entries, "organizationId").map(|node| organizations(node, mistakes));
    match (name.unwrap_or(BodyName::Json), organizations) {
        (BodyName::OutboundMessage, Some(organizations)) => BodyKind::OutboundMessage { organizations },
        (BodyName::OutboundMessage, None) => {
            let hint = "write `organizationId: 00D...`; Salesforce shows it under Company Information".to_owned();
            let place = entry(entries, "body").unwrap_or(source);
            mistakes.at(place, "outbound messages need the id of the organization that sends them", Some(hint));
            BodyKind::OutboundMessage { organizations: Vec::new() }
        }
        (_, Some(_)) => {
            let place = entry(entries, "organizationId").unwrap_or(source);
            let hint = Some("add `body: salesforce-outbound-message`, or leave it out".to_owned());
            mistakes.at(place, "organizationId belongs to outbound messages of Salesforce", hint);
            BodyKind::Json
        }
        (BodyName::Json, None) => BodyKind::Json,
        (BodyName::Form, None) => BodyKind::Form,
        (BodyName::Xml, None) => BodyKind::Xml,
    }
}

fn organizations(node: &Node, mistakes: &mut Mistakes) -> Vec<String> {
    let nodes = match &node.content {
        Content::List(many) => many.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if nodes.is_empty() {
        mistakes.at(node, "an empty list lets no organization send", None);
    }
    let mut found = Vec::new();
    for node in nodes {
        let Some(text) = mistakes.text(node) else { continue };
        let sound = text.starts_with("00D")
            && [ORGANIZATION_CHARS, ORGANIZATION_CHARS + 3].contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric());
        match text.get(..ORGANIZATION_CHARS) {
            Some(id) if sound => found.push(id.to_owned()),
            _ => {
                let hint = "it begins with 00D and has 15 or 18 letters and digits".to_owned();
                mistakes.at(node, format!("{text:?} is not the id of an organization"), Some(hint));
            }
        }
    }
    found
}

/// Each event of several needs an id of its own: the header's would make them the same event.
fn check_split(entries: &[Entry], body: &BodyKind, event: &EventPaths, mistakes: &mut Mistakes) {
    let Some(split) = entry(entries, "split") else { return };
    if matches!(body, BodyKind::OutboundMessage { .. }) {
        mistakes.at(split, "an outbound message is split into its notifications already", None);
    } else if event.id.is_none() {
        let hint = "add `event: { id: '${ .id }' }`: jq over one item of the list".to_owned();
        mistakes.at(split, "with split each event needs an id of its own", Some(hint));
    }
}

/// `event:`: where an event says what it is about.
pub(super) fn event(node: &Node, mistakes: &mut Mistakes) -> EventPaths {
    let mut paths = EventPaths::default();
    let entries = mistakes.entries(node, &["id", "type", "time", "subject", "key", "sequence", "channel", "gap"]);
    let channel = entry(entries, "channel").and_then(|node| attribute(node, mistakes));
    paths.counting = Counting::read(entries, channel, mistakes);
    for Entry { key, node, .. } in entries {
        if ["sequence", "channel", "gap"].contains(&key.as_str()) {
            continue;
        }
        let attribute = attribute(node, mistakes);
        match key.as_str() {
            "id" | "key" if matches!(attribute, Some(Attribute::Fixed(_))) => {
                let hint = "write jq in `${ }`".to_owned();
                mistakes.at(node, format!("a fixed {key} would make every event the same"), Some(hint));
            }
            "id" => paths.id = attribute,
            "type" => paths.r#type = attribute,
            "time" => paths.time = attribute,
            "subject" => paths.subject = attribute,
            "key" => paths.key = attribute,
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

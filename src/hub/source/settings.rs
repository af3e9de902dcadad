//! `sources:` of `hub.yaml`: reads one webhook source.

use super::Source;
use super::counting::Counting;
use super::event::{Attribute, EventPaths};
use crate::connect::Secrets;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::hub::body::{BodyKind, ORGANIZATION_CHARS};
use crate::hub::file::identifiers;
use crate::hub::file::value::{expression, is_expression, secret_name};
use crate::hub::scheme::settings::{WITH_SETTINGS, scheme};

const KNOWN: [&str; 12] = [
    "silentAfter",
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

/// Names of the body formats in `hub.yaml`.
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

/// Reads a source; `None` if it does not say who may send.
pub(in crate::hub) fn source<'s>(
    name: &str,
    node: Node<'s>,
    values: &Secrets,
    report: &mut Report<'s>,
) -> Option<Source> {
    let entries = report.closed_or_nothing(node, &[&KNOWN[..], &WITH_SETTINGS].concat());
    let scheme = scheme(node, entries, report);
    let secrets = secret_names(node, entries, report);
    let url = entries.get("url").and_then(|node| address(node, report));
    let events = entries.get("events").and_then(|node| report.boolean(node)).unwrap_or(false);
    let body = body(node, entries, report);
    let mut jq = |key| entries.get(key).and_then(|node| expression(node, &["headers"], report));
    let (split, filter) = (jq("split"), jq("filter"));
    let identifiers = entries.get("identifiers").map(|node| identifiers::of_source(node, report)).unwrap_or_default();
    let event = entries.get("event").map(|node| event(node, report)).unwrap_or_default();
    check_split(entries, &body, &event, report);
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

/// The nodes of a source's secrets.
pub(in crate::hub) fn secret_nodes<'s>(source: Node<'s>) -> Vec<Node<'s>> {
    match (source.get("secret"), source.get("secrets")) {
        (Some(one), None) => vec![one],
        (None, Some(many)) => many.items().collect(),
        _ => Vec::new(),
    }
}

/// Enough for an old and a new key; each delivery is checked against all of them.
const SECRETS_MAX: usize = 4;

fn secret_names<'s>(source: Node<'s>, entries: Node<'s>, report: &mut Report<'s>) -> Option<Vec<String>> {
    let nodes = secret_nodes(source);
    if nodes.is_empty() || nodes.len() > SECRETS_MAX {
        let hint = "secret: '${ $secrets.NAME }', or secrets: with a list of them while keys are rotated";
        let place = entries.get("secrets").unwrap_or(source);
        let message = match nodes.len() {
            0 => "a source needs either secret or secrets".to_owned(),
            _ => format!("a source has at most {SECRETS_MAX} secrets"),
        };
        report.error_with_hint(place, message, Some(hint.to_owned()));
        return None;
    }
    nodes.into_iter().map(|node| secret_name(node, report)).collect()
}

fn address<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<String> {
    let text = report.text(node)?;
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() => {
            Some(text.to_owned())
        }
        _ => {
            let hint = "write the URL that the sender was given, without a query: https://host/path".to_owned();
            report.error_with_hint(node, format!("{text:?} is not an address"), Some(hint));
            None
        }
    }
}

fn body<'s>(source: Node<'s>, entries: Node<'s>, report: &mut Report<'s>) -> BodyKind {
    let name = entries.get("body").and_then(|node| report.word(node, &BODIES));
    let organizations = entries.get("organizationId").map(|node| organizations(node, report));
    match (name.unwrap_or(BodyName::Json), organizations) {
        (BodyName::OutboundMessage, Some(organizations)) => BodyKind::OutboundMessage { organizations },
        (BodyName::OutboundMessage, None) => {
            let hint = "write `organizationId: 00D...`; Salesforce shows it under Company Information".to_owned();
            let place = entries.get("body").unwrap_or(source);
            report.error_with_hint(
                place,
                "outbound messages need the id of the organization that sends them",
                Some(hint),
            );
            BodyKind::OutboundMessage { organizations: Vec::new() }
        }
        (_, Some(_)) => {
            let place = entries.get("organizationId").unwrap_or(source);
            let hint = Some("add `body: salesforce-outbound-message`, or leave it out".to_owned());
            report.error_with_hint(place, "organizationId belongs to outbound messages of Salesforce", hint);
            BodyKind::Json
        }
        (BodyName::Json, None) => BodyKind::Json,
        (BodyName::Form, None) => BodyKind::Form,
        (BodyName::Xml, None) => BodyKind::Xml,
    }
}

fn organizations<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<String> {
    let nodes = if node.is_list() { node.items().collect() } else { vec![node] };
    if nodes.is_empty() {
        report.error(node, "an empty list lets no organization send");
    }
    let mut found = Vec::new();
    for node in nodes {
        let Some(text) = report.text(node) else { continue };
        let sound = text.starts_with("00D")
            && [ORGANIZATION_CHARS, ORGANIZATION_CHARS + 3].contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric());
        match text.get(..ORGANIZATION_CHARS) {
            Some(id) if sound => found.push(id.to_owned()),
            _ => {
                let hint = "it begins with 00D and has 15 or 18 letters and digits".to_owned();
                report.error_with_hint(node, format!("{text:?} is not the id of an organization"), Some(hint));
            }
        }
    }
    found
}

/// Each event of a split body needs its own id: the header's id would make them all the same event.
fn check_split<'s>(entries: Node<'s>, body: &BodyKind, event: &EventPaths, report: &mut Report<'s>) {
    let Some(split) = entries.get("split") else { return };
    if matches!(body, BodyKind::OutboundMessage { .. }) {
        report.error(split, "an outbound message is split into its notifications already");
    } else if event.id.is_none() {
        let hint = "add `event: { id: '${ .id }' }`: jq over one item of the list".to_owned();
        report.error_with_hint(split, "with split each event needs an id of its own", Some(hint));
    }
}

/// Reads `event:`: where to find an event's attributes.
pub(super) fn event<'s>(node: Node<'s>, report: &mut Report<'s>) -> EventPaths {
    let mut paths = EventPaths::default();
    let entries =
        report.closed_or_nothing(node, &["id", "type", "time", "subject", "key", "sequence", "channel", "gap"]);
    let channel = entries.get("channel").and_then(|node| attribute(node, report));
    paths.counting = Counting::read(entries, channel, report);
    for (key, node) in entries.entries() {
        if ["sequence", "channel", "gap"].contains(&key) {
            continue;
        }
        let attribute = attribute(node, report);
        match key {
            "id" | "key" if matches!(attribute, Some(Attribute::Fixed(_))) => {
                let hint = "write jq in `${ }`".to_owned();
                report.error_with_hint(node, format!("a fixed {key} would make every event the same"), Some(hint));
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

fn attribute<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Attribute> {
    let text = report.text(node)?;
    if is_expression(text) {
        return expression(node, &["headers"], report).map(Attribute::Expression);
    }
    Some(Attribute::Fixed(text.to_owned()))
}

//! Salesforce outbound messages: a SOAP envelope with up to a hundred notifications, each of them an event.
//!
//! A message may carry a session id that grants access to Salesforce. It is never read, so it cannot leak.

use roxmltree::Node;
use serde_json::{Map, Value, json};

use super::form::add;
use super::xml;
use super::{BadBody, Item, Known};

const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const OUTBOUND: &str = "http://soap.sforce.com/2005/09/outbound";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Salesforce's limit per message.
const NOTIFICATIONS_MAX: usize = 100;

/// The significant characters of an organization id; the other three are only a checksum for systems that ignore case.
pub(in crate::hub) const ORGANIZATION_CHARS: usize = 15;

/// Nesting: Envelope, Body, notifications, Notification, sObject, field.
const FIELD_LEVEL: usize = 6;

/// Reads the notifications of a message.
pub(super) fn read(text: &str, organizations: &[String]) -> Result<Vec<Item>, BadBody> {
    let document = xml::parse(text)?;
    let envelope = Some(document.root_element()).filter(|root| root.has_tag_name((ENVELOPE, "Envelope")));
    let message = envelope
        .and_then(|envelope| child(envelope, ENVELOPE, "Body"))
        .and_then(|body| child(body, OUTBOUND, "notifications"))
        .ok_or_else(|| {
            "the body is not an outbound message: Envelope, Body and notifications are expected".to_owned()
        })?;
    let organization = required(message, "OrganizationId")?;
    if !organizations.iter().any(|known| organization.get(..ORGANIZATION_CHARS) == Some(known.as_str())) {
        return Err(BadBody::Stranger(
            "the message comes from another organization than `organizationId` names".into(),
        ));
    }
    let notifications: Vec<Node<'_, '_>> =
        message.children().filter(|node| node.has_tag_name((OUTBOUND, "Notification"))).collect();
    if !(1..=NOTIFICATIONS_MAX).contains(&notifications.len()) {
        let why =
            format!("a message has 1 to {NOTIFICATIONS_MAX} notifications, but this one has {}", notifications.len());
        return Err(why.into());
    }
    let about = json!({
        "OrganizationId": organization,
        "ActionId": required(message, "ActionId")?,
        "EnterpriseUrl": child(message, OUTBOUND, "EnterpriseUrl").and_then(|node| node.text()),
    });
    notifications.into_iter().map(|notification| Ok(event(&about, notification)?)).collect()
}

fn event(about: &Value, notification: Node<'_, '_>) -> Result<Item, String> {
    let id = required(notification, "Id")?;
    let record = child(notification, OUTBOUND, "sObject").ok_or_else(|| format!("notification {id} has no sObject"))?;
    let kind = record.attribute((INSTANCE, "type")).map(|kind| kind.rsplit(':').next().unwrap_or(kind).to_owned());
    let mut fields = Map::new();
    fields.insert("attributes".to_owned(), json!({ "type": kind }));
    for field in record.children().filter(Node::is_element) {
        add(&mut fields, field.tag_name().name().to_owned(), xml::value(field, FIELD_LEVEL)?);
    }
    let subject = fields.get("Id").and_then(Value::as_str).map(str::to_owned);
    let mut data = about.clone();
    data["NotificationId"] = id.clone().into();
    data["sObject"] = Value::Object(fields);
    Ok(Item::alone(data, Known { id: Some(id), r#type: kind, subject }))
}

fn child<'a, 'i>(parent: Node<'a, 'i>, namespace: &str, name: &str) -> Option<Node<'a, 'i>> {
    parent.children().find(|node| node.has_tag_name((namespace, name)))
}

fn required(parent: Node<'_, '_>, name: &str) -> Result<String, String> {
    let text = child(parent, OUTBOUND, name).and_then(|node| node.text()).map(str::trim).unwrap_or_default();
    match text.is_empty() {
        true => Err(format!("{name} is missing in the outbound message")),
        false => Ok(text.to_owned()),
    }
}

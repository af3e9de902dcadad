//! Avro schemas of topics in Salesforce's style: `doc` contains the type of a field.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ALL_CHANGES;
use super::package::{EVENT, FIELDS};
use crate::crm::{ADDRESS_PARTS, Crm, Kind, address_of};

/// Values of `changeType`.
const CHANGES: [&str; 9] = [
    "CREATE",
    "UPDATE",
    "DELETE",
    "UNDELETE",
    "GAP_CREATE",
    "GAP_UPDATE",
    "GAP_DELETE",
    "GAP_UNDELETE",
    "GAP_OVERFLOW",
];

/// Returns the schema of a topic; `None` if the topic does not exist.
pub(super) fn of(crm: &Crm, topic: &str) -> Option<String> {
    if topic == EVENT {
        return Some(platform_event().to_string());
    }
    if topic == ALL_CHANGES {
        // Each event has the schema of its object. This one only represents the topic; no event uses it.
        return Some(record("ChangeEvents", vec![header()]).to_string());
    }
    let object = topic.strip_prefix("/data/")?.strip_suffix("ChangeEvent")?;
    Some(change_event(object, crm.fields_of(object)?).to_string())
}

/// Returns the id of a schema, which is a hash of it.
pub(super) fn id(json: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(json.as_bytes())[..16])
}

fn record(name: &str, fields: Vec<Value>) -> Value {
    json!({ "type": "record", "name": name, "namespace": "com.sforce.eventbus", "fields": fields })
}

/// Returns a nullable field.
fn optional(name: &str, of: &Value, doc: &str) -> Value {
    json!({ "name": name, "type": ["null", of], "doc": format!("Data:{doc}"), "default": null })
}

fn platform_event() -> Value {
    let mut fields = vec![
        json!({ "name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime" }),
        json!({ "name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId" }),
    ];
    fields.extend(FIELDS.iter().map(|(name, is_moment)| match is_moment {
        true => optional(name, &json!("long"), "DateTime:00NWs000004Sand"),
        false => optional(name, &json!("string"), "Text:00NWs000004Sand"),
    }));
    record("Stepwell_Record_Changed__e", fields)
}

fn header() -> Value {
    let texts = json!({ "type": "array", "items": "string" });
    let text = |name: &str| json!({ "name": name, "type": "string" });
    let list = |name: &str| json!({ "name": name, "type": texts });
    json!({ "name": "ChangeEventHeader", "doc": "HEADER", "type": { "type": "record", "name": "ChangeEventHeader", "fields": [
        text("entityName"),
        list("recordIds"),
        { "name": "changeType", "type": { "type": "enum", "name": "ChangeType", "symbols": CHANGES } },
        text("changeOrigin"),
        text("transactionKey"),
        { "name": "sequenceNumber", "type": "int" },
        { "name": "commitTimestamp", "type": "long" },
        { "name": "commitNumber", "type": "long" },
        text("commitUser"),
        list("nulledFields"),
        list("diffFields"),
        list("changedFields"),
    ] } })
}

/// Returns the schema of an object's change events. The parts of an address are combined in one field.
fn change_event(object: &str, fields: Vec<(&'static str, Kind)>) -> Value {
    let mut members = vec![header()];
    let mut addresses: Vec<String> = Vec::new();
    for (name, kind) in fields.into_iter().filter(|(name, _)| !["Id", "SystemModstamp", "IsDeleted"].contains(name)) {
        let Some((whole, _)) = address_of(name) else {
            members.push(field(name, kind));
            continue;
        };
        if addresses.contains(&whole) {
            continue;
        }
        let address = if addresses.is_empty() { address() } else { json!("Address") };
        members.push(optional(&whole, &address, "Address"));
        addresses.push(whole);
    }
    record(&format!("{object}ChangeEvent"), members)
}

fn field(name: &str, kind: Kind) -> Value {
    let (of, doc) = match kind {
        Kind::Id | Kind::Reference(..) => ("string", "EntityId"),
        Kind::Text(_) => ("string", "Text"),
        Kind::Email => ("string", "Email"),
        Kind::Number(..) => ("double", "Double"),
        Kind::Integer => ("int", "Integer"),
        Kind::Flag => ("boolean", "Boolean"),
        Kind::Date => ("long", "DateOnly"),
        Kind::Moment => ("long", "DateTime"),
    };
    optional(name, &json!(of), doc)
}

fn address() -> Value {
    let mut parts: Vec<Value> = ADDRESS_PARTS.iter().map(|part| optional(part, &json!("string"), "Text")).collect();
    parts.extend(["Latitude", "Longitude"].map(|name| optional(name, &json!("double"), "Double")));
    parts.push(optional("GeocodeAccuracy", &json!("string"), "StaticEnum"));
    json!({ "type": "record", "name": "Address", "fields": parts })
}

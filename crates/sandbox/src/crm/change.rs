//! Change events of the CRM, in the format of Change Data Capture.

use serde_json::{Map, Value, json};

use super::super::records::{Change, Fields};
use super::super::webhooks::{Message, Origin};
use super::objects::OBJECTS;
use super::{Crm, seed};

/// Starting values of commit numbers and replay ids.
const COMMITS_BEFORE: u64 = 10_594_837_201_000;
const REPLAYS_BEFORE: u64 = 48_210_000;

/// The parts of an address. Change events combine them in one object.
pub const ADDRESS_PARTS: [&str; 5] = ["Street", "City", "State", "PostalCode", "Country"];
const ADDRESSES: [&str; 3] = ["Billing", "Shipping", "Mailing"];

impl Crm {
    /// Returns the event of the `sequence`th change of a call.
    pub fn change_message(change: &Change, origin: &Origin, sequence: usize) -> Message {
        let nothing = Fields::new();
        let before = change.before.as_deref().unwrap_or(&nothing);
        let after = change.after.as_deref().unwrap_or(&nothing);
        let (kind, names) = match (&change.before, &change.after) {
            (None, _) => ("CREATE", after.keys().filter(|name| !after[*name].is_null()).collect()),
            (_, None) => ("DELETE", Vec::new()),
            _ => ("UPDATE", changed(before, after)),
        };
        let told: Vec<&String> =
            names.into_iter().filter(|name| !["Id", "SystemModstamp"].contains(&name.as_str())).collect();
        let nulled: Vec<String> =
            told.iter().filter(|name| after.get(**name).is_none_or(Value::is_null)).map(|name| spelled(name)).collect();
        let key = format!("{:08x}-{:04x}-6d2b-1f0e-5b2a4c6d8e10", origin.request >> 16, origin.request & 0xffff);
        let mut payload = Map::new();
        payload.insert("ChangeEventHeader".into(), json!({
            "entityName": change.record_type,
            "recordIds": [change.id],
            "changeType": kind,
            "changeOrigin": change_origin(origin),
            "transactionKey": key,
            "sequenceNumber": sequence,
            "commitTimestamp": origin.at.timestamp_millis(),
            "commitNumber": COMMITS_BEFORE + origin.request,
            "commitUser": if origin.by_person { seed::OWNER } else { seed::INTEGRATION_USER },
            "nulledFields": nulled,
            "diffFields": [],
            "changedFields": if kind == "UPDATE" { told.iter().map(|name| spelled(name)).collect() } else { Vec::new() },
        }));
        for name in told {
            tell(&mut payload, name, after);
        }
        let schema = OBJECTS
            .iter()
            .find(|object| object.name == change.record_type)
            .map(|object| object.prefix)
            .unwrap_or_default();
        Message {
            id: format!("{key}-{sequence}"),
            body: json!({
                "data": {
                    "schema": format!("sandbox-{schema}"),
                    "payload": payload,
                    "event": {"replayId": REPLAYS_BEFORE + origin.effect + sequence as u64},
                },
                "channel": format!("/data/{}ChangeEvent", change.record_type),
            }),
        }
    }
}

/// Returns the names of the fields that differ.
pub fn changed<'a>(before: &'a Fields, after: &'a Fields) -> Vec<&'a String> {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let differs =
        |name: &&String| before.get(*name).unwrap_or(&Value::Null) != after.get(*name).unwrap_or(&Value::Null);
    after.keys().chain(gone).filter(differs).collect()
}

/// Returns `changeOrigin`, by which an integration recognizes its own changes.
fn change_origin(origin: &Origin) -> String {
    if origin.by_person {
        return String::new();
    }
    let version = origin.version.as_deref().unwrap_or(seed::VERSION).trim_start_matches('v').to_owned();
    match &origin.client {
        Some(client) => format!("com/salesforce/api/rest/{version};client={client}"),
        None => format!("com/salesforce/api/rest/{version}"),
    }
}

/// Returns the compound address field that contains a field, and the part.
pub fn address(name: &str) -> Option<(String, &str)> {
    ADDRESSES.iter().find_map(|of| {
        let part = name.strip_prefix(of).filter(|part| ADDRESS_PARTS.contains(part))?;
        Some((format!("{of}Address"), part))
    })
}

fn spelled(name: &str) -> String {
    address(name).map_or_else(|| name.to_owned(), |(whole, part)| format!("{whole}.{part}"))
}

fn tell(payload: &mut Map<String, Value>, name: &str, after: &Fields) {
    let Some((whole, _)) = address(name) else {
        let value = after.get(name).cloned().unwrap_or_default();
        // Change events write `Z` where records have `+0000`.
        let value = match value.as_str().and_then(|text| text.strip_suffix("+0000")) {
            Some(instant) if name.ends_with("Date") => format!("{instant}Z").into(),
            _ => value,
        };
        payload.insert(name.to_owned(), value);
        return;
    };
    let of = whole.trim_end_matches("Address").to_owned();
    let part = |part: &str| (part.to_owned(), after.get(&format!("{of}{part}")).cloned().unwrap_or_default());
    let mut parts: Map<String, Value> = ADDRESS_PARTS.into_iter().map(part).collect();
    parts.extend(["Latitude", "Longitude", "GeocodeAccuracy"].map(|name| (name.to_owned(), Value::Null)));
    payload.insert(whole, Value::Object(parts));
}

//! Change messages of the ERP: the body that a user event script sends after a record was saved.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::super::records::{Change, Fields};
use super::super::webhooks::{Message, Origin};
use super::Erp;
use super::orders::id_of;
use super::read::Depth;
use super::types::{Kind, RecordType};

const ACCOUNT: &str = "1234567_SB1";
const INTEGRATION_USER: &str = "27";
const PERSON: &str = "12";

impl Erp {
    /// Returns the script's message about the `sequence`th change of a call.
    pub fn change_message(&self, change: &Change, origin: &Origin, sequence: usize) -> Message {
        let known = RecordType::find(change.record_type);
        let record_type = known.map_or(change.record_type, |known| known.script);
        let kind = kind_of(change, origin.by_person);
        let number = origin.effect + sequence as u64;
        let id = format!("ns-{ACCOUNT}-{record_type}-{}-{}-{number}", change.id, origin.at.format("%Y%m%dT%H%M%SZ"));
        let told = change.after.as_deref().or(change.before.as_deref());
        let record = known.zip(told).map(|(known, fields)| self.told(known, fields));
        let body = json!({
            "eventId": id,
            "accountId": ACCOUNT,
            "type": kind,
            "executionContext": if origin.by_person { "USERINTERFACE" } else { "REST_WEBSERVICES" },
            "recordType": record_type,
            "id": change.id,
            "externalId": change.external_id,
            "occurredAt": origin.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "userId": if origin.by_person { PERSON } else { INTEGRATION_USER },
            "changes": changes(change),
            "record": record,
        });
        Message { id, body }
    }

    /// Returns a record as a script reads it: without links, and with the names of references.
    fn told(&self, record_type: &RecordType, fields: &Fields) -> Value {
        let mut view = without_links(self.view("", record_type, fields, Depth::Expanded));
        let Some(record) = view.as_object_mut() else { return view };
        for name in ["id", "externalId"] {
            record.remove(name);
        }
        record.retain(|name, value| record_type.sublist(name).is_none() || value["totalResults"] != 0);
        // Scripts have a single field for the status of an order, which takes all of its values.
        if let (Kind::Transaction, Some(status)) = (record_type.kind, record.remove("status"))
            && record_type.name == "salesOrder"
        {
            record.insert("orderStatus".into(), status);
        }
        if record_type.kind == Kind::Item
            && let Some(prices) = record.remove("price")
        {
            let first = &prices["items"][0];
            record.insert("basePrice".into(), first["price"].clone());
            record.insert("currency".into(), first["currencyPage"].clone());
        }
        view
    }
}

/// Returns the script's name for the change. API calls only create, edit and delete; the other events are buttons in
/// the user interface.
fn kind_of(change: &Change, by_person: bool) -> &'static str {
    let (Some(before), Some(after)) = (&change.before, &change.after) else {
        return if change.after.is_none() { "delete" } else { "create" };
    };
    let became = |name: &str| id_of(after, name).filter(|now| by_person && id_of(before, name) != Some(now));
    match (became("status"), became("shipStatus")) {
        (_, Some("B")) => "pack",
        (_, Some("C")) => "ship",
        (Some("C"), _) => "cancel",
        (Some(_), _) if became("orderStatus") == Some("B") => "approve",
        _ => "edit",
    }
}

/// Returns old and new value of each changed field, except the modification time. A missing value is null.
fn changes(change: &Change) -> Value {
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return Value::Null };
    let is_order = change.record_type == "salesOrder";
    let names = super::super::crm::changed(before, after).into_iter();
    let names = names.filter(|name| *name != "lastModifiedDate" && !(is_order && *name == "orderStatus"));
    let pair = |name: &String| {
        let of = |fields: &Fields| fields.get(name).cloned().unwrap_or_default();
        let told = if is_order && name == "status" { "orderStatus" } else { name };
        (told.to_owned(), json!({"old": of(before), "new": of(after)}))
    };
    Value::Object(names.map(pair).collect())
}

fn without_links(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| name != "links");
            Value::Object(kept.map(|(name, value)| (name, without_links(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(without_links).collect(),
        other => other,
    }
}

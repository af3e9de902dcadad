//! What the ERP tells about a change: the body that a user event script sends after a record was saved.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::super::records::{Change, Fields};
use super::super::webhooks::{Message, Origin};
use super::Erp;
use super::read::Depth;
use super::types::{Kind, RecordType};

const ACCOUNT: &str = "1234567_SB1";
const INTEGRATION_USER: &str = "27";
const PERSON: &str = "12";

impl Erp {
    /// What the script sends about the `sequence`th change of a call.
    pub fn change_message(&self, change: &Change, origin: &Origin, sequence: usize) -> Message {
        let record_type = change.record_type.to_ascii_lowercase();
        let kind = match (&change.before, &change.after) {
            (None, _) => "create",
            (_, None) => "delete",
            _ => "edit",
        };
        let number = origin.effect + sequence as u64;
        let id = format!("ns-{ACCOUNT}-{record_type}-{}-{}-{number}", change.id, origin.at.format("%Y%m%dT%H%M%SZ"));
        let told = change.after.as_deref().or(change.before.as_deref());
        let record = RecordType::find(change.record_type).zip(told).map(|(known, fields)| self.told(known, fields));
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
            "changes": if kind == "edit" { changes(change) } else { Value::Null },
            "record": record,
        });
        Message { id, body }
    }

    /// A record as a script reads it: without links, references with their names.
    fn told(&self, record_type: &RecordType, fields: &Fields) -> Value {
        let mut view = without_links(self.view("", record_type, fields, Depth::Expanded));
        let Some(record) = view.as_object_mut() else { return view };
        for name in ["id", "externalId"] {
            record.remove(name);
        }
        record.retain(|name, value| record_type.sublist(name).is_none() || value["totalResults"] != 0);
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

/// Old and new value of each field that differs but the time of the change; `null` where there was none.
fn changes(change: &Change) -> Value {
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return Value::Null };
    let names = super::super::crm::changed(before, after).into_iter().filter(|name| *name != "lastModifiedDate");
    let pair = |name: &String| {
        let of = |fields: &Fields| fields.get(name).cloned().unwrap_or_default();
        (name.clone(), json!({"old": of(before), "new": of(after)}))
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

//! The event that the package in `senders/salesforce` publishes when an opportunity changes.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::records::{Change, Fields};

pub const EVENT: &str = "/event/Stepwell_Record_Changed__e";

/// The event's fields, and whether they are times.
pub(super) const FIELDS: [(&str, bool); 5] = [
    ("Change__c", false),
    ("Message_Id__c", false),
    ("Object__c", false),
    ("Occurred_At__c", true),
    ("Record_Id__c", false),
];

/// Fields of an opportunity that affect its order.
const ORDERED: [&str; 5] = ["AccountId", "Amount", "CloseDate", "Name", "PO_Number__c"];

/// Returns the event about a change; `None` if the package publishes none.
pub fn told_by_package(change: &Change, at: DateTime<Utc>) -> Option<Value> {
    if change.record_type != "Opportunity" {
        return None;
    }
    let what = what_happened(change.before.as_deref(), change.after.as_deref())?;
    let occurred = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    Some(json!({
        "CreatedDate": occurred,
        "CreatedById": super::super::crm::INTEGRATION_USER,
        "Message_Id__c": format!("{}-{what}-{}", change.id, at.timestamp_micros()),
        "Object__c": "Opportunity",
        "Record_Id__c": change.id,
        "Change__c": what,
        "Occurred_At__c": occurred,
    }))
}

fn what_happened(before: Option<&Fields>, after: Option<&Fields>) -> Option<&'static str> {
    let won = |fields: Option<&Fields>| fields.is_some_and(|fields| fields.get("IsWon") == Some(&Value::Bool(true)));
    let differs = |name: &str| {
        let of = |fields: Option<&Fields>| fields.and_then(|fields| fields.get(name)).cloned().unwrap_or_default();
        of(before) != of(after)
    };
    match (won(before), won(after), after) {
        (true, _, None) => Some("won_deleted"),
        (false, true, _) => Some("closed_won"),
        (true, false, Some(_)) => Some("won_reversed"),
        (true, true, _) => ORDERED.iter().any(|name| differs(name)).then_some("won_changed"),
        (false, false, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_of_orders_are_sent_and_only_of_deals_that_are_or_were_won() {
        let fields = |value: Value| -> Fields { serde_json::from_value(value).unwrap() };
        let (open, won) = (fields(json!({ "IsWon": false })), fields(json!({ "IsWon": true, "Amount": 1 })));
        let (dearer, noted) = (
            fields(json!({ "IsWon": true, "Amount": 2 })),
            fields(json!({ "IsWon": true, "Amount": 1, "NextStep": "x" })),
        );
        for (before, after, told) in [
            (None, Some(&won), Some("closed_won")),
            (Some(&open), Some(&won), Some("closed_won")),
            (Some(&won), Some(&dearer), Some("won_changed")),
            (Some(&won), Some(&noted), None),
            (Some(&won), Some(&open), Some("won_reversed")),
            (Some(&won), None, Some("won_deleted")),
            (Some(&open), None, None),
            (None, Some(&open), None),
        ] {
            assert_eq!(what_happened(before, after), told, "{before:?} {after:?}");
        }
    }
}

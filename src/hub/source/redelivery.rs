//! Redeliveries under the same event id with different content, and how they differ from the first delivery.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgPool;

use crate::hub::json;
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::events::StoredEvent;
use crate::store::events::redeliveries;

/// Most differences listed per body.
const PLACES_MAX: usize = 20;

/// Deliveries of one event with the same body, other than the first one.
#[derive(Debug, Clone, Serialize)]
pub struct Redelivery {
    /// First arrival.
    pub first_at: Time,
    /// Last arrival.
    pub last_at: Time,
    /// Number of deliveries.
    pub deliveries: i32,
    /// Differences from the first body as JSON, at most 20. Empty if only the bytes differ or one of the bodies is not
    /// JSON.
    pub differences: Vec<Difference>,
    /// The body, if it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The body, if it is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
}

/// One place where two bodies differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// JSON pointer.
    pub pointer: String,
    /// Value in the first body, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Value>,
    /// Value in this body, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<Value>,
}

/// Returns the different redeliveries of an event, oldest first.
///
/// # Errors
/// The database cannot be reached.
pub async fn of_event(pool: &PgPool, event: &StoredEvent) -> Result<Vec<Redelivery>, StoreError> {
    let first = read(&event.body);
    let shown = |kept: redeliveries::Redelivery| {
        let body = read(&kept.body);
        let differences = first.as_ref().zip(body.as_ref()).map(|(first, then)| differences(first, then));
        let body_base64 = body.is_none().then(|| BASE64_STANDARD.encode(&kept.body));
        let redeliveries::Redelivery { deliveries, first_at, last_at, .. } = kept;
        Redelivery { first_at, last_at, deliveries, differences: differences.unwrap_or_default(), body, body_base64 }
    };
    Ok(redeliveries::of_event(pool, event.row.id).await?.into_iter().map(shown).collect())
}

fn read(body: &[u8]) -> Option<Value> {
    json::read_event(std::str::from_utf8(body).ok()?).ok().map(|(value, _)| value)
}

fn differences(first: &Value, then: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(first), Some(then), &mut found);
    found
}

fn compare(pointer: String, first: Option<&Value>, then: Option<&Value>, found: &mut Vec<Difference>) {
    if first == then || found.len() == PLACES_MAX {
        return;
    }
    match (first, then) {
        (Some(Value::Object(first)), Some(Value::Object(then))) => {
            for name in first.keys().chain(then.keys().filter(|name| !first.contains_key(*name))) {
                let inside = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare(inside, first.get(name), then.get(name), found);
            }
        }
        (Some(Value::Array(first)), Some(Value::Array(then))) => {
            for index in 0..first.len().max(then.len()) {
                compare(format!("{pointer}/{index}"), first.get(index), then.get(index), found);
            }
        }
        (first, then) => found.push(Difference { pointer, first: first.cloned(), then: then.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_named_by_pointer() {
        let first = json!({ "id": "e", "pending": 2, "a/b": [1, { "c": 1 }], "gone": null });
        let then = json!({ "pending": 1, "id": "e", "a/b": [1, { "c": 2 }, 3] });
        let found = differences(&first, &then);
        let place = |pointer: &str, first: Option<Value>, then: Option<Value>| Difference {
            pointer: pointer.into(),
            first,
            then,
        };
        assert_eq!(
            found,
            [
                place("/pending", Some(json!(2)), Some(json!(1))),
                place("/a~1b/1/c", Some(json!(1)), Some(json!(2))),
                place("/a~1b/2", None, Some(json!(3))),
                place("/gone", Some(Value::Null), None),
            ]
        );
        assert_eq!(differences(&first, &first), []);
        assert_eq!(differences(&json!(1), &json!([1])).len(), 1);
        let many = |n: i32| (0..30).map(|i| json!(i * n)).collect::<Value>();
        assert_eq!(differences(&many(1), &many(2)).len(), PLACES_MAX);
    }
}

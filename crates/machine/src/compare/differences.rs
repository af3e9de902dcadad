//! Differences between two JSON values, field by field, with sensitive values masked.

use serde::Serialize;
use serde_json::Value;

use crate::masks::Masks;

/// Replaces sensitive values, here and in the journal.
pub const MASK: &str = "***";

/// Maximum number of differences listed per value; the rest are counted.
const FIELDS_MAX: usize = 200;

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Part of the request: `body`, `query`, `headers`, `uri`, `output` and so on.
    pub part: &'static str,
    /// JSON pointer into the part; empty for all of it.
    pub pointer: String,
    /// Value before; `None` if it was absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Value>,
    /// Value now; `None` if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// Compares two values; `None` is an absent value.
#[must_use]
pub fn differences(
    part: &'static str,
    recorded: Option<&Value>,
    new: Option<&Value>,
    masks: &[Masks],
) -> Vec<FieldChange> {
    let mut pointers = Vec::new();
    walk(recorded, new, &mut String::new(), &mut pointers);
    let (hidden_recorded, hidden_new) = (recorded.map(|v| hidden(v, masks)), new.map(|v| hidden(v, masks)));
    let mut found: Vec<FieldChange> = pointers
        .iter()
        .take(FIELDS_MAX)
        .map(|pointer| FieldChange {
            part,
            recorded: shown(recorded, hidden_recorded.as_ref(), pointer),
            new: shown(new, hidden_new.as_ref(), pointer),
            pointer: pointer.clone(),
        })
        .collect();
    if pointers.len() > FIELDS_MAX {
        let rest = format!("{} further fields differ", pointers.len() - FIELDS_MAX);
        found.push(FieldChange { part, pointer: String::new(), recorded: None, new: Some(Value::String(rest)) });
    }
    found
}

fn walk(recorded: Option<&Value>, new: Option<&Value>, at: &mut String, found: &mut Vec<String>) {
    match (recorded, new) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                let segment = name.replace('~', "~0").replace('/', "~1");
                below(before.get(name), after.get(name), &segment, at, found);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for place in 0..before.len().max(after.len()) {
                below(before.get(place), after.get(place), &place.to_string(), at, found);
            }
        }
        (Some(before), Some(after)) if before == after => {}
        (None, None) => {}
        _ => found.push(at.clone()),
    }
}

fn below(recorded: Option<&Value>, new: Option<&Value>, segment: &str, at: &mut String, found: &mut Vec<String>) {
    let length = at.len();
    at.push('/');
    at.push_str(segment);
    walk(recorded, new, at, found);
    at.truncate(length);
}

fn hidden(value: &Value, masks: &[Masks]) -> Value {
    masks.iter().fold(value.clone(), |value, masks| masks.value(&value))
}

/// Returns a field as people may see it: masked if it is sensitive or inside a sensitive value.
fn shown(real: Option<&Value>, hidden: Option<&Value>, pointer: &str) -> Option<Value> {
    real?.pointer(pointer)?;
    let seen = hidden.and_then(|value| value.pointer(pointer)).cloned();
    Some(seen.unwrap_or_else(|| Value::String(MASK.to_owned())))
}

/// Whether a value contains a mask, so that its original was not recorded.
#[must_use]
pub fn holds_masks(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(MASK),
        Value::Array(items) => items.iter().any(holds_masks),
        Value::Object(members) => members.values().any(holds_masks),
        _ => false,
    }
}

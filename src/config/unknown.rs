//! Refuses unknown keys in `stepwell.toml`, with the same wording as in all other documents.

use std::collections::BTreeSet;

use anyhow::bail;
use config::{Config, File, FileFormat};
use serde_json::Value;

use super::{KEYS, Settings};
use crate::dsl::mistake::{did_you_mean, shortened};

/// Fails if the text has unknown keys. Invalid TOML and values of the wrong type are left to the reader of the
/// settings.
pub(super) fn refuse(text: &str) -> anyhow::Result<()> {
    let parsed = Config::builder().add_source(File::from_str(text, FileFormat::Toml)).build();
    let Ok(table) = parsed.and_then(Config::try_deserialize::<Value>) else { return Ok(()) };
    let mut known: BTreeSet<String> = KEYS.iter().map(|key| (*key).to_owned()).collect();
    known.extend(leaves(&serde_json::to_value(Settings::default())?, ""));
    // Connection names are arbitrary.
    let of_connections = |key: &String| key == "connections" || key.starts_with("connections.");
    let unknown = leaves(&table, "").into_iter().filter(|key| !known.contains(key) && !of_connections(key));
    let told: Vec<String> = unknown
        .map(|key| {
            let hint = did_you_mean(&key, known.iter().map(String::as_str)).map(|hint| format!(" ({hint})"));
            format!("unknown property `{}`{}", shortened(&key), hint.unwrap_or_default())
        })
        .collect();
    if told.is_empty() { Ok(()) } else { bail!("{}", told.join("; ")) }
}

/// Full names of all values that are not tables, such as `node.lease_seconds`.
fn leaves(table: &Value, above: &str) -> Vec<String> {
    let entries = table.as_object().into_iter().flatten();
    let named = entries
        .map(|(name, value)| if above.is_empty() { (name.clone(), value) } else { (format!("{above}.{name}"), value) });
    named
        .flat_map(|(key, value)| match value {
            Value::Object(inner) if !inner.is_empty() => leaves(value, &key),
            Value::Object(_) => Vec::new(),
            _ => vec![key],
        })
        .collect()
}

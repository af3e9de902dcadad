//! Removes secrets from text, bytes and JSON before they are stored or shown, in any of many encodings.
//!
//! Finds a secret as plain text, in base64 at any alignment, in hex, in UTF-16 and Latin-1, and behind JSON escapes,
//! percent encoding and HTML entities, also nested. Pure: [`known`] decides which values are secrets.

pub mod known;
mod patterns;
#[cfg(test)]
mod tests;
mod views;

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value};

use patterns::{Depth, Patterns};

pub use known::Known;

/// Replaces a secret.
pub const MASK: &str = "***";

/// Shorter values are not searched for: they would mask half of every text.
pub const SECRET_BYTES_MIN: usize = 4;

/// Texts up to this length are searched most thoroughly.
const SHORT_BYTES_MAX: usize = 16 << 10;

/// In longer texts, fewer nested encodings are searched, to bound the work.
const MIDDLE_BYTES_MAX: usize = 64 << 10;

impl Depth {
    fn of_text(bytes: usize) -> Self {
        Self { layers: if bytes <= MIDDLE_BYTES_MAX { 3 } else { 2 }, runs: bytes <= SHORT_BYTES_MAX }
    }
}

/// A number that contains a secret of at least this many digits is masked: that is no coincidence.
const DIGITS_MIN: usize = 8;

/// Masks a set of values. Cheap to clone.
#[derive(Clone, Default)]
pub struct Redactor(Option<Arc<Patterns>>);

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor(..)")
    }
}

impl Redactor {
    /// Masks these values, except those that are too short.
    #[must_use]
    pub fn of<'v>(values: impl IntoIterator<Item = &'v str>) -> Self {
        Self(Patterns::of(values.into_iter().filter(|value| value.len() >= SECRET_BYTES_MIN)).map(Arc::new))
    }

    /// Returns the text with all values masked.
    #[must_use]
    pub fn text(&self, text: String) -> String {
        let found = self.found(text.as_bytes());
        if found.is_empty() {
            return text;
        }
        let clean = masked(text.as_bytes(), &found);
        String::from_utf8(clean).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned())
    }

    /// Returns the bytes with all values masked.
    #[must_use]
    pub fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        let found = self.found(&bytes);
        if found.is_empty() { bytes } else { masked(&bytes, &found) }
    }

    /// Whether any of the values occurs.
    #[must_use]
    pub fn finds(&self, bytes: &[u8]) -> bool {
        !self.found(bytes).is_empty()
    }

    /// Masks the values in JSON, including keys. Returns whether any occurred.
    pub fn value(&self, value: &mut Value) -> bool {
        self.value_at(value, Depth::of_text(0))
    }

    /// Like [`Self::value`], for JSON that is `text_bytes` long: long values are searched less thoroughly.
    pub fn value_of(&self, value: &mut Value, text_bytes: usize) -> bool {
        self.value_at(value, Depth::of_text(text_bytes))
    }

    fn value_at(&self, value: &mut Value, depth: Depth) -> bool {
        if self.0.is_none() {
            return false;
        }
        match value {
            Value::String(text) => {
                let found = self.found_at(text.as_bytes(), depth);
                if !found.is_empty() {
                    *text = String::from_utf8_lossy(&masked(text.as_bytes(), &found)).into_owned();
                }
                !found.is_empty()
            }
            Value::Number(number) if self.hides_number(&number.to_string()) => {
                *value = Value::String(MASK.to_owned());
                true
            }
            Value::Array(items) => items.iter_mut().fold(false, |any, item| self.value_at(item, depth) | any),
            Value::Object(entries) => {
                let any = entries.values_mut().fold(false, |any, value| self.value_at(value, depth) | any);
                let in_keys = entries.keys().any(|key| !self.found_at(key.as_bytes(), depth).is_empty());
                if in_keys {
                    *entries = self.renamed(std::mem::take(entries));
                }
                any | in_keys
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// Two masked keys remain two entries.
    fn renamed(&self, entries: Map<String, Value>) -> Map<String, Value> {
        let mut renamed = Map::new();
        for (key, value) in entries {
            let mut key = self.text(key);
            while renamed.contains_key(&key) {
                key.push('*');
            }
            renamed.insert(key, value);
        }
        renamed
    }

    fn hides_number(&self, number: &str) -> bool {
        self.found(number.as_bytes()).iter().any(|found| found.len() == number.len() || found.len() >= DIGITS_MIN)
    }

    /// Returns where the values occur, sorted and without overlaps.
    fn found(&self, text: &[u8]) -> Vec<Range<usize>> {
        self.found_at(text, Depth::of_text(text.len()))
    }

    fn found_at(&self, text: &[u8], depth: Depth) -> Vec<Range<usize>> {
        let Some(patterns) = &self.0 else { return Vec::new() };
        let mut found = patterns.found(text, depth);
        found.sort_by_key(|range| range.start);
        found.dedup_by(|next, kept| {
            let together = next.start <= kept.end;
            if together {
                kept.end = kept.end.max(next.end);
            }
            together
        });
        found
    }
}

fn masked(text: &[u8], found: &[Range<usize>]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut from = 0;
    for range in found {
        clean.extend_from_slice(&text[from..range.start]);
        clean.extend_from_slice(MASK.as_bytes());
        from = range.end;
    }
    clean.extend_from_slice(&text[from..]);
    clean
}

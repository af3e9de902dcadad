//! Reading fields of objects that allow only what they name; the rest is noted in the report.

use super::mistake::{Report, Spot, did_you_mean, shortened};
use super::source::Node;

impl<'s> Report<'s> {
    /// An object that has no other keys than these.
    pub fn closed(&mut self, node: Node<'s>, known: &[&str]) -> Option<Node<'s>> {
        let object = self.object(node)?;
        self.known_keys(object, known);
        Some(object)
    }

    /// An object with any keys.
    pub fn object(&mut self, node: Node<'s>) -> Option<Node<'s>> {
        if node.is_object() {
            return Some(node);
        }
        self.error(node, format!("`{}` must be an object, not {}", shortened(&node.label()), node.kind()));
        None
    }

    /// Refuses keys that mean nothing here: a typo must not pass in silence.
    pub fn known_keys(&mut self, object: Node<'s>, known: &[&str]) {
        for (key, value) in object.entries().filter(|(key, _)| !known.contains(key)) {
            let hint = did_you_mean(key, known.iter().copied())
                .unwrap_or_else(|| format!("known here: {}", listed(known.iter().copied())));
            self.error_with_hint(Spot::key(value), format!("unknown property `{}`", shortened(key)), hint);
        }
    }

    /// A field that must be there.
    pub fn required(&mut self, object: Node<'s>, key: &str) -> Option<Node<'s>> {
        let found = object.get(key);
        if found.is_none() {
            let place = object.name().map_or_else(|| "here".to_owned(), |name| format!("in `{}`", shortened(name)));
            self.error(Spot::key(object), format!("`{key}` is missing {place}"));
        }
        found
    }

    /// A text without expressions.
    pub fn text(&mut self, node: Node<'s>) -> Option<&'s str> {
        let text = node.as_text();
        if text.is_none() {
            let hint = (node.as_number().is_some() || node.as_bool().is_some())
                .then(|| format!("quote it: '{}'", node.to_value()));
            let message = format!("`{}` must be a text, not {}", shortened(&node.label()), node.kind());
            self.error_with_hint(node, message, hint);
        }
        text
    }

    /// The text under a key, if the key is there.
    pub fn optional_text(&mut self, object: Node<'s>, key: &str) -> Option<String> {
        let node = object.get(key)?;
        self.text(node).map(str::to_owned)
    }

    /// A boolean.
    pub fn boolean(&mut self, node: Node<'s>) -> Option<bool> {
        let truth = node.as_bool();
        if truth.is_none() {
            let message = format!("`{}` must be true or false, not {}", shortened(&node.label()), node.kind());
            self.error(node, message);
        }
        truth
    }

    /// A whole number from 0 to a bound.
    pub fn whole_number(&mut self, node: Node<'s>, max: u64) -> Option<u64> {
        let number = node.as_number().and_then(serde_json::Number::as_u64).filter(|n| *n <= max);
        if number.is_none() {
            self.error(node, format!("`{}` must be a whole number from 0 to {max}", shortened(&node.label())));
        }
        number
    }

    /// One of a few words.
    pub fn word<T: Copy>(&mut self, node: Node<'s>, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let names = || words.iter().map(|(word, _)| *word);
        let message = format!("`{}` must be one of {}, not `{}`", node.label(), listed(names()), shortened(text));
        self.error_with_hint(node, message, did_you_mean(text, names()));
        None
    }
}

/// Names in a row for people: `a`, `b`, `c`.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

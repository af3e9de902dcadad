//! Reads fields of objects. Unknown keys and wrong types are added to the report.

use super::Severity;
use super::authentication::{Flaw, FlawPlace};
use super::mistake::{Report, Spot, did_you_mean, shortened};
use super::source::Node;

impl<'s> Report<'s> {
    /// Returns the node if it is an object. Reports keys other than `known`.
    pub fn closed(&mut self, node: Node<'s>, known: &[&str]) -> Option<Node<'s>> {
        let object = self.object(node)?;
        self.known_keys(object, known);
        Some(object)
    }

    /// Returns the node if it is an object, with any keys.
    pub fn object(&mut self, node: Node<'s>) -> Option<Node<'s>> {
        if node.is_object() {
            return Some(node);
        }
        self.error(node, format!("`{}` must be an object, not {}", shortened(&node.label()), node.kind()));
        None
    }

    /// Like [`Report::closed`], but accepts `key:` without a value as an empty object.
    pub fn closed_or_nothing(&mut self, node: Node<'s>, known: &[&str]) -> Node<'s> {
        let object = self.object_or_nothing(node);
        self.known_keys(object, known);
        object
    }

    /// Like [`Report::object`], but accepts `key:` without a value as an empty object.
    pub fn object_or_nothing(&mut self, node: Node<'s>) -> Node<'s> {
        if !node.is_nothing() {
            self.object(node);
        }
        node
    }

    /// Returns the node if it is a list.
    pub fn list(&mut self, node: Node<'s>) -> Option<Node<'s>> {
        if node.is_list() {
            return Some(node);
        }
        self.error(node, format!("`{}` must be a list, not {}", shortened(&node.label()), node.kind()));
        None
    }

    /// Reports unknown keys, so that a typo is never ignored silently.
    pub fn known_keys(&mut self, object: Node<'s>, known: &[&str]) {
        for (key, value) in object.entries().filter(|(key, _)| !known.contains(key)) {
            let hint = did_you_mean(key, known.iter().copied())
                .unwrap_or_else(|| format!("known here: {}", listed(known.iter().copied())));
            self.error_with_hint(Spot::key(value), format!("unknown property `{}`", shortened(key)), hint);
        }
    }

    /// Returns the value of a required field and reports it if it is missing.
    pub fn required(&mut self, object: Node<'s>, key: &str) -> Option<Node<'s>> {
        let found = object.get(key);
        if found.is_none() {
            let place = object.name().map_or_else(|| "here".to_owned(), |name| format!("in `{}`", shortened(name)));
            self.error(Spot::key(object), format!("`{key}` is missing {place}"));
        }
        found
    }

    /// Returns a text. Expressions are not evaluated here.
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

    /// Returns the text under a key, if the key is present.
    pub fn optional_text(&mut self, object: Node<'s>, key: &str) -> Option<String> {
        let node = object.get(key)?;
        self.text(node).map(str::to_owned)
    }

    /// Returns a boolean.
    pub fn boolean(&mut self, node: Node<'s>) -> Option<bool> {
        let truth = node.as_bool();
        if truth.is_none() {
            let message = format!("`{}` must be true or false, not {}", shortened(&node.label()), node.kind());
            self.error(node, message);
        }
        truth
    }

    /// Returns a whole number from 0 to `max`.
    pub fn whole_number(&mut self, node: Node<'s>, max: u64) -> Option<u64> {
        let number = node.as_number().and_then(serde_json::Number::as_u64).filter(|n| *n <= max);
        if number.is_none() {
            self.error(node, format!("`{}` must be a whole number from 0 to {max}", shortened(&node.label())));
        }
        number
    }

    /// Returns a whole number within `range`. A number such as `3.0` counts as whole.
    pub fn whole_number_in(&mut self, node: Node<'s>, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let whole = |number: &serde_json::Number| {
            let exact = number.as_u64().or_else(|| number.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as u64));
            exact.and_then(|number| u32::try_from(number).ok())
        };
        let number = node.as_number().and_then(whole).filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            let message = format!("`{}` must be a whole number from {least} to {most}", shortened(&node.label()));
            self.error(node, message);
        }
        number
    }

    /// Reports the flaws of an authentication policy.
    pub fn flaws(&mut self, policy: Node<'s>, flaws: Vec<Flaw>) {
        for flaw in flaws {
            let at = policy.within(&flaw.path);
            let spot = if flaw.place == FlawPlace::Key { Spot::key(at) } else { at.into() };
            match flaw.severity {
                Severity::Warning => self.warning(spot, flaw.message, flaw.hint),
                Severity::Error => self.error_with_hint(spot, flaw.message, flaw.hint),
            }
        }
    }

    /// Returns the value of one of a few allowed words.
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

/// Lists names for people: `a`, `b`, `c`, each in backticks.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

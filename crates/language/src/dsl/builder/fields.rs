//! Reading fields of objects that allow only what they name.

use super::Builder;
use crate::dsl::source::Node;

pub(super) use crate::dsl::fields::listed;

impl<'s> Builder<'s> {
    /// An object that has no other keys than these.
    pub(super) fn closed(&mut self, node: Node<'s>, known: &[&str]) -> Option<Node<'s>> {
        self.report.closed(node, known)
    }

    /// An object with any keys.
    pub(super) fn object(&mut self, node: Node<'s>) -> Option<Node<'s>> {
        self.report.object(node)
    }

    /// Refuses keys that mean nothing here: a typo must not pass in silence.
    pub(super) fn known_keys(&mut self, object: Node<'s>, known: &[&str]) {
        self.report.known_keys(object, known);
    }

    /// A field that must be there.
    pub(super) fn required(&mut self, object: Node<'s>, key: &str) -> Option<Node<'s>> {
        self.report.required(object, key)
    }

    /// A text without expressions.
    pub(super) fn text(&mut self, node: Node<'s>) -> Option<&'s str> {
        self.report.text(node)
    }

    /// The text under a key, if the key is there.
    pub(super) fn optional_text(&mut self, object: Node<'s>, key: &str) -> Option<String> {
        self.report.optional_text(object, key)
    }

    /// A boolean.
    pub(super) fn boolean(&mut self, node: Node<'s>) -> Option<bool> {
        self.report.boolean(node)
    }

    /// A whole number from 0 to a bound.
    pub(super) fn whole_number(&mut self, node: Node<'s>, max: u64) -> Option<u64> {
        self.report.whole_number(node, max)
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, node: Node<'s>, words: &[(&str, T)]) -> Option<T> {
        self.report.word(node, words)
    }
}

/// An optional part: absent is fine, wrong is not.
pub fn complete<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(built) => built.map(Some),
    }
}

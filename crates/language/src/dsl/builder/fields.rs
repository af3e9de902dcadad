//! Reads fields of objects, refusing unknown keys.

use super::Builder;
use crate::dsl::source::Node;

pub(super) use crate::dsl::fields::listed;

impl<'s> Builder<'s> {
    /// Returns the node if it is an object. Reports keys other than `known`.
    pub(super) fn closed(&mut self, node: Node<'s>, known: &[&str]) -> Option<Node<'s>> {
        self.report.closed(node, known)
    }

    /// Returns the node if it is an object, with any keys.
    pub(super) fn object(&mut self, node: Node<'s>) -> Option<Node<'s>> {
        self.report.object(node)
    }

    /// Reports unknown keys, so that a typo is never ignored silently.
    pub(super) fn known_keys(&mut self, object: Node<'s>, known: &[&str]) {
        self.report.known_keys(object, known);
    }

    /// Returns the value of a required field and reports it if it is missing.
    pub(super) fn required(&mut self, object: Node<'s>, key: &str) -> Option<Node<'s>> {
        self.report.required(object, key)
    }

    /// Returns a text. Expressions are not evaluated here.
    pub(super) fn text(&mut self, node: Node<'s>) -> Option<&'s str> {
        self.report.text(node)
    }

    pub(super) fn optional_text(&mut self, object: Node<'s>, key: &str) -> Option<String> {
        self.report.optional_text(object, key)
    }

    pub(super) fn boolean(&mut self, node: Node<'s>) -> Option<bool> {
        self.report.boolean(node)
    }

    /// Returns a whole number from 0 to `max`.
    pub(super) fn whole_number(&mut self, node: Node<'s>, max: u64) -> Option<u64> {
        self.report.whole_number(node, max)
    }

    /// Returns the value of one of a few allowed words.
    pub(super) fn word<T: Copy>(&mut self, node: Node<'s>, words: &[(&str, T)]) -> Option<T> {
        self.report.word(node, words)
    }
}

/// Treats an absent optional part as complete; returns `None` only if the part was present and could not be built.
pub fn complete<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(built) => built.map(Some),
    }
}

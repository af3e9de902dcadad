//! Credentials that are written out in `hub.yaml`: refused wherever they stand, and never repeated in the message.

use super::yaml::{Content, Mistakes, Node};
use crate::dsl::credentials;

pub(super) const HINT: &str =
    "write '${ $secrets.NAME }' in a header or under `authentication`, and give STEPWELL_SECRET_NAME the value";

/// Notes every URL below this node that holds credentials.
pub(super) fn check_urls(node: &Node, mistakes: &mut Mistakes) {
    match &node.content {
        Content::Text(text) => {
            if let Some(found) = credentials::in_text(text) {
                mistakes.at(node, found.message, Some(HINT.to_owned()));
            }
        }
        Content::List(items) => items.iter().for_each(|item| check_urls(item, mistakes)),
        Content::Map(entries) => entries.iter().for_each(|entry| check_urls(&entry.node, mistakes)),
        Content::Null | Content::Bool(_) | Content::Number(_) => {}
    }
}

/// Whether [`check_urls`] said what is wrong with a URL: nobody else repeats it.
pub(super) fn is_told(text: &str) -> bool {
    credentials::in_text(text).is_some()
}

//! Credentials that are written out in `hub.yaml`: refused wherever they stand, and never repeated in the message.

use super::yaml::{Content, Mistakes, Node};
use crate::dsl::credentials;

pub(super) const HINT: &str =
    "write '${ $secrets.NAME }' in a header or under `authentication`, and give STEPWELL_SECRET_NAME the value";

/// Notes every URL below this node that holds credentials. True if there is one.
pub(super) fn check_urls(node: &Node, mistakes: &mut Mistakes) -> bool {
    match &node.content {
        Content::Text(text) => match credentials::in_text(text) {
            Some(found) => {
                mistakes.at(node, found.message, Some(HINT.to_owned()));
                true
            }
            None => false,
        },
        Content::List(items) => items.iter().fold(false, |any, item| check_urls(item, mistakes) | any),
        Content::Map(entries) => entries.iter().fold(false, |any, entry| check_urls(&entry.node, mistakes) | any),
        Content::Null | Content::Bool(_) | Content::Number(_) => false,
    }
}

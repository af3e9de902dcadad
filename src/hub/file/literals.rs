//! Refuses credentials written as plain text in `hub.yaml`, and never repeats them in a message.

use crate::dsl::credentials;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;

pub(super) const HINT: &str =
    "write '${ $secrets.NAME }' in a header or under `authentication`, and give STEPWELL_SECRET_NAME the value";

/// Reports every URL below this node that contains credentials.
pub(super) fn check_urls<'s>(node: Node<'s>, report: &mut Report<'s>) {
    if let Some(found) = node.as_text().and_then(credentials::in_text) {
        report.error_with_hint(node, found.message, Some(HINT.to_owned()));
    }
    node.items().for_each(|item| check_urls(item, report));
    node.entries().for_each(|(_, value)| check_urls(value, report));
}

/// Whether [`check_urls`] already reported this URL, so that nothing else does.
pub(super) fn is_told(text: &str) -> bool {
    credentials::in_text(text).is_some()
}

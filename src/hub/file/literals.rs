//! Credentials that are written out in `hub.yaml`: refused wherever they stand, and never repeated in the message.

use crate::dsl::credentials;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;

pub(super) const HINT: &str =
    "write '${ $secrets.NAME }' in a header or under `authentication`, and give STEPWELL_SECRET_NAME the value";

/// Notes every URL below this node that holds credentials.
pub(super) fn check_urls<'s>(node: Node<'s>, report: &mut Report<'s>) {
    if let Some(found) = node.as_text().and_then(credentials::in_text) {
        report.error_with_hint(node, found.message, Some(HINT.to_owned()));
    }
    node.items().for_each(|item| check_urls(item, report));
    node.entries().for_each(|(_, value)| check_urls(value, report));
}

/// Whether [`check_urls`] said what is wrong with a URL: nobody else repeats it.
pub(super) fn is_told(text: &str) -> bool {
    credentials::in_text(text).is_some()
}

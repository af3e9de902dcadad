//! Refuses literal credentials anywhere in a definition, a function or an OpenAPI document.
//!
//! Walks the source text and not what was built from it, so that no part of the language is missed.

use super::Builder;
use crate::dsl::credentials::{self, HINT, Literal};
use crate::dsl::mistake::{Report, Spot};
use crate::dsl::source::Node;

/// What the entries of an object are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entries {
    /// Plain data.
    Data,
    /// Request headers.
    Headers,
    /// Query parameters of a URL.
    Query,
    /// Parameters of an operation: headers or query parameters.
    Parameters,
}

/// Keys that are not searched: texts for people, schemas, and authentication, whose reader checks its own fields.
const SKIPPED: [&str; 7] =
    ["title", "summary", "description", "schema", "authentication", "authentications", "secrets"];

impl<'s> Builder<'s> {
    /// Reports literal credentials below this node.
    pub(super) fn check_literals(&mut self, node: Node<'s>) {
        if self.is_new {
            self.walk(node, Entries::Data);
        }
    }

    fn walk(&mut self, node: Node<'s>, entries: Entries) {
        if let Some(text) = node.as_text() {
            self.check_text(node, text, entries);
        }
        for item in node.items() {
            self.walk(item, entries);
        }
        for (name, value) in node.entries() {
            if SKIPPED.contains(&name) {
                if name == "authentication" || name == "authentications" {
                    self.check_urls(value);
                }
                continue;
            }
            if !self.check_entry(name, value, entries) {
                self.walk(value, below(name, entries));
            }
        }
    }

    /// Checks URLs only: the policy's other texts were checked with the policy.
    fn check_urls(&mut self, node: Node<'s>) {
        if let Some(found) = node.as_text().and_then(credentials::in_text) {
            self.literal(node, &found);
        }
        let inner: Vec<Node<'s>> = node.items().chain(node.entries().map(|(_, value)| value)).collect();
        inner.into_iter().for_each(|value| self.check_urls(value));
    }

    /// Reports an entry that is a credential. Returns whether it is.
    fn check_entry(&mut self, name: &str, value: Node<'s>, entries: Entries) -> bool {
        let text = match (value.as_text(), value.as_number()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(number)) if entries != Entries::Data => number.to_string(),
            _ => return false,
        };
        let jq = inside(&text);
        let found = match (jq, entries) {
            (Some(jq), Entries::Headers) => credentials::in_header_expression(name, jq),
            (Some(_), _) => None,
            (None, _) if self.loose && text.starts_with(['.', '$']) => None,
            (None, _) => {
                is_literal(entries, name, &text).then(|| Literal { offset: 0, message: credentials::written_out(name) })
            }
        };
        let Some(found) = found else { return false };
        self.report.error_with_hint(value, found.message, HINT.to_owned());
        true
    }

    fn check_text(&mut self, node: Node<'s>, text: &str, entries: Entries) {
        let found = credentials::in_text(text).or_else(|| {
            let jq = inside(text)?;
            let mut found = credentials::in_object_expression(jq, |name, value| is_literal(entries, name, value))?;
            found.offset += text.len() - text.trim_start().len() + "${".len();
            Some(found)
        });
        if let Some(found) = found {
            self.literal(node, &found);
        }
    }

    fn literal(&mut self, node: Node<'s>, found: &Literal) {
        self.report.error_with_hint(Spot::inside(node, found.offset), found.message.clone(), HINT.to_owned());
    }
}

/// What the entries under a key are.
fn below(name: &str, around: Entries) -> Entries {
    match name {
        "headers" => Entries::Headers,
        "query" => Entries::Query,
        "parameters" => Entries::Parameters,
        "body" => Entries::Data,
        _ => around,
    }
}

fn is_literal(entries: Entries, name: &str, value: &str) -> bool {
    match entries {
        Entries::Data => !value.trim().is_empty() && value != "***" && credentials::is_credential_field(name),
        Entries::Headers => credentials::is_literal_header(name, value),
        Entries::Query => credentials::is_literal_parameter(name, value),
        Entries::Parameters => {
            credentials::is_literal_header(name, value) || credentials::is_literal_parameter(name, value)
        }
    }
}

/// Returns the jq inside `${ }`.
fn inside(text: &str) -> Option<&str> {
    text.trim().strip_prefix("${")?.strip_suffix('}')
}

/// Keys of an OpenAPI document that are meant for people.
const EXAMPLES: [&str; 6] = ["description", "summary", "title", "example", "examples", "x-examples"];

/// Reports credentials in an OpenAPI document: in its URLs, and in defaults of parameters that authenticate.
pub(in crate::dsl) fn check_document<'s>(node: Node<'s>, report: &mut Report<'s>) {
    if let Some(found) = node.as_text().and_then(credentials::in_text) {
        report.error_with_hint(Spot::inside(node, found.offset), found.message, DOCUMENT_HINT.to_owned());
    }
    if let (Some(name), Some(_)) = (node.get("name").and_then(Node::as_text), node.get("in"))
        && let Some(default) = node.get("schema").unwrap_or(node).get("default")
        && default.as_text().is_some_and(|value| is_literal(Entries::Parameters, name, value))
    {
        report.error_with_hint(default, credentials::written_out(name), DOCUMENT_HINT.to_owned());
    }
    node.items().for_each(|item| check_document(item, report));
    node.entries().filter(|(name, _)| !EXAMPLES.contains(name)).for_each(|(_, value)| check_document(value, report));
}

const DOCUMENT_HINT: &str = "leave it out of the document: the call or a connection of hub.yaml authenticates";

//! `input`, `output`, `export`, `timeout`: transformations, JSON Schemas, durations.

use std::time::Duration;

use super::Builder;
use super::expression::{Scope, Stage};
use crate::dsl::duration::{UNIT_NAMES, parse_duration, unit_nanoseconds, within_bounds};
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::Node;
use crate::dsl::{DurationSpec, InputSpec, OutputSpec, Schema};

impl<'s> Builder<'s> {
    /// Reads `input` of the workflow or of a task.
    pub(super) fn input(&mut self, owner: Node<'s>, stage: Stage, scope: &Scope) -> InputSpec {
        let Some(node) = owner.get("input").and_then(|n| self.closed(n, &["schema", "from"])) else {
            return InputSpec::default();
        };
        InputSpec {
            schema: node.get("schema").and_then(|n| self.schema(n)),
            from: node.get("from").and_then(|n| self.transformation(n, stage, scope)),
        }
    }

    /// Reads `output` or `export`.
    pub(super) fn output(&mut self, owner: Node<'s>, key: &str, stage: Stage, scope: &Scope) -> OutputSpec {
        let Some(node) = owner.get(key).and_then(|n| self.closed(n, &["schema", "as"])) else {
            return OutputSpec::default();
        };
        OutputSpec {
            r#as: node.get("as").and_then(|n| self.transformation(n, stage, scope)),
            schema: node.get("schema").and_then(|n| self.schema(n)),
        }
    }

    fn schema(&mut self, node: Node<'s>) -> Option<Schema> {
        let object = self.closed(node, &["format", "document", "resource"])?;
        if let Some(format) = object.get("format") {
            let text = self.text(format)?;
            if text != "json" && !text.starts_with("json:") {
                let message = format!("`format` must be `json`, not `{}`", shortened(text));
                self.report.error(format, message);
                return None;
            }
        }
        if let Some(resource) = object.get("resource") {
            let hint = "put the schema under `document`: a definition must not change after it is deployed".to_owned();
            self.report.error_with_hint(Spot::key(resource), "external schemas are not supported", hint);
            return None;
        }
        self.required(object, "document").and_then(|document| self.json_schema(document))
    }

    /// Compiles a JSON Schema written in the document.
    pub(super) fn json_schema(&mut self, document: Node<'s>) -> Option<Schema> {
        if !document.is_object() && document.as_bool().is_none() {
            self.report.error(document, format!("a JSON Schema is an object or a boolean, not {}", document.kind()));
            return None;
        }
        let value = document.to_value();
        // Nothing is fetched: a schema may refer only to its own parts.
        match crate::dsl::schema::validator(&value) {
            Ok(validator) => Some(Schema { document: value, validator }),
            Err(error) => {
                let place = within(document, &error.instance_path().to_string());
                let why = shortened(&error.masked().to_string());
                self.report.error(place, format!("this is not a valid JSON Schema: {why}"));
                None
            }
        }
    }

    /// Reads `timeout`: an object with `after`, or a name from `use.timeouts`.
    pub(super) fn timeout(&mut self, owner: Node<'s>, stage: Stage, scope: &Scope) -> Option<DurationSpec> {
        let mut node = owner.get("timeout")?;
        if let Some(name) = node.as_text() {
            node = self.reusable("timeouts", "timeout", name, node)?;
        }
        let object = self.closed(node, &["after"])?;
        let after = self.required(object, "after")?;
        self.duration_at(after, stage, scope)
    }

    /// Reads a duration of a task: an object, an ISO 8601 text or an expression.
    pub(super) fn duration(&mut self, node: Node<'s>, scope: &Scope) -> Option<DurationSpec> {
        self.duration_at(node, Stage::Within, scope)
    }

    fn duration_at(&mut self, node: Node<'s>, stage: Stage, scope: &Scope) -> Option<DurationSpec> {
        if let Some(text) = node.as_text() {
            if text.contains("${") {
                return self.wrapped(node, stage, scope).map(DurationSpec::Computed);
            }
            return match parse_duration(text) {
                Ok(duration) => Some(DurationSpec::Fixed(duration)),
                Err(why) => {
                    self.report.error(node, why);
                    None
                }
            };
        }
        self.duration_object(node).map(DurationSpec::Fixed)
    }

    /// Reads a duration that must be known at deployment, so expressions are refused.
    pub(super) fn fixed_duration(&mut self, node: Node<'s>) -> Option<Duration> {
        match self.duration(node, &Scope::default())? {
            DurationSpec::Fixed(duration) => Some(duration),
            DurationSpec::Computed(_) => {
                self.report.error(node, format!("`{}` cannot be an expression", node.label()));
                None
            }
        }
    }

    fn duration_object(&mut self, node: Node<'s>) -> Option<Duration> {
        if !node.is_object() {
            let message = format!(
                "`{}` must be a duration such as `{{seconds: 30}}` or `PT30S`, not {}",
                node.label(),
                node.kind()
            );
            self.report.error(node, message);
            return None;
        }
        self.known_keys(node, &UNIT_NAMES);
        let (mut total, mut complete) = (0, node.entries().next().is_some());
        if !complete {
            self.report.error(node, format!("`{}` has no unit: add {}", node.label(), UNIT_NAMES.join(", ")));
        }
        for (unit, amount) in node.entries() {
            let amount = self.whole_number(amount, u64::from(u32::MAX));
            match amount.and_then(|n| unit_nanoseconds(unit, n)) {
                Some(nanoseconds) => total += nanoseconds,
                None => complete = false,
            }
        }
        if !complete {
            return None;
        }
        within_bounds(total).map_err(|why| self.report.error(node, why)).ok()
    }

    /// Looks up a name in a section of `use` and marks the entry as used. Reports unknown names.
    pub(super) fn reusable(&mut self, section: &str, what: &str, name: &str, from: Node<'s>) -> Option<Node<'s>> {
        let known = self.used_section(section);
        if let Some(found) = known.and_then(|node| node.get(name)) {
            self.referred.insert((section.to_owned(), name.to_owned()));
            return Some(found);
        }
        let names: Vec<&str> = known.into_iter().flat_map(Node::entries).map(|(name, _)| name).collect();
        let message = format!("no {what} is named `{}` in `use.{section}`", shortened(name));
        self.report.error_with_hint(from, message, did_you_mean(name, names.iter().copied()));
        None
    }
}

/// Follows a JSON pointer as far as it leads.
fn within<'s>(node: Node<'s>, pointer: &str) -> Node<'s> {
    pointer.split('/').skip(1).fold(node, |node, token| {
        let token = token.replace("~1", "/").replace("~0", "~");
        let item = token.parse().ok().filter(|_| node.is_list()).and_then(|index| node.items().nth(index));
        item.or_else(|| node.get(&token)).unwrap_or(node)
    })
}

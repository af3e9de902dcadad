//! Event filters, and the attributes of emitted events.

use serde_json::Value;

use super::Builder;
use super::expression::{Scope, Stage, constant};
use crate::dsl::definition::{Correlation, EventFilter, Wanted};
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::Node;
use stepwell_expr::comparisons::{self, Kind};
use stepwell_expr::{Expression, Template};

/// CloudEvents attributes. Any other name is an extension, in lower-case letters and digits.
const ATTRIBUTES: [&str; 8] = ["id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data"];
/// Characters that make a text a regular expression. The dot is not one of them: nearly every type contains it.
const PATTERN: [char; 11] = ['^', '$', '*', '+', '?', '(', ')', '[', ']', '|', '\\'];
/// Size limit of a compiled regular expression, in bytes.
const PATTERN_SIZE_MAX: usize = 1 << 18;

impl<'s> Builder<'s> {
    /// Reads an event filter. In a `listen` its attributes may be computed when the task begins. A schedule passes no
    /// scope, because no run exists yet.
    pub(super) fn event_filter(&mut self, node: Node<'s>, scope: Option<&Scope>) -> Option<EventFilter> {
        let object = self.closed(node, &["with", "correlate"])?;
        let mut filter = self.event_with(object, scope)?;
        if let Some(correlate) = object.get("correlate").and_then(|n| self.object(n)) {
            for (name, value) in correlate.entries() {
                filter.correlate.extend(self.correlation(name, value, scope));
            }
        }
        Some(filter)
    }

    fn event_with(&mut self, object: Node<'s>, scope: Option<&Scope>) -> Option<EventFilter> {
        let with = self.required(object, "with").and_then(|n| self.object(n))?;
        let mut filter = EventFilter::default();
        for (name, value) in with.entries() {
            if name == "data" {
                filter.data = self.wrapped(value, Stage::Event, &Scope::default());
            } else if let Some(wanted) = self.attribute(name, value, scope) {
                filter.with.push((name.to_owned(), wanted));
            }
        }
        if with.entries().next().is_none() {
            self.report.error(with, "an event filter needs at least one attribute, such as `type`");
        }
        Some(filter)
    }

    fn correlation(&mut self, name: &str, node: Node<'s>, scope: Option<&Scope>) -> Option<Correlation> {
        let object = self.closed(node, &["from", "expect"])?;
        let from: Option<Expression> =
            self.required(object, "from").and_then(|n| self.bare(n, Stage::Event, &Scope::default()));
        let none = Scope::default();
        let (stage, within) = scope.map_or((Stage::Event, &none), |scope| (Stage::Within, scope));
        let expect = object.get("expect").map(|n| (n, self.template(n, stage, within)));
        let expect: Option<Template> = match expect {
            Some((node, Some(expect))) if scope.is_none() && !matches!(expect, Template::Literal(_)) => {
                let hint = "leave `expect` out to start a run for each value".to_owned();
                self.report.error_with_hint(
                    node,
                    "in a schedule `expect` must be a fixed value: there is no run yet",
                    hint,
                );
                return None;
            }
            Some((node, expect)) => {
                let expect = expect?;
                self.warn_of_kinds(node, from.as_ref(), &expect);
                Some(expect)
            }
            None => None,
        };
        Some(Correlation { name: name.to_owned(), from: from?, expect })
    }

    /// Warns if a text is compared with a number taken from the event, or the other way round: such a filter never
    /// matches.
    fn warn_of_kinds(&mut self, node: Node<'s>, from: Option<&Expression>, expect: &Template) {
        let expected = match expect {
            Template::Literal(Value::String(_)) => Some(Kind::Text),
            Template::Expression(expression) => comparisons::kind_of(expression.text()),
            _ => None,
        };
        let taken = from.filter(|_| expected.is_some()).and_then(|from| comparisons::kind_of(from.text()));
        if taken.zip(expected).is_some_and(|(taken, expected)| taken != expected) {
            let message = "one of `from` and `expect` is a text and the other a number, so they are never equal";
            self.report.warning(node, message, "write `tostring` or `tonumber` in one of them".to_owned());
        }
    }

    /// Whether this is a valid attribute name. Reports a mistake if not.
    pub(super) fn attribute_name(&mut self, name: &str, value: Node<'s>) -> bool {
        if ATTRIBUTES.contains(&name) {
            return true;
        }
        let hint = did_you_mean(name, ATTRIBUTES);
        let extension = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if extension && hint.is_none() {
            return true;
        }
        let message = format!("`{}` is not an attribute of a CloudEvent", shortened(name));
        self.report.error_with_hint(Spot::key(value), message, hint);
        false
    }

    /// Reads an attribute: an exact text, a regular expression, or an expression. The official schema requires a URI or
    /// an expression as `source`, so a plain name is written as `${ "name" }`.
    fn attribute(&mut self, name: &str, value: Node<'s>, scope: Option<&Scope>) -> Option<Wanted> {
        if !self.attribute_name(name, value) {
            return None;
        }
        let text = self.text(value)?;
        if let Some(constant) = constant(&value.to_value()) {
            if name == "source" && !text.contains("://") && !text.contains("${") {
                let message = "the language's official schema wants a URI or an expression here";
                self.report.warning(value, message, format!("write `source: ${{ \"{}\" }}`", shortened(text)));
            }
            let plain = text.contains("${") || !constant.contains(PATTERN);
            return if plain { Some(Wanted::Text(constant)) } else { self.pattern(value, &constant) };
        }
        match scope {
            Some(scope) => self.wrapped(value, Stage::Within, scope).map(Wanted::Computed),
            None => {
                let message = format!("`{name}` must be one exact text or regular expression");
                let hint = "filters on content go into `data`: `data: ${ .amount > 100 }`".to_owned();
                self.report.error_with_hint(value, message, hint);
                None
            }
        }
    }

    fn pattern(&mut self, node: Node<'s>, text: &str) -> Option<Wanted> {
        let whole = format!("^(?:{text})$");
        match regex::RegexBuilder::new(&whole).size_limit(PATTERN_SIZE_MAX).build() {
            Ok(pattern) => Some(Wanted::Pattern(pattern)),
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                let hint = format!("for exactly this text write `${{ {} }}`", serde_json::Value::from(text));
                self.report.error_with_hint(node, format!("this is not a regular expression: {why}"), hint);
                None
            }
        }
    }
}

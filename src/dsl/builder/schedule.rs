//! `schedule.on`: which events start a run.

use super::Builder;
use super::expression::{Scope, Stage, constant};
use crate::dsl::definition::EventFilter;
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::Node;

/// Attributes of CloudEvents; others are extensions, whose names are lower case letters and digits.
const ATTRIBUTES: [&str; 8] = ["id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data"];

impl<'s> Builder<'s> {
    /// Filters of which any one starts a run.
    pub(super) fn schedule(&mut self, node: Node<'s>) -> Vec<EventFilter> {
        let Some(object) = self.closed(node, &["on", "every", "cron", "after"]) else { return Vec::new() };
        for key in ["every", "cron", "after"] {
            if let Some(found) = object.get(key) {
                let hint = "supported: `on` with `one` or `any`".to_owned();
                self.report.error_with_hint(Spot::key(found), format!("`schedule.{key}` is not supported yet"), hint);
            }
        }
        let Some(on) = object.get("on").and_then(|n| self.closed(n, &["one", "any", "all", "until"])) else {
            return Vec::new();
        };
        for key in ["all", "until"] {
            if let Some(found) = on.get(key) {
                let hint = "supported: `one` or `any`".to_owned();
                self.report.error_with_hint(
                    Spot::key(found),
                    format!("`schedule.on.{key}` is not supported yet"),
                    hint,
                );
            }
        }
        match (on.get("one"), on.get("any")) {
            (Some(one), None) => self.event_filter(one).into_iter().collect(),
            (None, Some(any)) if any.is_list() && any.items().next().is_some() => {
                any.items().filter_map(|item| self.event_filter(item)).collect()
            }
            (None, Some(any)) => {
                self.report.error(any, "`any` must be a list of at least one event filter");
                Vec::new()
            }
            (Some(_), Some(any)) => {
                self.report.error(Spot::key(any), "`one` and `any` exclude each other");
                Vec::new()
            }
            (None, None) => {
                self.report.error(Spot::key(on), "`schedule.on` needs `one` or `any`");
                Vec::new()
            }
        }
    }

    fn event_filter(&mut self, node: Node<'s>) -> Option<EventFilter> {
        let object = self.closed(node, &["with", "correlate"])?;
        if let Some(correlate) = object.get("correlate") {
            let hint = "a run that an event starts has nothing to correlate with yet".to_owned();
            self.report.error_with_hint(Spot::key(correlate), "`correlate` is not supported in `schedule.on`", hint);
        }
        let with = self.required(object, "with").and_then(|n| self.object(n))?;
        let mut filter = EventFilter::default();
        for (name, value) in with.entries() {
            if name == "data" {
                filter.data = self.wrapped(value, Stage::Event, &Scope::default());
            } else if let Some(text) = self.attribute(name, value) {
                filter.with.push((name.to_owned(), text.into()));
            }
        }
        if with.entries().next().is_none() {
            self.report.error(with, "an event filter needs at least one attribute, such as `type`");
        }
        Some(filter)
    }

    /// An attribute must have exactly this text. The official schema wants a URI or an expression as `source`, so a plain
    /// name is written as the expression `${ "name" }`.
    fn attribute(&mut self, name: &str, value: Node<'s>) -> Option<String> {
        if !ATTRIBUTES.contains(&name) {
            let hint = did_you_mean(name, ATTRIBUTES);
            let extension = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            if !extension || hint.is_some() {
                let message = format!("`{}` is no attribute of a CloudEvent", shortened(name));
                self.report.error_with_hint(Spot::key(value), message, hint);
                return None;
            }
        }
        let text = self.text(value)?;
        let constant = constant(&value.to_value());
        if constant.is_none() {
            let message = format!("`{name}` must be one exact text");
            let hint = "filters on content go into `data`: `data: ${ .amount > 100 }`".to_owned();
            self.report.error_with_hint(value, message, hint);
        }
        if name == "source" && !text.contains("://") && !text.contains("${") {
            let message = "the language's official schema wants a URI or an expression here";
            self.report.warning(value, message, format!("write `source: ${{ \"{}\" }}`", shortened(text)));
        }
        constant
    }
}

//! `schedule.on`: which events start a run.

use super::Builder;
use crate::dsl::definition::EventFilter;
use crate::dsl::mistake::Spot;
use crate::dsl::source::Node;

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
            (Some(one), None) => self.trigger(one).into_iter().collect(),
            (None, Some(any)) if any.is_list() && any.items().next().is_some() => {
                any.items().filter_map(|item| self.trigger(item)).collect()
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
}

//! `listen`: the events a run waits for, and what it does with each.

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::builder::fields::complete;
use crate::dsl::builder::task::Site;
use crate::dsl::definition::{EachEvent, EventFilter, EventStrategy, ListenTask, Read, Take, TaskKind, Until};
use crate::dsl::mistake::Spot;
use crate::dsl::source::Node;

/// Most filters of one task. Each is indexed, and looked up for each event.
const FILTERS_MAX: usize = 100;

impl<'s> Builder<'s> {
    pub(crate) fn listen(&mut self, task: Node<'s>, value: Node<'s>, site: &Site<'_, 's>) -> Option<TaskKind> {
        let object = self.closed(value, &["to", "read"])?;
        let words = [("data", Read::Data), ("envelope", Read::Envelope), ("raw", Read::Raw)];
        let read = object.get("read").map(|n| self.word(n, &words));
        let each = task.get("foreach").map(|n| self.each_event(n, site));
        let to = self.required(object, "to")?;
        let strategy = self.strategy(to, Some(site.scope));
        let (read, each, strategy) = (complete(read)?.unwrap_or_default(), complete(each)?, strategy?);
        if strategy.take == Take::Any && strategy.until.is_none() && each.is_some() {
            let message = "without `until` the first event ends the task, so `foreach` sees only that one";
            let hint = "add `until` beside `any`; `until: '${ false }'` listens until the run ends".to_owned();
            self.report.warning(Spot::key(to), message, hint);
        }
        Some(TaskKind::Listen(Box::new(ListenTask { strategy, read, each })))
    }

    /// Reads an event consumption strategy. A schedule passes no scope, because no run exists yet.
    pub(crate) fn strategy(&mut self, node: Node<'s>, scope: Option<&Scope>) -> Option<EventStrategy> {
        let filters = self.filters(node, scope, &["one", "any", "all", "until"]);
        let take = filters.as_ref().map(|(take, _)| *take);
        let until = node.get("until").map(|n| self.until(n, take, scope));
        let ((take, filters), until) = (filters?, complete(until)?);
        Some(EventStrategy { take, filters, until })
    }

    /// Reads `one`, `any` or `all` with its filters.
    fn filters(&mut self, node: Node<'s>, scope: Option<&Scope>, known: &[&str]) -> Option<(Take, Vec<EventFilter>)> {
        let object = self.closed(node, known)?;
        let given: Vec<(Take, Node<'s>)> = [("one", Take::One), ("any", Take::Any), ("all", Take::All)]
            .into_iter()
            .filter_map(|(key, take)| Some((take, object.get(key)?)))
            .collect();
        let [(take, filters)] = given[..] else {
            self.report.error(object, "an event consumption strategy is exactly one of `one`, `any`, `all`");
            return None;
        };
        if take == Take::One {
            return Some((take, vec![self.event_filter(filters, scope)?]));
        }
        let count = filters.items().count();
        let may_be_empty = take == Take::Any && scope.is_some();
        if !filters.is_list() || (count == 0 && !may_be_empty) || count > FILTERS_MAX {
            let message = format!("`{}` must be a list of 1 to {FILTERS_MAX} event filters", filters.label());
            let hint = (take == Take::Any).then(|| match scope {
                Some(_) => "an empty list accepts all events".to_owned(),
                None => {
                    "a workflow that every event starts would also be started by each event that it sends".to_owned()
                }
            });
            self.report.error_with_hint(filters, message, hint);
            return None;
        }
        let built: Vec<_> = filters.items().map(|item| self.event_filter(item, scope)).collect();
        Some((take, built.into_iter().collect::<Option<_>>()?))
    }

    fn until(&mut self, node: Node<'s>, take: Option<Take>, scope: Option<&Scope>) -> Option<Until> {
        if take.is_some_and(|take| take != Take::Any) {
            self.report.error(Spot::key(node), "`until` belongs to `any`; `one` and `all` end on their own");
            return None;
        }
        if node.as_text().is_some() {
            let none = Scope::default();
            let (stage, scope) = scope.map_or((Stage::Event, &none), |scope| (Stage::Within, scope));
            return self.bare(node, stage, scope).map(Until::Condition);
        }
        let (take, filters) = self.filters(node, scope, &["one", "any", "all"])?;
        Some(Until::Events { take, filters })
    }

    fn each_event(&mut self, node: Node<'s>, site: &Site<'_, 's>) -> Option<EachEvent> {
        let object = self.closed(node, &["item", "at", "do", "output", "export"])?;
        let item = self.variable_or(object.get("item"), "item");
        let at = self.variable_or(object.get("at"), "index");
        let mut scope = site.scope.clone();
        scope.name(item.as_deref());
        scope.name(at.as_deref());
        let below = format!("{}/foreach/do", site.reference);
        let body = object.get("do").map_or_else(|| Some(Vec::new()), |n| self.list(n, &below, &scope));
        let output = self.output(object, "output", Stage::Within, &scope);
        let export = self.output(object, "export", Stage::Export, &scope);
        Some(EachEvent { item: item?, at: at?, body: body?, output, export })
    }
}

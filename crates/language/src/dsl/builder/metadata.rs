//! A task's `metadata`. Unknown keys are refused: the official schema would accept a typo such as `compensat:`.

use super::Builder;
use super::expression::Scope;
use super::task::{Role, Site};
use crate::dsl::definition::{Compensate, Resend, TaskId, TaskKind, TaskMetadata};
use crate::dsl::mistake::Spot;
use crate::dsl::source::Node;

const KNOWN: [&str; 12] = [
    "compensate",
    "pivot",
    "idempotent",
    "safe",
    "reconcile",
    "sensitive",
    "title",
    "summary",
    "errors",
    "concurrency",
    "class",
    "task",
];

impl<'s> Builder<'s> {
    /// Reads the task's metadata, falling back to that of the function it is a layer around. In a function's body the
    /// call's metadata overrides the function's.
    pub(super) fn metadata(
        &mut self,
        task: Node<'s>,
        site: &Site<'_, 's>,
        kind: Option<&TaskKind>,
        fallback: Option<Node<'s>>,
    ) -> TaskMetadata {
        let own = task.get("metadata").and_then(|n| self.closed(n, &KNOWN));
        let fallback = fallback.and_then(|n| self.closed(n, &KNOWN));
        own.inspect(|n| self.described(*n));
        if let (Some(node), Some(kind)) = (own.and_then(|n| n.get("concurrency")), kind)
            && !matches!(kind, TaskKind::For(_))
        {
            let hint = "put it on a `for`".to_owned();
            let message =
                "`concurrency` says how many iterations of a loop run in parallel, and this task is not a loop";
            self.report.error_with_hint(Spot::key(node), message.to_owned(), hint);
        }
        let asks_person = own.and_then(|n| n.get("class")).is_some_and(|n| self.asks_person(n, kind));
        let question = self.question(own, task, kind, site.scope);
        let overriding = site.overriding.filter(|n| n.is_object());
        let said = |key: &str| {
            let above = overriding.and_then(|n| n.get(key));
            let here = own.and_then(|n| n.get(key)).or_else(|| fallback.and_then(|n| n.get(key)));
            match (above, key) {
                // Whether a request may be repeated is a property of the call itself.
                (Some(above), "idempotent" | "safe" | "reconcile") => Some(above),
                (Some(_), _) => None,
                (None, _) => here,
            }
        };
        let compensate = said("compensate").and_then(|n| self.compensate(n, site, kind));
        let pivot = said("pivot").filter(|n| self.allowed_in(site, *n, "pivot"));
        let (resend, reconcile) = self.repetition(said("idempotent"), said("reconcile"), site, kind);
        let safe = said("safe").is_some_and(|n| self.is_safe(n, kind));
        TaskMetadata {
            compensate,
            pivot: pivot.and_then(|n| self.boolean(n)).unwrap_or(false),
            resend,
            safe,
            reconcile,
            sensitive: own.or(fallback).map(|n| self.pointers(n)).unwrap_or_default(),
            title: said("title").and_then(|n| self.text(n)).map(str::to_owned),
            asks_person,
            question: question.map(Box::new),
        }
    }

    /// Reads `class: person`, which only a `raise` may have.
    fn asks_person(&mut self, node: Node<'s>, kind: Option<&TaskKind>) -> bool {
        if kind.is_some_and(|kind| !matches!(kind, TaskKind::Raise(_))) {
            let hint = "put it on a `raise`; hub.yaml defines under `faults` what a call's response means".to_owned();
            let message = "`class` defines what follows a raised error, but this task raises none";
            self.report.error_with_hint(Spot::key(node), message.to_owned(), hint);
            return false;
        }
        if node.as_text() != Some("person") {
            self.report.error(node, "`class` must be `person`: nothing is undone before a person has decided");
            return false;
        }
        true
    }

    /// Checks `summary` and `errors`, which are documentation: what the task does, and the types of the errors that it
    /// may raise.
    fn described(&mut self, node: Node<'s>) {
        node.get("summary").map(|n| self.text(n));
        let Some(errors) = node.get("errors") else { return };
        if !errors.is_list() {
            self.report.error(errors, format!("`errors` must be a list of types of errors, not {}", errors.kind()));
        }
        for item in errors.items() {
            if self.text(item).is_some_and(|text| url::Url::parse(text).is_err()) {
                self.report.error(item, "the type of an error must be an absolute URI");
            }
        }
    }

    /// Reads `compensate`: `none`, or one task.
    fn compensate(&mut self, node: Node<'s>, site: &Site<'_, 's>, kind: Option<&TaskKind>) -> Option<Compensate> {
        if !self.allowed_in(site, node, "compensate") {
            return None;
        }
        if let Some(
            TaskKind::Set(_) | TaskKind::Switch(_) | TaskKind::Raise(_) | TaskKind::Wait(_) | TaskKind::Listen(_),
        ) = kind
        {
            self.report.error(Spot::key(node), "there is nothing to undo: this task does not change another system");
            return None;
        }
        if node.is_object() {
            return self.aside(node, site, "compensate").map(Compensate::Task);
        }
        if node.as_text() != Some("none") {
            self.report.error(node, "`compensate` must be one task of the language, or `none`");
            return None;
        }
        Some(Compensate::None)
    }

    /// Reads `idempotent` and `reconcile`: what may be done about a call with an unknown outcome.
    fn repetition(
        &mut self,
        idempotent: Option<Node<'s>>,
        reconcile: Option<Node<'s>>,
        site: &Site<'_, 's>,
        kind: Option<&TaskKind>,
    ) -> (Resend, Option<TaskId>) {
        for node in [idempotent, reconcile].into_iter().flatten() {
            let passed_on = matches!(kind, Some(TaskKind::Function { body, .. }) if self.is_call(*body));
            if passed_on {
                return (Resend::default(), None);
            }
            if kind.is_some_and(|kind| !matches!(kind, TaskKind::Call(_))) {
                let message = format!("`{}` describes one HTTP call, and this task is not one", node.label());
                self.report.error_with_hint(Spot::key(node), message, "put it on the call itself".to_owned());
                return (Resend::default(), None);
            }
        }
        let resend = match idempotent.and_then(|n| self.boolean(n)) {
            Some(false) => Resend::Never,
            Some(true) | None => Resend::SameKey,
        };
        let reconcile = reconcile.and_then(|n| self.object(n)).and_then(|n| self.aside(n, site, "reconcile"));
        (resend, reconcile)
    }

    /// Reads `safe`: whether a run may move to this version even if it made a different call here.
    fn is_safe(&mut self, node: Node<'s>, kind: Option<&TaskKind>) -> bool {
        let passed_on = matches!(kind, Some(TaskKind::Function { body, .. }) if self.is_call(*body));
        if !passed_on && kind.is_some_and(|kind| !matches!(kind, TaskKind::Call(_))) {
            let message = "`safe` says something about one HTTP call, which this task is not".to_owned();
            self.report.error_with_hint(Spot::key(node), message, "put it on the call itself".to_owned());
            return false;
        }
        self.boolean(node).unwrap_or(false)
    }

    fn is_call(&self, id: TaskId) -> bool {
        self.tasks[id.0 as usize].as_ref().is_some_and(|task| matches!(task.kind, TaskKind::Call(_)))
    }

    /// Builds a task outside the flow: a compensation or a query. A compensation sees `$input` and `$output` of the
    /// task that it compensates.
    fn aside(&mut self, node: Node<'s>, site: &Site<'_, 's>, key: &str) -> Option<TaskId> {
        let scope = Scope { local: Vec::new(), undo: key == "compensate" };
        let reference = format!("{}/metadata/{key}", site.reference);
        let site = Site { name: key, reference, siblings: &[], role: Role::Aside, scope: &scope, overriding: None };
        self.task(node, &site)
    }

    /// Refuses `key` inside a compensation or a query, which are themselves never compensated or queried.
    fn allowed_in(&mut self, site: &Site<'_, 's>, node: Node<'s>, key: &str) -> bool {
        let aside = site.reference.contains("/metadata/compensate") || site.reference.contains("/metadata/reconcile");
        if aside {
            let message = format!("`{key}` has no meaning inside a compensation or a query");
            self.report.error(Spot::key(node), message);
        }
        !aside
    }
}

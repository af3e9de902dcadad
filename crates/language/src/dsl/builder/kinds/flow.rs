//! Control flow: `then`, `switch`, `raise`.

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::builder::task::{Role, Site};
use crate::dsl::definition::{Case, ErrorTemplate, Flow, TaskKind};
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::Node;

const STATUS_MAX: u64 = 599;

impl<'s> Builder<'s> {
    /// Reads `then`: `continue`, `exit`, `end`, or the name of a task in the same list.
    pub(crate) fn flow(&mut self, node: Node<'s>, site: &Site<'_, 's>) -> Option<Flow> {
        let text = self.text(node)?;
        let mut places = site.siblings.iter().enumerate().filter(|(_, name)| **name == text).map(|(index, _)| index);
        match (text, places.next(), places.next()) {
            ("continue", ..) => Some(Flow::Continue),
            ("exit", ..) => Some(Flow::Exit),
            ("end", ..) if site.role == Role::Aside => {
                let hint = "it ends the task anyway; leave `then` out".to_owned();
                self.report.error_with_hint(node, "`then: end` cannot end a run from a compensation or a query", hint);
                None
            }
            ("end", ..) => Some(Flow::End),
            (_, Some(index), None) => Some(Flow::To(index)),
            (_, Some(_), Some(_)) => {
                let message =
                    format!("`then: {}` is ambiguous: two tasks of this list have that name", shortened(text));
                self.report.error(node, message);
                None
            }
            (_, None, _) => {
                let message = format!("`then` names no task of this list: `{}`", shortened(text));
                let known = site.siblings.iter().copied().chain(["continue", "exit", "end"]);
                let hint = did_you_mean(text, known)
                    .unwrap_or_else(|| "it can name a task of the same list, `continue`, `exit` or `end`".to_owned());
                self.report.error_with_hint(node, message, hint);
                None
            }
        }
    }

    pub(crate) fn switch(&mut self, node: Node<'s>, site: &Site<'_, 's>) -> Option<TaskKind> {
        if !node.is_list() || node.items().next().is_none() {
            self.report.error(node, "`switch` must be a list of at least one case");
            return None;
        }
        let mut otherwise = false;
        let cases: Vec<Option<Case>> = node
            .items()
            .map(|item| {
                let (name, case) = self.named(item, "case")?;
                let case = self.case(name, case, site)?;
                if case.when.is_none() && std::mem::replace(&mut otherwise, true) {
                    let message =
                        format!("`{}` is the second case without `when`; it is never reached", shortened(name));
                    self.report.error(Spot::key(item.get(name)?), message);
                }
                Some(case)
            })
            .collect();
        cases.into_iter().collect::<Option<Vec<_>>>().map(TaskKind::Switch)
    }

    fn case(&mut self, name: &str, node: Node<'s>, site: &Site<'_, 's>) -> Option<Case> {
        let object = self.closed(node, &["when", "then"])?;
        let when = object.get("when").map(|n| self.bare(n, Stage::Within, site.scope));
        let then = self.required(object, "then").and_then(|n| self.flow(n, site));
        let when = match when {
            Some(expression) => Some(expression?),
            None => None,
        };
        Some(Case { name: name.to_owned(), when, then: then? })
    }

    pub(crate) fn raise(&mut self, node: Node<'s>, scope: &Scope) -> Option<TaskKind> {
        let object = self.closed(node, &["error"])?;
        let mut error = self.required(object, "error")?;
        if let Some(name) = error.as_text() {
            error = self.reusable("errors", "error", name, error)?;
        }
        self.error(error, scope).map(|error| TaskKind::Raise(Box::new(error)))
    }

    /// Reads an error as `raise` describes it.
    pub(crate) fn error(&mut self, node: Node<'s>, scope: &Scope) -> Option<ErrorTemplate> {
        let object = self.closed(node, &["type", "status", "instance", "title", "detail"])?;
        let r#type = self.required(object, "type").and_then(|n| self.text_template(n, Stage::Within, scope));
        let status = self.required(object, "status").and_then(|n| {
            self.whole_number(n, STATUS_MAX)?;
            self.template(n, Stage::Within, scope)
        });
        let mut text = |key| object.get(key).map(|n| self.text_template(n, Stage::Within, scope));
        let (title, detail) = (text("title"), text("detail"));
        Some(ErrorTemplate { r#type: r#type?, status: status?, title: title.flatten(), detail: detail.flatten() })
    }
}

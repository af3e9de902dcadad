//! `for`: one list of tasks for each item.

use super::Builder;
use super::expression::Stage;
use super::fields::complete;
use super::task::Site;
use crate::dsl::definition::{ForTask, TaskKind};
use crate::dsl::source::Node;

impl<'s> Builder<'s> {
    pub(super) fn r#for(&mut self, task: Node<'s>, value: Node<'s>, site: &Site<'_, 's>) -> Option<TaskKind> {
        let object = self.closed(value, &["each", "in", "at"])?;
        let each = self.variable_or(object.get("each"), "item");
        let at = self.variable_or(object.get("at"), "index");
        if each.is_some() && each == at {
            self.report.error(object, "`each` and `at` cannot have the same name");
        }
        let items = self.required(object, "in").and_then(|n| self.bare(n, Stage::Within, site.scope));
        let mut scope = site.scope.clone();
        scope.name(each.as_deref());
        scope.name(at.as_deref());
        let condition = task.get("while").map(|n| self.bare(n, Stage::Within, &scope));
        let body = self.required(task, "do").and_then(|n| self.list(n, &format!("{}/do", site.reference), &scope));
        let (each, at) = (each?, at?);
        Some(TaskKind::For(Box::new(ForTask { each, at, items: items?, condition: complete(condition)?, body: body? })))
    }

    /// The name that a variable is given, or its usual one.
    pub(super) fn variable_or(&mut self, node: Option<Node<'s>>, usual: &str) -> Option<String> {
        node.map_or_else(|| Some(usual.to_owned()), |n| self.variable(n))
    }
}

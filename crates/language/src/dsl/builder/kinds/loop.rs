//! `for`: a list of tasks that runs once for each item.

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::Stage;
use crate::dsl::builder::fields::complete;
use crate::dsl::builder::task::Site;
use crate::dsl::definition::{ForTask, Task, TaskId, TaskKind};
use crate::dsl::mistake::Spot;
use crate::dsl::source::{Node, escaped};

/// Most iterations that may run in parallel.
const CONCURRENCY_MAX: u32 = 100;

impl<'s> Builder<'s> {
    pub(crate) fn r#for(&mut self, task: Node<'s>, value: Node<'s>, site: &Site<'_, 's>) -> Option<TaskKind> {
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
        let concurrency = self.concurrency(task);
        let condition = task.get("while").map(|n| self.bare(n, Stage::Within, &scope));
        let list = self.required(task, "do");
        let body = list.and_then(|n| self.list(n, &format!("{}/do", site.reference), &scope));
        let (each, at, concurrency, mut body) = (each?, at?, concurrency?, body?);
        if concurrency > 1 {
            body = vec![self.iteration(list?, site, &each, body)];
        }
        let (items, condition) = (items?, complete(condition)?);
        Some(TaskKind::For(Box::new(ForTask { each, at, items, condition, concurrency, body })))
    }

    /// Reads `metadata.concurrency`: how many iterations may run in parallel. The default is 1.
    fn concurrency(&mut self, task: Node<'s>) -> Option<u32> {
        let Some(node) = task.get("metadata").and_then(|n| n.get("concurrency")) else { return Some(1) };
        let number = self.whole_number(node, u64::from(CONCURRENCY_MAX)).and_then(|n| u32::try_from(n).ok())?;
        if number == 0 {
            self.report.error(node, format!("`concurrency` must be 1 to {CONCURRENCY_MAX}"));
            return None;
        }
        if let Some(condition) = task.get("while").filter(|_| number > 1) {
            let message = "`while` checks the result of the previous iteration, but these run in parallel";
            let hint = "leave out `while`, or `metadata.concurrency`".to_owned();
            self.report.error_with_hint(Spot::key(condition), message.to_owned(), hint);
            return None;
        }
        Some(number)
    }

    /// Adds a `do` task for one iteration of a parallel loop. It is not in the source; its reference ends with the name
    /// of the item.
    fn iteration(&mut self, list: Node<'s>, site: &Site<'_, 's>, each: &str, body: Vec<TaskId>) -> TaskId {
        let id = self.new_task(list);
        let source = (self.value(list), self.places[id.0 as usize].position);
        let reference = format!("{}/for/{}", site.reference, escaped(each));
        self.tasks[id.0 as usize] = Some(Task::plain(each.to_owned(), reference, source, TaskKind::Do(body)));
        id
    }

    /// Returns the variable that a document names, or the default name.
    pub(crate) fn variable_or(&mut self, node: Option<Node<'s>>, usual: &str) -> Option<String> {
        node.map_or_else(|| Some(usual.to_owned()), |n| self.variable(n))
    }
}

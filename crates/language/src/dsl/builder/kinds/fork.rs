//! `fork`: tasks that run in parallel.

use crate::dsl::builder::Builder;
use crate::dsl::builder::fields::complete;
use crate::dsl::builder::task::{Role, Site};
use crate::dsl::definition::{ForkTask, Join, TaskKind};
use crate::dsl::source::{Node, escaped};

impl<'s> Builder<'s> {
    pub(crate) fn fork(&mut self, value: Node<'s>, site: &Site<'_, 's>) -> Option<TaskKind> {
        let object = self.closed(value, &["branches", "compete"])?;
        let compete = object.get("compete").map(|n| self.boolean(n));
        let branches = self.required(object, "branches")?;
        if !branches.is_list() || branches.items().next().is_none() {
            self.report.error(branches, "`branches` must be a list of at least one named task");
            return None;
        }
        let built: Vec<_> = branches.items().enumerate().map(|(index, item)| self.branch(index, item, site)).collect();
        let join = if complete(compete)? == Some(true) { Join::First } else { Join::All };
        Some(TaskKind::Fork(ForkTask { branches: built.into_iter().collect::<Option<_>>()?, join }))
    }

    /// Builds a branch. `then` in it can name no siblings, because they run in parallel to it.
    fn branch(&mut self, index: usize, item: Node<'s>, site: &Site<'_, 's>) -> Option<crate::dsl::TaskId> {
        let (name, task) = self.named(item, "branch")?;
        let reference = format!("{}/fork/branches/{index}/{}", site.reference, escaped(name));
        self.extended_task(
            task,
            &Site { name, reference, siblings: &[], role: Role::Step, scope: site.scope, overriding: None },
        )
    }
}

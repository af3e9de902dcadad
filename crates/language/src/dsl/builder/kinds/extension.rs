//! `use.extensions`: tasks that run before and after others, expanded at each extended task.

use std::sync::Arc;

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::builder::fields::complete;
use crate::dsl::builder::task::Site;
use crate::dsl::definition::{Part, Segment, Task, TaskId, TaskKind, TaskList};
use crate::dsl::mistake::shortened;
use crate::dsl::source::{Node, escaped};

/// Values of `extend`, each with the keys of the tasks it covers.
const TARGETS: [(&str, &[&str]); 13] = [
    ("all", &["call", "do", "fork", "emit", "for", "listen", "raise", "run", "set", "switch", "try", "wait"]),
    ("call", &["call"]),
    ("composite", &["do", "fork"]),
    ("emit", &["emit"]),
    ("extension", &[]),
    ("for", &["for"]),
    ("listen", &["listen"]),
    ("raise", &["raise"]),
    ("run", &["run"]),
    ("set", &["set"]),
    ("switch", &["switch"]),
    ("try", &["try"]),
    ("wait", &["wait"]),
];

impl<'s> Builder<'s> {
    /// Builds a task of a list together with the extensions that apply to it.
    pub(crate) fn extended_task(&mut self, node: Node<'s>, site: &Site<'_, 's>) -> Option<TaskId> {
        let extensions = self.extensions_of(node);
        if extensions.is_empty() {
            return self.task(node, site);
        }
        let id = self.new_task(node);
        let inner = self.task(node, site)?;
        let mut segments = Vec::new();
        let mut complete = true;
        for (name, extension) in &extensions {
            complete &= self.segment(name, *extension, Part::Before, site, &mut segments);
        }
        segments.push(Segment { part: Part::Task, when: None, tasks: vec![inner] });
        for (name, extension) in &extensions {
            complete &= self.segment(name, *extension, Part::After, site, &mut segments);
        }
        let own = self.tasks[inner.0 as usize].as_mut()?;
        let names: Vec<&str> = extensions.iter().map(|(name, _)| *name).collect();
        let name = format!("{} ({})", site.name, names.join(", "));
        let reference = format!("{}/extended", site.reference);
        let source = (Arc::clone(&own.definition), own.position);
        let mut around = Task::plain(name, reference, source, TaskKind::Extended(segments));
        // If the task is skipped, its extensions are skipped too.
        around.condition = own.condition.take();
        self.tasks[id.0 as usize] = Some(around);
        complete.then_some(id)
    }

    /// Returns the extensions that apply to a task, in document order.
    fn extensions_of(&self, node: Node<'s>) -> Vec<(&'s str, Node<'s>)> {
        if self.extending || !node.is_object() {
            return Vec::new();
        }
        let Some(extensions) = self.used_section("extensions") else { return Vec::new() };
        let kind = TARGETS[0].1.iter().find(|kind| {
            // A `for` task has a `do` of its own and is not a `do` task.
            node.get(kind).is_some() && !(**kind == "do" && node.get("for").is_some())
        });
        let Some(kind) = kind else { return Vec::new() };
        let named = extensions.items().filter_map(|item| item.entries().next());
        let concerns = |extension: &Node<'s>| {
            let target = extension.get("extend").and_then(Node::as_text).unwrap_or_default();
            TARGETS.iter().any(|(name, kinds)| *name == target && kinds.contains(kind))
        };
        named.filter(|(_, extension)| concerns(extension)).collect()
    }

    /// Adds `before` or `after` of an extension. Returns false if it cannot be built.
    fn segment(
        &mut self,
        name: &str,
        extension: Node<'s>,
        part: Part,
        site: &Site<'_, 's>,
        segments: &mut Vec<Segment>,
    ) -> bool {
        let key = if part == Part::Before { "before" } else { "after" };
        let Some(list) = extension.get(key) else { return true };
        let when = extension.get("when").map(|n| self.bare(n, Stage::Within, &Scope::default()));
        let reference = format!("{}/extensions/{}/{key}", site.reference, escaped(name));
        let tasks = self.extension_list(list, &reference);
        match (complete(when), tasks) {
            (Some(when), Some(tasks)) => {
                segments.push(Segment { part, when, tasks });
                true
            }
            _ => false,
        }
    }

    fn extension_list(&mut self, list: Node<'s>, reference: &str) -> Option<TaskList> {
        self.extending = true;
        let tasks = self.list(list, reference, &Scope::default());
        self.extending = false;
        tasks
    }

    /// Checks all extensions, including those that apply to no task.
    pub(crate) fn check_extensions(&mut self, node: Node<'s>) {
        if !node.is_list() {
            self.report.error(node, format!("`extensions` must be a list of named extensions, not {}", node.kind()));
            return;
        }
        for item in node.items() {
            let Some((name, extension)) = self.named(item, "extension") else { continue };
            let Some(object) = self.closed(extension, &["extend", "when", "before", "after"]) else { continue };
            let words = TARGETS.map(|(name, _)| (name, ()));
            self.required(object, "extend").and_then(|n| self.word(n, &words));
            if object.get("before").is_none() && object.get("after").is_none() {
                let message =
                    format!("extension `{}` has neither `before` nor `after`: it does nothing", shortened(name));
                self.report.error(extension, message);
            }
            let tasks = self.tasks.len();
            object.get("when").map(|n| self.bare(n, Stage::Within, &Scope::default()));
            for key in ["before", "after"] {
                object
                    .get(key)
                    .map(|list| self.extension_list(list, &format!("/use/extensions/{}/{key}", escaped(name))));
            }
            self.tasks.truncate(tasks);
            self.places.truncate(tasks);
        }
    }
}

//! Tasks: lists of them, the fields all kinds share, and the table of kinds.

use super::expression::{Scope, Stage};
use super::fields::listed;
use super::{Builder, TASK_DEPTH_MAX, TASKS_MAX};
use crate::dsl::definition::{Task, TaskId, TaskKind, TaskList};
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::{Node, escaped};

/// Keys that every task may have.
const COMMON: [&str; 7] = ["if", "input", "output", "export", "timeout", "then", "metadata"];
/// The kinds of tasks, each with the additional keys it may have.
const KINDS: [(&str, &[&str]); 12] = [
    ("call", &["with"]),
    // `for` must come before `do`, which is also one of its keys.
    ("for", &["while", "do"]),
    ("do", &[]),
    ("fork", &[]),
    ("emit", &[]),
    ("listen", &["foreach"]),
    ("run", &[]),
    ("set", &[]),
    ("switch", &[]),
    ("try", &["catch"]),
    ("raise", &[]),
    ("wait", &[]),
];

/// The place of a task in the document.
pub(super) struct Site<'a, 's> {
    pub name: &'a str,
    pub reference: String,
    /// Names of the tasks in the same list, for `then`.
    pub siblings: &'a [&'a str],
    pub role: Role,
    pub scope: &'a Scope,
    /// Metadata of the call whose function has this task as its body. It overrides the function's own metadata.
    pub overriding: Option<Node<'s>>,
}

/// The role of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An entry of a list.
    Step,
    /// The body of a function.
    Body,
    /// `metadata.compensate` or `metadata.reconcile`.
    Aside,
}

impl<'a> Site<'a, '_> {
    /// The site of a function's body.
    pub(super) fn body(name: &'a str, reference: String, scope: &'a Scope) -> Self {
        Self { name, reference, siblings: &[], role: Role::Body, scope, overriding: None }
    }
}

impl<'s> Builder<'s> {
    /// Builds a list of tasks, each an object whose only key is its name.
    pub(super) fn list(&mut self, node: Node<'s>, reference: &str, scope: &Scope) -> Option<TaskList> {
        if !node.is_list() {
            let message = format!("`{}` must be a list of named tasks, not {}", node.label(), node.kind());
            self.report.error_with_hint(node, message, "write `- taskName: {...}` for each task".to_owned());
            return None;
        }
        let named: Vec<Option<(&str, Node<'s>)>> = node.items().map(|item| self.named(item, "task")).collect();
        let siblings: Vec<&str> = named.iter().flatten().map(|(name, _)| *name).collect();
        let mut list = Vec::with_capacity(named.len());
        let mut complete = true;
        for (index, entry) in named.iter().enumerate() {
            let built = entry.and_then(|(name, task)| {
                let reference = format!("{reference}/{index}/{}", escaped(name));
                let site = Site { name, reference, siblings: &siblings, role: Role::Step, scope, overriding: None };
                self.extended_task(task, &site)
            });
            match built {
                Some(id) => list.push(id),
                None => complete = false,
            }
        }
        complete.then_some(list)
    }

    /// Returns the only entry of `- name: {...}`.
    pub(super) fn named(&mut self, item: Node<'s>, what: &str) -> Option<(&'s str, Node<'s>)> {
        let mut entries = item.entries();
        let (first, second) = (entries.next(), entries.next());
        if let (Some(entry), None) = (first, second) {
            return Some(entry);
        }
        let message = match (item.is_object(), second) {
            (true, Some((name, _))) => format!("each {what} is one `- name:`; `{}` is the second one", shortened(name)),
            _ => format!("each {what} is an object with its name as only key, not {}", item.kind()),
        };
        let hint = second.map(|_| "is the indentation right?".to_owned());
        let spot = second.map_or(Spot::from(item), |(_, node)| Spot::key(node));
        self.report.error_with_hint(spot, message, hint);
        None
    }

    /// Builds a task of any kind.
    pub(super) fn task(&mut self, node: Node<'s>, site: &Site<'_, 's>) -> Option<TaskId> {
        if !node.is_object() {
            let message = format!("task `{}` must be an object, not {}", shortened(site.name), node.kind());
            self.report.error(node, message);
            return None;
        }
        if self.depth >= TASK_DEPTH_MAX || self.tasks.len() >= TASKS_MAX {
            let message = format!(
                "with its functions unfolded the definition has more than {TASKS_MAX} tasks, or {TASK_DEPTH_MAX} levels of them"
            );
            self.report.error(Spot::key(node), message);
            return None;
        }
        let id = self.new_task(node);
        self.depth += 1;
        let task = self.parts(node, site, id);
        self.depth -= 1;
        self.tasks[id.0 as usize] = task;
        self.tasks[id.0 as usize].is_some().then_some(id)
    }

    /// Reserves a place in the arena.
    pub(super) fn new_task(&mut self, node: Node<'s>) -> TaskId {
        let id = TaskId(u32::try_from(self.tasks.len()).expect("there are at most TASKS_MAX tasks"));
        self.tasks.push(None);
        self.places.push(self.report.place(Spot::key(node)));
        id
    }

    fn parts(&mut self, node: Node<'s>, site: &Site<'_, 's>, id: TaskId) -> Option<Task> {
        let scope = site.scope;
        let kind_name = self.kind_name(node, site.name);
        let kind = kind_name.and_then(|name| self.kind(name, node, site));
        // Build all parts before failing, so that all mistakes are reported at once.
        let condition = node.get("if").map(|n| self.bare(n, Stage::Before, scope));
        let input = self.input(node, Stage::Before, scope);
        let output = self.output(node, "output", Stage::Within, scope);
        let export = self.output(node, "export", Stage::Export, scope);
        let timeout = self.timeout(node, Stage::Within, scope);
        let then = node.get("then").map_or_else(|| Some(Default::default()), |n| self.flow(n, site));
        let fallback = kind_name.filter(|name| *name == "call").and_then(|_| self.metadata_of_layer(node));
        let metadata = self.metadata(node, site, kind.as_ref(), fallback);
        Some(Task {
            name: site.name.to_owned(),
            reference: site.reference.clone(),
            definition: self.value(node),
            position: self.places[id.0 as usize].position,
            condition: match condition {
                Some(expression) => Some(expression?),
                None => None,
            },
            input,
            output,
            export,
            timeout,
            then: then?,
            metadata,
            reentrant: false,
            kind: kind?,
        })
    }

    /// Returns the kind of the task and checks its keys.
    fn kind_name(&mut self, node: Node<'s>, name: &str) -> Option<&'static str> {
        let supported = || listed(KINDS.iter().map(|(kind, _)| *kind));
        let mut found = KINDS.iter().filter_map(|(kind, further)| Some((*kind, *further, node.get(kind)?)));
        let Some((kind, further, _)) = found.next() else {
            let kinds = || KINDS.iter().map(|(kind, _)| *kind);
            let written = node.entries().find_map(|(key, value)| Some((value, did_you_mean(key, kinds())?)));
            let hint = match &written {
                Some((_, hint)) => hint.clone(),
                None => format!("give it one of {}", supported()),
            };
            let spot = written.map_or_else(|| Spot::key(node), |(value, _)| Spot::key(value));
            self.report.error_with_hint(spot, format!("task `{}` does nothing", shortened(name)), hint);
            return None;
        };
        if let Some((second, _, value)) = found.find(|(second, ..)| !further.contains(second)) {
            let message = format!("a task has one kind, but `{}` has `{kind}` and `{second}`", shortened(name));
            self.report.error(Spot::key(value), message);
            return None;
        }
        let known: Vec<&str> = COMMON.iter().chain(further).copied().chain([kind]).collect();
        self.known_keys(node, &known);
        Some(kind)
    }

    fn kind(&mut self, kind: &str, node: Node<'s>, site: &Site<'_, 's>) -> Option<TaskKind> {
        let value = node.get(kind)?;
        let below = || format!("{}/{kind}", site.reference);
        match kind {
            "call" => self.call(node, value, site),
            "do" => self.list(value, &below(), site.scope).map(TaskKind::Do),
            "for" => self.r#for(node, value, site),
            "fork" => self.fork(value, site),
            "emit" => self.emit(value, site.scope),
            "listen" => self.listen(node, value, site),
            "run" => self.run(value, site.scope),
            "set" => self.set(value, site.scope),
            "switch" => self.switch(value, site),
            "try" => self.r#try(node, value, site),
            "raise" => self.raise(value, site.scope),
            _ => self.duration(value, site.scope).map(TaskKind::Wait),
        }
    }

    fn set(&mut self, value: Node<'s>, scope: &Scope) -> Option<TaskKind> {
        if value.as_text().is_some() {
            let expression = self.wrapped(value, Stage::Within, scope)?;
            return Some(TaskKind::Set(stepwell_expr::Template::Expression(expression)));
        }
        let object = self.object(value)?;
        if object.entries().next().is_none() {
            self.report.error(object, "`set` sets nothing; give it at least one entry");
            return None;
        }
        self.template(object, Stage::Within, scope).map(TaskKind::Set)
    }
}

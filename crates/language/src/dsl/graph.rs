//! Draws a definition as a Mermaid flowchart: the tasks, their order, and their compensations.

use std::fmt::Write;

use super::definition::{Catch, Compensate, Definition, Flow, Join, Part, TaskId, TaskKind};

/// Returns the text of the flowchart.
#[must_use]
pub fn mermaid(definition: &Definition) -> String {
    let mut chart = Chart { definition, text: String::from("flowchart TD\n"), depth: 1 };
    chart.line("start([start])");
    chart.line("finish([end])");
    let first = chart.list(&definition.root, "finish");
    chart.edge("start", &first, "");
    chart.text
}

struct Chart<'d> {
    definition: &'d Definition,
    text: String,
    depth: usize,
}

impl Chart<'_> {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = self.depth * 4);
    }

    fn edge(&mut self, from: &str, to: &str, label: &str) {
        let label = if label.is_empty() { String::new() } else { format!("|{}|", quoted(label)) };
        self.line(&format!("{from} -->{label} {to}"));
    }

    /// Draws a list of tasks and their order. Returns the node where the list begins; it ends at `after`.
    fn list(&mut self, list: &[TaskId], after: &str) -> String {
        for id in list {
            self.task(*id);
        }
        for (index, id) in list.iter().enumerate() {
            let target = |flow: &Flow| match flow {
                Flow::Continue => list.get(index + 1).map_or_else(|| after.to_owned(), |next| node(*next)),
                Flow::Exit => after.to_owned(),
                Flow::End => "finish".to_owned(),
                Flow::To(place) => list.get(*place).map_or_else(|| after.to_owned(), |task| node(*task)),
            };
            let own = self.definition.task(self.definition.extended(*id));
            if let TaskKind::Switch(cases) = &own.kind {
                for case in cases {
                    self.edge(&node(*id), &target(&case.then), &case.name);
                }
                if cases.iter().all(|case| case.when.is_some()) {
                    self.edge(&node(*id), &target(&own.then), "else");
                }
            } else if own.condition.is_some() || !matches!(own.kind, TaskKind::Raise(_)) {
                // Nothing follows a task that always raises.
                self.edge(&node(*id), &target(&own.then), "");
            }
        }
        list.first().map_or_else(|| after.to_owned(), |first| node(*first))
    }

    /// Draws a task: a node, or a frame around the tasks inside it.
    fn task(&mut self, id: TaskId) {
        let task = self.definition.task(id);
        let name = task.metadata.title.as_deref().unwrap_or(&task.name);
        match &task.kind {
            TaskKind::Do(list) => self.frame(id, name, &[("", list)]),
            TaskKind::For(each) => {
                let body = match each.body.first().map(|id| &self.definition.task(*id).kind) {
                    Some(TaskKind::Do(list)) if each.is_parallel() => list,
                    _ => &each.body,
                };
                let at_once =
                    if each.is_parallel() { format!(", {} at once", each.concurrency) } else { String::new() };
                let title = format!("{name}{at_once}: for {} in {}", each.each, each.items.text());
                self.frame(id, &title, &[("", body)]);
            }
            TaskKind::Fork(fork) => self.fork(id, name, &fork.branches, fork.join),
            TaskKind::Try(attempt) => self.attempt(id, name, &attempt.body, &attempt.catch),
            TaskKind::Listen(listen) if listen.each.as_ref().is_some_and(|each| !each.body.is_empty()) => {
                let body = listen.each.as_ref().map(|each| each.body.clone()).unwrap_or_default();
                self.frame(id, &format!("{name}: listen, for each event"), &[("", &body)]);
            }
            TaskKind::Extended(segments) => {
                let own = segments.iter().filter(|segment| segment.part == Part::Task);
                let tasks: Vec<TaskId> = own.flat_map(|segment| segment.tasks.clone()).collect();
                self.frame(id, name, &[("", &tasks)]);
            }
            kind => {
                let (open, close) = shape(kind);
                let what = what(kind);
                let pivot = if task.metadata.pivot { "<br/>pivot" } else { "" };
                self.line(&format!("{}{open}\"{}<br/>{}{pivot}\"{close}", node(id), escaped(name), escaped(&what)));
            }
        }
        if let Some(Compensate::Task(undo)) = task.metadata.compensate {
            self.task(undo);
            self.line(&format!("{} -.->|\"undone by\"| {}", node(id), node(undo)));
        }
    }

    /// Draws a frame around lists, each with an optional name.
    fn frame(&mut self, id: TaskId, title: &str, lists: &[(&str, &[TaskId])]) {
        self.line(&format!("subgraph {}[\"{}\"]", node(id), escaped(title)));
        self.depth += 1;
        self.line("direction TB");
        for (number, (_, list)) in lists.iter().enumerate() {
            let end = format!("{}e{number}", node(id));
            self.line(&format!("{end}(( ))"));
            self.list(list, &end);
        }
        self.depth -= 1;
        self.line("end");
    }

    fn fork(&mut self, id: TaskId, name: &str, branches: &[TaskId], join: Join) {
        let how = if join == Join::First { "the first wins" } else { "in parallel" };
        self.line(&format!("subgraph {}[\"{}: {how}\"]", node(id), escaped(name)));
        self.depth += 1;
        self.line("direction LR");
        for branch in branches {
            self.task(*branch);
        }
        self.depth -= 1;
        self.line("end");
    }

    fn attempt(&mut self, id: TaskId, name: &str, body: &[TaskId], catch: &Catch) {
        let handler = catch.handler.as_deref().unwrap_or_default();
        let retries = if catch.retry.is_some() { ", again on a fault" } else { "" };
        let lists: &[(&str, &[TaskId])] =
            if handler.is_empty() { &[("try", body)] } else { &[("try", body), ("catch", handler)] };
        self.frame(id, &format!("{name}: try{retries}"), lists);
        if let (Some(first), Some(handled)) = (body.first(), handler.first()) {
            self.line(&format!("{} -.->|\"fault\"| {}", node(*first), node(*handled)));
        }
    }
}

fn node(id: TaskId) -> String {
    format!("t{}", id.0)
}

fn shape(kind: &TaskKind) -> (&'static str, &'static str) {
    match kind {
        TaskKind::Switch(_) => ("{", "}"),
        TaskKind::Wait(_) | TaskKind::Listen(_) => ("([", "])"),
        TaskKind::Emit(_) => (">", "]"),
        TaskKind::Raise(_) => ("{{", "}}"),
        TaskKind::Run(_) | TaskKind::Function { .. } => ("[[", "]]"),
        _ => ("[", "]"),
    }
}

fn what(kind: &TaskKind) -> String {
    match kind {
        TaskKind::Call(call) => call.function.as_ref().map_or_else(|| "call".to_owned(), |f| f.name.clone()),
        TaskKind::Function { name, .. } => name.clone(),
        TaskKind::Run(run) => format!("run {}/{}", run.namespace, run.name),
        TaskKind::Set(_) => "set".to_owned(),
        TaskKind::Switch(_) => "switch".to_owned(),
        TaskKind::Raise(_) => "raise".to_owned(),
        TaskKind::Wait(_) => "wait".to_owned(),
        TaskKind::Emit(_) => "emit".to_owned(),
        TaskKind::Listen(_) => "listen".to_owned(),
        _ => String::new(),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Escapes a label. Mermaid reads HTML entities in quoted text, so every character with a meaning becomes one.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars().take(120) {
        match character {
            '"' | '<' | '>' | '&' | '#' | ';' | '`' | '|' | '\\' | '{' | '}' => {
                let _ = write!(safe, "#{};", u32::from(character));
            }
            character if character.is_control() => safe.push(' '),
            character => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::dsl::{Functions, Releases, build, definition_files};

    /// `UPDATE_EXPECTED=1` writes the current drawings.
    #[test]
    fn each_definition_is_drawn_as_expected() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let mut seen = 0;
        for folder in ["workflows", "tests/data/definitions"] {
            let (functions, _) = Functions::read(&root.join(folder));
            let functions = functions.with_secrets(Releases::unchecked());
            for file in files(&root.join(folder)).into_iter().chain(files(&root.join(folder).join("good"))) {
                as_expected(&file, &functions);
                seen += 1;
            }
        }
        assert!(seen > 5, "the definitions were not found");
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        if folder.is_dir() { definition_files(folder).expect("a folder") } else { Vec::new() }
    }

    fn as_expected(file: &Path, functions: &Functions) {
        let text = std::fs::read_to_string(file).expect("text");
        let built = build("test", &text, functions).unwrap_or_else(|m| panic!("{}: {m:?}", file.display()));
        let drawn = mermaid(&built.definition);
        let name = file.file_stem().and_then(|s| s.to_str()).expect("a name");
        let expected = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .join("tests/data/graphs")
            .join(format!("{name}.mmd"));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&expected, &drawn).expect("written");
        }
        assert_eq!(drawn, std::fs::read_to_string(&expected).unwrap_or_default(), "{}", file.display());
    }

    #[test]
    fn no_name_leaves_its_quotes() {
        assert_eq!(escaped("a\"] --> b; <script>`"), "a#34;] --#62; b#59; #60;script#62;#96;");
    }
}

//! The top level of a definition: `document`, its metadata, and the assembly of all parts.

mod history;
mod reentry;
mod reusable;
mod saga;
mod schedule;

use std::collections::BTreeSet;

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::builder::fields::listed;
use crate::dsl::definition::{ActRule, Definition, OnFault, Task, WorkflowMetadata, WorkflowRef};
use crate::dsl::mistake::{Spot, shortened};
use crate::dsl::source::Node;
use schedule::Starts;
use stepwell_expr::Template;

const LANGUAGE: &str = "1.0";
const NAME_LENGTH_MAX: usize = 63;

impl<'s> Builder<'s> {
    /// Builds the whole document. Returns `None` only if there are mistakes.
    pub(crate) fn definition(&mut self, root: Node<'s>) -> Option<Definition> {
        if !root.is_object() {
            self.report.error(root, format!("a workflow definition is an object, not {}", root.kind()));
            return None;
        }
        self.known_keys(root, &["document", "input", "use", "do", "timeout", "output", "schedule", "evaluate"]);
        let document = self.required(root, "document").and_then(|node| self.object(node));
        let workflow = document.and_then(|node| self.workflow(node));
        self.namespace = workflow.as_ref().map(|workflow| workflow.namespace.clone());
        let title = document.and_then(|node| self.optional_text(node, "title"));
        let summary = document.and_then(|node| self.optional_text(node, "summary"));
        let metadata = document.and_then(|node| node.get("metadata")).map(|n| self.metadata_of_workflow(n));
        self.loose = root.get("evaluate").is_some_and(|node| self.evaluates_loosely(node));
        let none = Scope::default();
        let input = self.input(root, Stage::WorkflowInput, &none);
        let output = self.output(root, "output", Stage::WorkflowOutput, &none);
        let timeout = self.timeout(root, Stage::WorkflowInput, &none);
        let own = |key| document.and_then(|node| node.get("metadata")).and_then(|node| node.get(key));
        let Starts { triggers, join, timing } = self.schedule(root.get("schedule"), own("schedule"));
        if timing.is_some() {
            self.check_scheduled_input(root, &input);
        }
        let history = own("history");
        let list = self.required(root, "do").and_then(|node| self.list(node, "/do", &none));
        self.check_use();
        for (_, part) in root.entries().filter(|(name, _)| *name != "document") {
            self.check_literals(part);
        }
        let tasks: Vec<Task> = std::mem::take(&mut self.tasks).into_iter().collect::<Option<_>>()?;
        let (on_fault, metadata) = metadata.unwrap_or_default();
        let mut definition = Definition {
            workflow: workflow?,
            title,
            summary,
            document: self.value(root),
            metadata,
            input,
            output,
            timeout,
            timing,
            triggers,
            join,
            mappings: Vec::new(),
            root: list?,
            by_reference: tasks
                .iter()
                .zip(0..)
                .map(|(task, id)| (task.reference.clone(), crate::dsl::TaskId(id)))
                .collect(),
            tasks,
        };
        let usual = if definition.is_saga() { OnFault::Compensate } else { OnFault::Park };
        definition.metadata.on_fault = on_fault.unwrap_or(usual);
        reentry::mark(&mut definition);
        self.check_saga(&definition);
        if let Some(node) = history.filter(|_| definition.metadata.history.is_some()) {
            self.check_history(&definition, node);
        }
        Some(definition)
    }

    /// Whether `evaluate` selects the loose mode. The language is always jq.
    fn evaluates_loosely(&mut self, node: Node<'s>) -> bool {
        let Some(object) = self.closed(node, &["language", "mode"]) else { return false };
        if let Some(language) = object.get("language").filter(|n| n.as_text() != Some("jq")) {
            let hint = "write `language: jq`, or leave it out".to_owned();
            self.report.error_with_hint(language, "expressions are jq; no other language is supported", hint);
        }
        object.get("mode").and_then(|n| self.word(n, &[("strict", false), ("loose", true)])).unwrap_or(false)
    }

    fn workflow(&mut self, document: Node<'s>) -> Option<WorkflowRef> {
        self.known_keys(document, &["dsl", "namespace", "name", "version", "title", "summary", "tags", "metadata"]);
        if let Some(tags) = document.get("tags") {
            self.object(tags);
        }
        if let Some(dsl) = self.required(document, "dsl") {
            self.language_version(dsl);
        }
        let namespace = self.required(document, "namespace").and_then(|node| self.name(node));
        let name = self.required(document, "name").and_then(|node| self.name(node));
        let version = self.required(document, "version").and_then(|node| self.version(node));
        Some(WorkflowRef { namespace: namespace?, name: name?, version: version? })
    }

    fn language_version(&mut self, node: Node<'s>) {
        let Some(text) = self.text(node) else { return };
        let known = semver::Version::parse(text).is_ok_and(|v| v.major == 1 && v.minor == 0);
        if !known {
            let message = format!("version `{}` of the language is not supported", shortened(text));
            self.report.error_with_hint(node, message, format!("write `dsl: '{LANGUAGE}.3'`"));
        }
    }

    fn name(&mut self, node: Node<'s>) -> Option<String> {
        let text = self.text(node)?;
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let fits = (1..=NAME_LENGTH_MAX).contains(&text.len())
            && text.chars().all(inner)
            && !text.starts_with('-')
            && !text.ends_with('-');
        if !fits {
            let message = format!(
                "`{}` must be 1 to {NAME_LENGTH_MAX} letters, digits and inner hyphens, not `{}`",
                node.label(),
                shortened(text)
            );
            self.report.error(node, message);
        }
        fits.then(|| text.to_owned())
    }

    fn version(&mut self, node: Node<'s>) -> Option<String> {
        let text = self.text(node)?;
        let parsed = semver::Version::parse(text);
        if parsed.is_err() {
            let message = format!("`{}` must be a semantic version, not `{}`", node.label(), shortened(text));
            self.report.error_with_hint(node, message, "write for example `version: '1.0.0'`".to_owned());
        }
        parsed.ok().map(|_| text.to_owned())
    }

    fn metadata_of_workflow(&mut self, node: Node<'s>) -> (Option<OnFault>, WorkflowMetadata) {
        let Some(object) = self.closed(
            node,
            &["key", "serialize", "history", "onFault", "owner", "tags", "sensitive", "schedule", "acts"],
        ) else {
            return Default::default();
        };
        let serialize = object.get("serialize").and_then(|n| self.word(n, &[("key", true), ("none", false)]));
        if let Some(node) = object.get("serialize").filter(|_| serialize == Some(true) && object.get("key").is_none()) {
            let hint = "define which runs belong together, for example `key: '${ .order }'`".to_owned();
            self.report.error_with_hint(Spot::key(node), "`serialize: key` needs a `key` beside it", hint);
        }
        let words = [("compensate", OnFault::Compensate), ("park", OnFault::Park)];
        let on_fault = object.get("onFault").and_then(|n| self.word(n, &words));
        let key = object.get("key").and_then(|n| self.wrapped(n, Stage::WorkflowInput, &Scope::default()));
        let metadata = WorkflowMetadata {
            key: key.map(Template::Expression),
            serialize: serialize.unwrap_or_default(),
            on_fault: OnFault::default(),
            history: object.get("history").and_then(|n| self.history(n)),
            owner: self.optional_text(object, "owner"),
            sensitive: self.pointers(object),
            two_people: object.get("acts").map(|n| self.two_people(n)).unwrap_or_default(),
        };
        (on_fault, metadata)
    }

    /// Reads `acts`: the acts on a run that need two people.
    fn two_people(&mut self, node: Node<'s>) -> BTreeSet<ActRule> {
        let Some(object) = self.closed(node, &ActRule::ALL.map(ActRule::as_str)) else { return BTreeSet::new() };
        let said = ActRule::ALL.into_iter().filter_map(|rule| Some((rule, object.get(rule.as_str())?)));
        said.filter(|(_, node)| self.word(*node, &[("one", false), ("two", true)]) == Some(true))
            .map(|(rule, _)| rule)
            .collect()
    }

    /// Reads `sensitive`: a list of JSON pointers.
    pub(crate) fn pointers(&mut self, object: Node<'s>) -> Vec<String> {
        let Some(node) = object.get("sensitive") else { return Vec::new() };
        if !node.is_list() {
            self.report.error(node, format!("`sensitive` must be a list of JSON pointers, not {}", node.kind()));
        }
        let mut pointers = Vec::new();
        for item in node.items() {
            match item.as_text() {
                Some(text) if text.starts_with('/') => pointers.push(text.to_owned()),
                _ => {
                    let hint = format!("write for example {}", listed(["/customer/iban"]));
                    self.report.error_with_hint(Spot::from(item), "a JSON pointer begins with `/`", hint);
                }
            }
        }
        pointers
    }
}

//! `metadata.task`: the question that a `listen` asks a person.

use serde_json::Value;

use super::Builder;
use super::expression::{Scope, Stage};
use super::fields::listed;
use crate::dsl::definition::{
    Assignees, ListenTask, Question, ROLES, Schema, TASK_COMPLETED, Take, TaskKind, USERS_MAX, Wanted, is_user_name,
};
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::Node;
use stepwell_expr::Template;

/// Longest literal title and description, in characters.
const TITLE_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 4_000;

/// Largest schema of an answer, in bytes. It is stored with each question.
const SCHEMA_BYTES_MAX: usize = 64 << 10;

impl<'s> Builder<'s> {
    /// Reads `task` of a task's metadata. Returns `None` if it is absent or wrong.
    pub(super) fn question(
        &mut self,
        own: Option<Node<'s>>,
        task: Node<'s>,
        kind: Option<&TaskKind>,
        scope: &Scope,
    ) -> Option<Question> {
        let Some(node) = own.and_then(|own| own.get("task")) else {
            self.check_answer_is_asked_for(task, kind);
            return None;
        };
        if let Some(kind) = kind {
            self.check_waits_for_answer(node, kind);
        }
        let object = self.closed(node, &["title", "description", "schema", "assignees"])?;
        let title = self.required(object, "title").and_then(|n| self.said(n, TITLE_CHARS_MAX, scope));
        let description = object.get("description").and_then(|n| self.said(n, DESCRIPTION_CHARS_MAX, scope));
        let schema = object.get("schema").and_then(|n| self.schema_of_answer(n));
        let assignees = object.get("assignees").map(|n| self.assignees(n, scope));
        Some(Question { title: title?, description, schema, assignees })
    }

    /// Checks that the step waits for the answer, one event of Stepwell's own type, and for nothing else.
    fn check_waits_for_answer(&mut self, node: Node<'s>, kind: &TaskKind) {
        let hint = format!("write `listen: {{ to: {{ one: {{ with: {{ type: {TASK_COMPLETED} }} }} }} }}`");
        match kind {
            TaskKind::Listen(listen) if waits_for_answer(listen) => {}
            TaskKind::Listen(_) => {
                let message = format!(
                    "`task` asks a person, so the `listen` must wait for one event of the type `{TASK_COMPLETED}` and for nothing else"
                );
                self.report.error_with_hint(Spot::key(node), message, hint);
            }
            _ => {
                let message = "`task` asks a person, but this task does not wait for the answer: it is not a `listen`";
                self.report.error_with_hint(Spot::key(node), message, hint);
            }
        }
    }

    /// Reports a step that waits for an answer without asking a question.
    fn check_answer_is_asked_for(&mut self, task: Node<'s>, kind: Option<&TaskKind>) {
        let Some(TaskKind::Listen(listen)) = kind.filter(|_| self.is_new) else { return };
        let filters = listen.strategy.filters.iter().chain(listen.strategy.until_filters());
        if filters.flat_map(|filter| &filter.with).any(|(name, wanted)| is_answer(name, wanted)) {
            let message = format!("an event of the type `{TASK_COMPLETED}` comes only to a step that asks a person");
            let hint = "add `metadata: { task: { title: ... } }` to this step, or wait for another type".to_owned();
            self.report.error_with_hint(task.get("listen").map_or_else(|| Spot::from(task), Spot::key), message, hint);
        }
    }

    /// Reads a text for people: literal or an expression.
    fn said(&mut self, node: Node<'s>, chars_max: usize, scope: &Scope) -> Option<Template> {
        let template = self.text_template(node, Stage::Within, scope)?;
        let Template::Literal(Value::String(text)) = &template else { return Some(template) };
        let count = text.chars().count();
        if text.trim().is_empty() || count > chars_max {
            let message = format!("`{}` must have 1 to {chars_max} characters", node.label());
            self.report.error(node, message);
            return None;
        }
        Some(template)
    }

    fn schema_of_answer(&mut self, node: Node<'s>) -> Option<Schema> {
        let schema = self.json_schema(node)?;
        let bytes = schema.document.to_string().len();
        if bytes > SCHEMA_BYTES_MAX {
            self.report.error(node, format!("the schema has {bytes} bytes; at most {SCHEMA_BYTES_MAX} are possible"));
            return None;
        }
        Some(schema)
    }

    /// Reads `{ users, roles }`, or only the users.
    fn assignees(&mut self, node: Node<'s>, scope: &Scope) -> Assignees {
        if !node.is_object() {
            return Assignees { users: self.users(node, scope), roles: Vec::new() };
        }
        self.known_keys(node, &["users", "roles"]);
        if node.entries().next().is_none() {
            let hint = "leave `assignees` out if everyone may decide who may operate".to_owned();
            self.report.error_with_hint(node, "`assignees` names nobody", hint);
        }
        let roles = node.get("roles").map(|n| self.roles(n)).unwrap_or_default();
        Assignees { users: node.get("users").and_then(|n| self.users(n, scope)), roles }
    }

    /// Reads user names: a list or an expression.
    fn users(&mut self, node: Node<'s>, scope: &Scope) -> Option<Template> {
        let items: Vec<Node<'s>> = if node.is_list() { node.items().collect() } else { vec![node] };
        if items.is_empty() || items.len() > USERS_MAX {
            self.report.error(node, format!("`{}` must name 1 to {USERS_MAX} users", node.label()));
            return None;
        }
        for item in items {
            match item.as_text() {
                Some(text) if text.contains("${") || is_user_name(text) => {}
                Some(text) => {
                    let message = format!("`{}` cannot be the name of a user", shortened(text));
                    let hint = "a name has 1 to 64 letters a to z, digits and . _ - @ +".to_owned();
                    self.report.error_with_hint(item, message, hint);
                    return None;
                }
                None => {
                    self.report.error(item, format!("the name of a user is a text, not {}", item.kind()));
                    return None;
                }
            }
        }
        self.template(node, Stage::Within, scope)
    }

    fn roles(&mut self, node: Node<'s>) -> Vec<String> {
        if !node.is_list() || node.items().next().is_none() {
            self.report.error(node, format!("`roles` must be a list of {}", listed(ROLES)));
        }
        let mut roles: Vec<String> = Vec::new();
        for item in node.items() {
            let Some(text) = self.text(item) else { continue };
            if !ROLES.contains(&text) {
                let message = format!("a role is one of {}, not `{}`", listed(ROLES), shortened(text));
                self.report.error_with_hint(item, message, did_you_mean(text, ROLES));
            } else if !roles.iter().any(|known| known == text) {
                roles.push(text.to_owned());
            }
        }
        roles
    }
}

fn waits_for_answer(listen: &ListenTask) -> bool {
    let strategy = &listen.strategy;
    let [filter] = &strategy.filters[..] else { return false };
    let is_only_type = matches!(&filter.with[..], [(name, wanted)] if is_answer(name, wanted));
    let is_plain = filter.data.is_none() && filter.correlate.is_empty();
    is_only_type && is_plain && strategy.take == Take::One && strategy.until.is_none() && listen.each.is_none()
}

fn is_answer(name: &str, wanted: &Wanted) -> bool {
    name == "type" && matches!(wanted, Wanted::Text(text) if text == TASK_COMPLETED)
}

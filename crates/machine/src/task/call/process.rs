//! `run: shell`, `script` and `container`: a call of a program. It is recorded before it starts, like every call, and one whose
//! end is not known may have done its work.

use std::sync::Arc;

use serde_json::Value;

use super::{expression_fault, text_pairs};
use crate::ProcessRequest;
use crate::decide::Entry;
use crate::decide::Values;
use crate::decide::{Halt, Scope, kind};
use stepwell_expr::Template;
use stepwell_language::dsl::ProcessCall;

/// Longest name that we make up for a container.
const CONTAINER_NAME_CHARS_MAX: usize = 64;

impl Values<'_> {
    pub(super) fn process_request(
        &self,
        entry: &Entry,
        call: &ProcessCall,
        input: &Arc<Value>,
        scope: &Scope,
    ) -> Result<ProcessRequest, Halt> {
        let text = |template: &Template, what: &str| match self.render(template, input, scope)? {
            Value::String(text) => Ok(text),
            other => Err(expression_fault(format!("the {what} must be a text, not {}", kind(&other)))),
        };
        let optional = |template: &Option<Template>, what| template.as_ref().map(|t| text(t, what)).transpose();
        let name = match optional(&call.name, "container's name")? {
            None => self.container_name(entry),
            Some(name) => name,
        };
        let request = ProcessRequest {
            kind: call.kind,
            code: text(&call.code, "program")?,
            command: optional(&call.command, "container's command")?,
            name: (call.kind == stepwell_language::dsl::ProcessKind::Container).then_some(name),
            pull: call.pull,
            arguments: match &call.arguments {
                None => Vec::new(),
                Some(template) => arguments(self.render(template, input, scope)?)?,
            },
            environment: match &call.environment {
                None => Vec::new(),
                Some(template) => text_pairs(self.render(template, input, scope)?, "environment")?,
            },
            stdin: match &call.stdin {
                None => None,
                Some(template) => match self.render(template, input, scope)? {
                    Value::Null => None,
                    Value::String(text) => Some(text),
                    other => Some(other.to_string()),
                },
            },
            returns: call.returns,
            passes: (!call.awaits).then(|| (**input).clone()),
        };
        let texts = request.arguments.iter().chain(request.environment.iter().flat_map(|(name, value)| [name, value]));
        if texts.chain([&request.code]).chain(&request.command).chain(&request.name).any(|text| text.contains('\0')) {
            return Err(expression_fault("text passed to a program must not contain NUL".to_owned()));
        }
        if let Some((name, _)) = request.environment.iter().find(|(name, _)| name.is_empty() || name.contains('=')) {
            return Err(expression_fault(format!("{name:?} is not the name of an environment variable")));
        }
        Ok(request)
    }

    /// What people know a container by; where it runs it gets a name that no other step has.
    fn container_name(&self, entry: &Entry) -> String {
        let task = self.definition.task(entry.task);
        let workflow = &self.definition.workflow;
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '-' };
        let name = format!("{}.{}.{}", workflow.namespace, workflow.name, task.name);
        name.chars().map(plain).take(CONTAINER_NAME_CHARS_MAX).collect()
    }
}

fn arguments(value: Value) -> Result<Vec<String>, Halt> {
    let Value::Array(items) = value else {
        return Err(expression_fault(format!("arguments must be a list of texts, not {}", kind(&value))));
    };
    let text = |(n, item): (usize, Value)| match item {
        Value::String(text) => Ok(text),
        Value::Number(_) | Value::Bool(_) => Ok(item.to_string()),
        other => Err(expression_fault(format!("argument {n} must be a text, not {}", kind(&other)))),
    };
    items.into_iter().enumerate().map(text).collect()
}

//! `raise`: the task faults with the error that it describes.

use std::sync::Arc;

use serde_json::Value;

use crate::decide::Values;
use crate::decide::{Halt, Scope};
use crate::{ErrorKind, WorkflowError};
use stepwell_expr::Template;
use stepwell_language::dsl::ErrorTemplate;

impl Values<'_> {
    pub(crate) fn raised(&self, template: &ErrorTemplate, input: &Arc<Value>, scope: &Scope) -> Halt {
        match self.describe(template, input, scope) {
            Ok(error) => Halt::Fault(error),
            Err(halt) => halt,
        }
    }

    fn describe(&self, template: &ErrorTemplate, input: &Arc<Value>, scope: &Scope) -> Result<WorkflowError, Halt> {
        let text = |template: &Template| self.render(template, input, scope).map(as_text);
        let status = self.render(&template.status, input, scope)?;
        let status = status.as_u64().and_then(|n| u16::try_from(n).ok()).ok_or_else(|| {
            let detail = format!("raise.error.status must be a whole number from 0 to 65535, not {status}");
            Halt::Fault(WorkflowError::standard(ErrorKind::Expression, "no status", detail))
        })?;
        Ok(WorkflowError {
            r#type: text(&template.r#type)?,
            status,
            title: template.title.as_ref().map(text).transpose()?,
            detail: template.detail.as_ref().map(text).transpose()?,
            instance: None,
        })
    }
}

fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

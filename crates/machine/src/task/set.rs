//! `set`: its output is the filled template. Begins and ends in the same instant.

use std::sync::Arc;

use serde_json::Value;

use crate::Change;
use crate::decide::Decider;
use crate::decide::Entry;
use crate::decide::{Halt, Scope};
use stepwell_expr::Template;

impl Decider<'_> {
    pub(crate) fn run_set(
        &mut self,
        entry: &Entry,
        template: &Template,
        input: &Arc<Value>,
        scope: Scope,
    ) -> Result<(), Halt> {
        let raw = Arc::new(self.values().render(template, input, &scope)?);
        self.complete_at_once(entry, input, scope, &raw, None)
    }

    /// Ends a task that never was open, with this raw output.
    pub(crate) fn complete_at_once(
        &mut self,
        entry: &Entry,
        input: &Arc<Value>,
        scope: Scope,
        raw: &Arc<Value>,
        case: Option<String>,
    ) -> Result<(), Halt> {
        let (output, context) = self.values().outputs_in(entry.task, scope, raw)?;
        let beginning = self.beginning(entry, Some(input));
        let change = Change::TaskCompleted {
            execution: entry.id,
            beginning,
            output,
            context,
            response: None,
            emitted: None,
            case,
            ended: false,
        };
        self.emit_entry(entry, change);
        Ok(())
    }
}

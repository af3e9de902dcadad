//! `emit`: a CloudEvent goes out. Begins and ends in the same instant; its output is the whole event.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::decide::Entry;
use crate::decide::{Decider, Values};
use crate::decide::{Halt, Scope, kind};
use crate::{Change, Effect, ErrorKind, WorkflowError};
use stepwell_language::dsl::EmitTask;
use stepwell_text::canonical;

impl Decider<'_> {
    pub(crate) fn run_emit(
        &mut self,
        entry: &Entry,
        task: &EmitTask,
        input: &Arc<Value>,
        scope: Scope,
    ) -> Result<(), Halt> {
        let event = Arc::new(self.values().event(entry, task, input, &scope)?);
        let (output, context) = self.values().outputs_in(entry.task, scope, &event)?;
        let beginning = self.beginning(entry, Some(input));
        let change = Change::TaskCompleted {
            execution: entry.id,
            beginning,
            output,
            context,
            response: None,
            emitted: Some(Arc::clone(&event)),
            case: None,
            ended: false,
        };
        self.emit_entry(entry, change);
        self.effects.push(Effect::Emit { event });
        Ok(())
    }
}

impl Values<'_> {
    /// The event. Without an id of its own it has the step's idempotency key, so that a step that runs again sends the same
    /// event again.
    fn event(&self, entry: &Entry, task: &EmitTask, input: &Arc<Value>, scope: &Scope) -> Result<Value, Halt> {
        let key = self.key_of(entry.task, &entry.coordinates);
        let mut event = Map::new();
        event.insert("specversion".to_owned(), "1.0".into());
        event.insert("id".to_owned(), key.into());
        event.insert("time".to_owned(), self.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into());
        for (name, template) in &task.attributes {
            match self.render(template, input, scope)? {
                Value::Null => {}
                Value::String(text) => drop(event.insert(name.clone(), text.into())),
                Value::Number(number) => drop(event.insert(name.clone(), canonical::number(&number).into())),
                other => return Err(refused(format!("the event's `{name}` must be a text, not {}", kind(&other)))),
            }
        }
        for name in ["source", "type"] {
            if event.get(name).and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(refused(format!("an event needs a `{name}`")));
            }
        }
        if let Some(data) = &task.data {
            event.entry("datacontenttype").or_insert_with(|| "application/json".into());
            event.insert("data".to_owned(), self.render(data, input, scope)?);
        }
        Ok(Value::Object(event))
    }
}

fn refused(detail: String) -> Halt {
    Halt::Fault(WorkflowError::standard(ErrorKind::Expression, "event cannot be built", detail))
}

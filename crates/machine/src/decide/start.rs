//! How a run begins: its input, its key, its turn.

use std::sync::Arc;

use serde_json::Value;

use super::Stop;
use crate::decide::{Decider, Halt, Scope, Values};
use crate::{Act, Actor, Change, Hold, Rejected, Restarts, RunId, SchemaViolation, Started};
use stepwell_text::canonical;

impl Decider<'_> {
    pub(crate) fn start(&mut self, started: Started) -> Result<(), Stop> {
        if self.run.started_at.is_some() {
            return Err(Rejected::AlreadyStarted.into());
        }
        let input = started.input;
        let scope = Scope { raw_input: Some(Arc::clone(&input)), ..Scope::workflow() };
        self.run.raw_input = Arc::clone(&input);
        let transformed = refused(self.values().transform_input(&self.definition.input, &input, &scope))?;
        let key = self.values().key(&transformed)?;
        let deadline = match &self.definition.timeout {
            None => None,
            Some(after) => Some(refused(self.values().moment_after(after, &transformed, &Scope::workflow()))?),
        };
        let transformed = self.definition.input.from.as_ref().map(|_| transformed);
        let (event, parent, environment) = (started.event, started.parent, started.environment);
        let queued = self.definition.metadata.serialize && key.is_some();
        let change = Change::RunStarted { input, transformed, key, event, parent, deadline, environment, queued };
        self.emit_by(started.actor.clone(), None, change);
        if let Some(Restarts { run, reason }) = started.restarts {
            let change = Change::RunRestarted { from: Some(run), successor: None, reason };
            self.emit_by(started.actor, None, change);
        }
        if let Some(Hold { actor, reason, .. }) = started.hold {
            let (act, reason) = (Act::Suspend, Some(reason));
            self.emit_by(actor, None, Change::acted(act, reason));
        }
        Ok(())
    }

    /// Another run does the work of this one again.
    pub(crate) fn restarted(&mut self, successor: RunId, reason: Option<String>, actor: Actor) {
        self.emit_by(actor, None, Change::RunRestarted { from: None, successor: Some(successor), reason });
    }

    pub(crate) fn admitted(&mut self, actor: Actor) -> Result<(), Stop> {
        if !self.run.queued {
            return Err(Rejected::NotAwaited("turn").into());
        }
        self.emit_by(actor, None, Change::RunAdmitted {});
        Ok(())
    }
}

impl Values<'_> {
    fn key(&self, input: &Arc<Value>) -> Result<Option<String>, Stop> {
        let Some(template) = &self.definition.metadata.key else { return Ok(None) };
        let scope = Scope { input: Some(Arc::clone(input)), ..Scope::workflow() };
        match refused(self.render(template, input, &scope))? {
            Value::Null => Ok(None),
            Value::String(text) if text.len() <= 512 && !text.contains('\0') => Ok(Some(text)),
            Value::Number(number) => Ok(Some(canonical::number(&number))),
            _ => Err(Rejected::KeyRefused(
                "metadata.key must give a text of at most 512 bytes without NUL, a number or null".to_owned(),
            )
            .into()),
        }
    }
}

/// A fault before the run exists refuses the start.
fn refused<T>(computed: Result<T, Halt>) -> Result<T, Stop> {
    computed.map_err(|halt| match halt {
        Halt::Ask(evaluation) => Stop::Evaluate(evaluation),
        Halt::Invalid(violations) => Rejected::InputRefused(violations).into(),
        Halt::Fault(error) => Rejected::InputRefused(vec![SchemaViolation {
            pointer: String::new(),
            message: error.detail.or(error.title).unwrap_or(error.r#type),
        }])
        .into(),
    })
}

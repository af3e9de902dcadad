//! How a task ends well: its raw output, its record, and the end of the run.

use std::sync::Arc;

use serde_json::Value;

use super::Stop;
use crate::decide::{Decider, Halt, Scope};
use crate::task;
use crate::{Attention, Change, ExecutionId, FaultClass};

impl Decider<'_> {
    /// A list, a `wait` or a handled `try` is done: its data is its raw output.
    pub(super) fn complete_with_data(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let (raw, ended) = task::outcome(self.definition, execution);
        self.complete(id, &raw, ended)
    }

    /// Ends an open execution well with this raw output.
    pub(crate) fn complete(&mut self, id: ExecutionId, raw: &Arc<Value>, ended: bool) -> Result<(), Stop> {
        match self.values().outputs(id, raw) {
            Ok((output, context)) => {
                self.emit(
                    Some(id),
                    Change::TaskCompleted {
                        execution: id,
                        beginning: None,
                        output,
                        context,
                        response: None,
                        emitted: None,
                        case: None,
                        ended,
                    },
                );
                Ok(())
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => {
                let error = halt.into_error();
                self.raise(id, error, FaultClass::Permanent)
            }
        }
    }

    pub(super) fn finish(&mut self) -> Result<(), Stop> {
        let raw = Arc::clone(&self.run.root.data);
        match self.values().transform_output(&self.definition.output, &raw, &Scope::workflow()) {
            Ok(output) => {
                self.emit(None, Change::RunCompleted { output });
                Ok(())
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => {
                let error = halt.into_error().at("/output");
                self.unhandled(None, error, Attention::Faulted, FaultClass::Permanent);
                Ok(())
            }
        }
    }
}

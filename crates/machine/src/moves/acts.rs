//! What people did to the run is done to it under the new version, where the same step stands there.

use std::sync::Arc;

use super::replay::Replay;
use super::{path, place};
use crate::decide::Stop;
use crate::{Act, Change, Execution, Record};

impl Replay<'_> {
    /// Takes in an act; false if nothing can follow from it.
    pub(super) fn act(&mut self, record: &Record, act: &Act) -> Result<bool, Stop> {
        let run = &self.decider.run;
        match act {
            Act::Suspend | Act::Resume if run.suspended != matches!(act, Act::Suspend) => Ok(self.copy(record)),
            Act::Retry { input: Some(_), .. } => {
                let meant = self.old.failed();
                let is_there = matches!((meant, run.failed()), (Some(old), Some(new)) if self.is_same_step(old, new));
                if !is_there {
                    return Err(self.misfit(
                        self.reference(meant),
                        "a person gave this step another input, and it does not stop there",
                    ));
                }
                Ok(self.copy(record))
            }
            Act::Retry { .. } if run.is_parked() || Self::is_backing_off(run) => Ok(self.copy(record)),
            Act::Skip { output, .. } => {
                let meant = self.old.passed_over();
                let is_there = match (meant, run.passed_over()) {
                    (Some(old), Some(new)) => self.is_same_step(old, new),
                    (None, None) => true,
                    _ => false,
                };
                if !is_there {
                    return Err(self.misfit(self.reference(meant), "a person skipped this step, and it would do it"));
                }
                let output = Arc::new(output.clone());
                self.copy(record);
                self.decider.skip(output);
                self.decider.stay_parked_by_another_branch();
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn copy(&mut self, record: &Record) -> bool {
        if let Change::OperatorActed { .. } = &record.change {
            self.decider.emit_by(record.actor.clone(), None, record.change.clone());
        }
        true
    }

    fn reference(&self, of: Option<&Execution>) -> Option<&str> {
        of.map(|e| self.of.from.task(e.task).reference.as_str())
    }

    fn is_same_step(&self, old: &Execution, new: &Execution) -> bool {
        let references = (&self.of.from.task(old.task).reference, &self.of.to.task(new.task).reference);
        self.twins.get(&old.id) == Some(&new.id)
            || (path(references.0) == path(references.1) && place(&old.coordinates) == place(&new.coordinates))
    }
}

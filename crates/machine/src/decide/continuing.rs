//! Continuing as new: when a run does (see [`crate::continuation`]).

use crate::continuation::Undoable;
use crate::decide::Decider;
use crate::{Change, Continuation};

impl Decider<'_> {
    /// Records that the run continues as new, once it has enough records since it last did. False if it is not to.
    pub(crate) fn continue_as_new(&mut self) -> bool {
        let Some(records) = self.definition.metadata.history.filter(|_| self.continues) else { return false };
        let since = self.run.seq.saturating_sub(self.run.base);
        if since < records {
            return false;
        }
        let continuation = Continuation::of(self.definition, &self.run);
        let Some(continuation) = continuation.filter(|c| c.undo.iter().all(Undoable::can_be_recorded)) else {
            return false;
        };
        self.emit(None, Change::RunContinued(Box::new(continuation)));
        true
    }
}

//! `wait`: stays open until a moment; the data passes through.

use std::sync::Arc;

use serde_json::Value;

use crate::Opening;
use crate::Time;
use crate::decide::Decider;
use crate::decide::Entry;
use crate::decide::{Halt, Scope};
use stepwell_language::dsl::DurationSpec;

impl Decider<'_> {
    pub(crate) fn open_wait(
        &mut self,
        entry: &Entry,
        duration: &DurationSpec,
        input: &Arc<Value>,
        scope: &Scope,
        deadline: Option<Time>,
    ) -> Result<(), Halt> {
        let until = self.values().moment_after(duration, input, scope)?;
        self.emit_started(entry, input, Opening::Wait(until), deadline);
        Ok(())
    }
}

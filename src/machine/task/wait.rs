//! `wait`: stays open until a moment; the data passes through.

use std::sync::Arc;

use serde_json::Value;

use crate::dsl::DurationSpec;
use crate::machine::Time;
use crate::machine::advance::{Entry, Opening};
use crate::machine::dataflow::{Halt, Scope};
use crate::machine::decide::Decider;

impl Decider<'_> {
    pub(in crate::machine) fn open_wait(
        &mut self,
        entry: &Entry,
        duration: &DurationSpec,
        input: &Arc<Value>,
        scope: &Scope,
        deadline: Option<Time>,
    ) -> Result<(), Halt> {
        let until = self.moment_after(duration, input, scope)?;
        self.emit_started(entry, input, Opening { until: Some(until), ..Opening::default() }, deadline);
        Ok(())
    }
}

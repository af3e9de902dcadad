//! `switch`: the first case that holds says where to go; the data passes through.

use std::sync::Arc;

use serde_json::Value;

use crate::decide::Entry;
use crate::decide::{Decider, Values};
use crate::decide::{Halt, Scope};
use stepwell_language::dsl::Case;

impl Decider<'_> {
    pub(crate) fn run_switch(
        &mut self,
        entry: &Entry,
        cases: &[Case],
        input: &Arc<Value>,
        scope: Scope,
    ) -> Result<(), Halt> {
        let chosen = self.values().choose(cases, input, &scope)?.map(|case| case.name.clone());
        self.complete_at_once(entry, input, scope, input, chosen)
    }
}

impl Values<'_> {
    /// The first case whose condition holds, else the one without a condition.
    fn choose<'c>(&self, cases: &'c [Case], input: &Arc<Value>, scope: &Scope) -> Result<Option<&'c Case>, Halt> {
        for case in cases {
            if let Some(when) = &case.when
                && self.holds(when, input, scope)?
            {
                return Ok(Some(case));
            }
        }
        Ok(cases.iter().find(|case| case.when.is_none()))
    }
}

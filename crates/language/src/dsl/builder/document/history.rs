//! `history`: the number of records after which a run with a backward `then` continues as new.

use std::ops::RangeInclusive;

use super::reentry::reachable_backward;
use crate::dsl::Severity;
use crate::dsl::builder::Builder;
use crate::dsl::definition::{Compensate, Definition, HISTORY_RECORDS_MAX, HISTORY_RECORDS_MIN, TaskId, TaskKind};
use crate::dsl::mistake::{Spot, shortened};
use crate::dsl::source::Node;

const RECORDS: RangeInclusive<u32> = HISTORY_RECORDS_MIN..=HISTORY_RECORDS_MAX;

impl<'s> Builder<'s> {
    /// Reads `history: { records: N }`.
    pub(crate) fn history(&mut self, node: Node<'s>) -> Option<u32> {
        let hint = || "write for example `history: { records: 10000 }`".to_owned();
        if !node.is_object() {
            let message = format!("`history` must be an object with `records`, not {}", node.kind());
            self.report.error_with_hint(node, message, hint());
            return None;
        }
        let object = self.closed(node, &["records"])?;
        let records = self.required(object, "records")?;
        let number = records.as_number().and_then(serde_json::Number::as_u64).and_then(|n| u32::try_from(n).ok());
        let number = number.filter(|n| RECORDS.contains(n));
        if number.is_none() {
            let (min, max) = (RECORDS.start(), RECORDS.end());
            let written =
                records.as_number().map(|n| format!(", not `{}`", shortened(&n.to_string()))).unwrap_or_default();
            let message = format!("`records` must be a whole number from {min} to {max}{written}");
            self.report.error_with_hint(records, message, hint());
        }
        number
    }

    /// Checks that the top-level `do` has a loop and that no step in that loop is compensated later, because a run
    /// continues as new between two tasks of that list. Call it once the whole definition is built.
    pub(crate) fn check_history(&mut self, definition: &Definition, node: Node<'s>) {
        let mut pending = reachable_backward(definition, &definition.root);
        if pending.is_empty() {
            let message = "`history` has no effect: no task of the top-level `do` leads back to an earlier one";
            let hint = "a run continues as new between two tasks of the top-level `do`: move the loop there, or leave `history` out";
            self.report.error_with_hint(Spot::key(node), message, hint.to_owned());
        }
        let mut seen = std::collections::BTreeSet::new();
        while let Some(id) = pending.pop() {
            if seen.insert(id) {
                self.check_not_undone(definition, id);
                pending.extend(definition.task(id).kind.nested());
            }
        }
    }

    fn check_not_undone(&mut self, definition: &Definition, id: TaskId) {
        let task = definition.task(id);
        let (message, hint) = match (&task.metadata.compensate, &task.kind) {
            (Some(Compensate::Task(_)), _) => (
                format!(
                    "with `history`, `{}` cannot be undone: each round of the loop would add a step to undo, and a fault would undo all rounds",
                    task.name
                ),
                "run the round as a workflow of its own, with `run: { workflow: ... }` and `metadata: {compensate: none}`",
            ),
            (None, TaskKind::Run(run)) if run.awaits => (
                format!(
                    "with `history`, `{}` must not be undone: each round of the loop would add a run to undo, and a fault would undo all rounds",
                    task.name
                ),
                "add `metadata: {compensate: none}`, or `await: false`",
            ),
            _ => return,
        };
        let place = self.places[id.0 as usize].clone();
        self.report.note_at(&place, Severity::Error, message, Some(hint.to_owned()));
    }
}

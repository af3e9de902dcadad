//! What a journal says about the calls of its run: which ended, which failed, and what followed.

use std::sync::Arc;

use serde_json::Value;

use crate::history::{History, State, What, answers};
use crate::{ExecutionId, FaultClass, Record, ResponseSummary, TargetEffect, Time, WorkflowError};
use stepwell_language::dsl::Definition;

/// Records of a run, and what they say of its steps.
pub(super) struct Past<'a> {
    pub(super) records: &'a [Record],
    definition: &'a Definition,
    history: History,
}

impl<'a> Past<'a> {
    pub(super) fn of(definition: &'a Definition, records: &'a [Record]) -> Self {
        Self { records, definition, history: History::of(Some(definition), records) }
    }

    /// Whether the run stopped at an execution that failed with this record.
    pub(super) fn stops(&self, execution: ExecutionId, place: usize) -> bool {
        let turns = self.history.step(execution).into_iter().flat_map(|step| &step.turns);
        let mut after = turns.filter(|turn| turn.place > place && !matches!(turn.what, What::Faulted | What::Round));
        after.next().is_some_and(|turn| turn.what == What::Stopped)
    }

    /// When the next attempt was due after the target of the failed one was asked.
    pub(super) fn retry_after_question(&self, execution: ExecutionId, place: usize) -> Option<Time> {
        let attempts = &self.history.step(execution)?.attempts;
        attempts.iter().rev().find(|attempt| attempt.place < place)?.failure.as_ref()?.retry_if_unacted
    }

    /// Whether an execution ended well.
    pub(super) fn completes(&self, execution: ExecutionId) -> bool {
        self.history.step(execution).is_some_and(|step| step.state == State::Completed)
    }

    /// What a call gave, before its task made something of it.
    pub(super) fn raw(&self, record: &Record, output: &Arc<Value>, response: &ResponseSummary) -> Arc<Value> {
        answers::raw(self.definition, record.task.as_deref().unwrap_or_default(), output, response)
    }
}

/// A recorded failure of an attempt.
pub(super) struct Failure<'a> {
    pub(super) error: &'a WorkflowError,
    pub(super) class: FaultClass,
    pub(super) effect: TargetEffect,
    pub(super) response: Option<&'a ResponseSummary>,
    pub(super) retry_at: Option<Time>,
    pub(super) settles_at: Option<Time>,
}

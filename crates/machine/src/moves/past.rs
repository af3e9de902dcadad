//! What a journal says about the calls of its run: which ended, which failed, and what followed.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::{
    Change, ErrorKind, ExecutionId, FaultClass, Record, ResponseSummary, TargetEffect, Time, WorkflowError,
    same_error_type,
};
use stepwell_language::dsl::{Definition, TaskKind};

/// What a record means for an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The target is asked; the next attempt is due then, if there is one.
    Asked(Option<Time>),
    /// It failed, and it is not said yet what follows.
    Faulted,
    /// The run stops there.
    Stops,
    /// It ended well.
    Completed,
    /// Something else.
    GoesOn,
}

/// Records of a run, and what each means for the executions in it.
pub(super) struct Past<'a> {
    pub(super) records: &'a [Record],
    definition: &'a Definition,
    fates: HashMap<ExecutionId, Vec<(usize, Fate)>>,
}

impl<'a> Past<'a> {
    pub(super) fn of(definition: &'a Definition, records: &'a [Record]) -> Self {
        let mut fates: HashMap<ExecutionId, Vec<(usize, Fate)>> = HashMap::new();
        for (place, record) in (0..).zip(records) {
            if let Some((execution, fate)) = fate(&record.change) {
                fates.entry(execution).or_default().push((place, fate));
            }
        }
        Self { records, definition, fates }
    }

    fn after(&self, execution: ExecutionId, place: usize) -> impl Iterator<Item = Fate> {
        let fates = self.fates.get(&execution).into_iter().flatten();
        fates.filter(move |(at, _)| *at > place).map(|(_, fate)| *fate)
    }

    /// Whether the run stopped at an execution that failed with this record.
    pub(super) fn stops(&self, execution: ExecutionId, place: usize) -> bool {
        self.after(execution, place).find(|fate| *fate != Fate::Faulted) == Some(Fate::Stops)
    }

    /// When the next attempt was due after the target of the failed one was asked.
    pub(super) fn retry_after_question(&self, execution: ExecutionId, place: usize) -> Option<Time> {
        match self.after(execution, place).next() {
            Some(Fate::Asked(retry_at)) => retry_at,
            _ => None,
        }
    }

    /// Whether an execution ended well.
    pub(super) fn completes(&self, execution: ExecutionId) -> bool {
        self.fates.get(&execution).into_iter().flatten().any(|(_, fate)| *fate == Fate::Completed)
    }

    /// What a call gave, before its task made something of it.
    pub(super) fn raw(&self, record: &Record, output: &Arc<Value>, response: &ResponseSummary) -> Arc<Value> {
        if let Some(body) = &response.body {
            return Arc::new(body.clone());
        }
        // An empty body leaves no trace beside an output that was made of it.
        let typed = response.headers.iter().any(|(name, _)| name == "content-type");
        let empty = response.status == NO_CONTENT || !typed;
        if empty && self.transforms(record) { Arc::default() } else { Arc::clone(output) }
    }

    fn transforms(&self, record: &Record) -> bool {
        let id = record.task.as_deref().and_then(|reference| self.definition.by_reference.get(reference));
        let Some(task) = id.map(|id| self.definition.task(*id)) else { return false };
        let inside = match &task.kind {
            TaskKind::Call(call) => call.function.as_ref().is_some_and(|f| f.output.r#as.is_some()),
            _ => false,
        };
        inside || task.output.r#as.is_some()
    }
}

const NO_CONTENT: u16 = 204;

fn fate(change: &Change) -> Option<(ExecutionId, Fate)> {
    Some(match change {
        Change::OutcomeUnknown { execution, retry_at, .. } => (*execution, Fate::Asked(*retry_at)),
        Change::TaskFaulted { execution, .. } => (*execution, Fate::Faulted),
        Change::RunFaulted { execution: Some(execution), .. }
        | Change::RunStopping { execution: Some(execution), .. } => (*execution, Fate::Stops),
        Change::TaskCompleted { execution, .. } => (*execution, Fate::Completed),
        Change::AttemptStarted { execution, .. }
        | Change::TaskStarted { execution, .. }
        | Change::TaskSkipped { execution, .. } => (*execution, Fate::GoesOn),
        _ => return None,
    })
}

/// The answer of an attempt that failed only because its task could make nothing of it.
pub(super) fn useless_answer(
    error: &WorkflowError,
    effect: TargetEffect,
    response: Option<&ResponseSummary>,
) -> Option<Arc<Value>> {
    let of = |kind: ErrorKind| same_error_type(&error.r#type, &WorkflowError::standard(kind, "", "").r#type);
    let response = response.filter(|response| (200..300).contains(&response.status))?;
    let is_made_nothing_of = effect == TargetEffect::Acted && (of(ErrorKind::Expression) || of(ErrorKind::Validation));
    is_made_nothing_of.then(|| Arc::new(response.body.clone().unwrap_or_default()))
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

//! Where a child run stands, as far as its parent knows, and what records of the parent change about that.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::apply::{Applied, GONE};
use crate::{ChildOutcome, ChildRequest, Done, Execution, ExecutionId, Progress, Role, Run};

/// Progress of a `run` task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildProgress {
    /// The run that it starts.
    pub request: Arc<ChildRequest>,
    /// State of that run, as far as this one knows.
    pub phase: ChildPhase,
    /// Whether that run completed and has steps that can be undone.
    pub undoable: bool,
    /// The fault of that run, if it was reported.
    pub fault: Option<ReportedFault>,
}

/// A fault of a child run, identified by record numbers in both journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedFault {
    /// Number of the record of this run that reports it.
    pub own: u32,
    /// Number of the record of the child that reports it.
    pub of_child: u32,
}

/// State of a child run, as far as its parent knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChildPhase {
    /// It is being started and may already exist.
    Starting,
    /// It exists.
    Running,
    /// It was told to undo its steps.
    Undoing,
    /// It closed. The decision that recorded this determines what follows.
    Ended,
}

impl ChildProgress {
    /// Whether the run is under way, or has done something that nobody has taken note of yet.
    pub(crate) fn is_to_be_undone(&self) -> bool {
        self.request.awaits && (self.phase == ChildPhase::Running || self.undoable)
    }

    /// Whether only a message of the run moves it.
    pub(crate) fn awaits_message(&self) -> bool {
        matches!(self.phase, ChildPhase::Running | ChildPhase::Undoing)
    }
}

/// The run is about to start, or to be undone.
pub(crate) fn opened(request: &Arc<ChildRequest>, role: Role) -> Progress {
    let phase = if matches!(role, Role::Undo(_)) { ChildPhase::Undoing } else { ChildPhase::Starting };
    Progress::Child(ChildProgress { request: Arc::clone(request), phase, undoable: false, fault: None })
}

fn child_mut(run: &mut Run, id: ExecutionId) -> Result<&mut ChildProgress, &'static str> {
    match &mut run.execution_mut(id).ok_or(GONE)?.progress {
        Progress::Child(child) => Ok(child),
        _ => Err("the execution has no child run"),
    }
}

/// The run exists.
pub(crate) fn started(run: &mut Run, id: ExecutionId) -> Applied {
    child_mut(run, id)?.phase = ChildPhase::Running;
    Ok(())
}

/// The run has stopped at a fault. It is looked at by itself; this one keeps waiting.
pub(crate) fn faulted(run: &mut Run, id: ExecutionId, of_child: u32) -> Applied {
    let own = run.seq + 1;
    child_mut(run, id)?.fault = Some(ReportedFault { own, of_child });
    Ok(())
}

/// The run has ended.
pub(crate) fn ended(run: &mut Run, id: ExecutionId, outcome: &ChildOutcome) -> Applied {
    let child = child_mut(run, id)?;
    child.phase = ChildPhase::Ended;
    child.undoable = matches!(outcome, ChildOutcome::Completed { undoable: true, .. });
    Ok(())
}

/// What undoes a child run that is still under way.
pub(crate) fn running_child(execution: &Execution, child: &ChildProgress) -> Done {
    Done {
        execution: execution.id,
        task: execution.task,
        coordinates: execution.coordinates.clone(),
        input: Arc::clone(&execution.input),
        output: Arc::default(),
        completed: false,
        settles_at: None,
        child: Some(Arc::clone(&child.request)),
    }
}

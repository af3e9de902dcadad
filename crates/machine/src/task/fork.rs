//! `fork`: branches side by side; all of them, or the first one to end, make its output.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ExecutionId;
use crate::apply::{Applied, NO_TASK};
use crate::decide::{Readiness, Ready};
use stepwell_language::dsl::{ForkTask, Join, TaskId, TaskKind};

/// Progress of a branch of a `fork`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Branch {
    /// It is about to start.
    #[serde(rename = "Unbegun")]
    NotStarted,
    /// Its task is open.
    Open,
    /// It ended with this output.
    Done(Arc<Value>),
    /// It executed `end`: the whole run ends with this output.
    Ended(Arc<Value>),
}

/// Whether it has nothing left to wait for.
pub(super) fn is_over(join: Join, branches: &[Branch]) -> bool {
    let done = |branch: &Branch| matches!(branch, Branch::Done(_));
    branches.iter().any(|branch| matches!(branch, Branch::Ended(_)))
        || match join {
            Join::All => branches.iter().all(done),
            Join::First => branches.iter().any(done),
        }
}

/// The raw output, and whether a branch ended the whole run.
pub(super) fn outcome(branches: &[Branch], kind: &TaskKind) -> (Arc<Value>, bool) {
    let output = |branch: &Branch| match branch {
        Branch::Done(output) | Branch::Ended(output) => Some(Arc::clone(output)),
        Branch::NotStarted | Branch::Open => None,
    };
    if let Some(ended) = branches.iter().find(|branch| matches!(branch, Branch::Ended(_))).and_then(output) {
        return (ended, true);
    }
    let mut outputs = branches.iter().filter_map(output);
    match kind {
        TaskKind::Fork(task) if task.join == Join::First => (outputs.next().unwrap_or_default(), false),
        _ => (Arc::new(outputs.map(|output| (*output).clone()).collect()), false),
    }
}

/// The first branch that has not begun and may.
pub(super) fn ready(of: &Readiness<'_>, branches: &[Branch], id: ExecutionId) -> Option<Ready> {
    let not_started = (0..).zip(branches).filter(|(_, branch)| **branch == Branch::NotStarted);
    let mut not_started = not_started.map(|(index, _)| Ready::Begin(Some(id), index));
    not_started.find(|begin| !of.blocked.contains(begin))
}

/// A branch ended with this output.
pub(super) fn leave(
    task: &ForkTask,
    branches: &mut [Branch],
    branch: TaskId,
    output: Arc<Value>,
    ends: bool,
) -> Applied {
    if is_over(task.join, branches) {
        // The race is won, and only waits for the outcome of what lost it.
        return Ok(());
    }
    *branch_of(task, branches, branch)? = if ends { Branch::Ended(output) } else { Branch::Done(output) };
    Ok(())
}

/// The place of a branch in its `fork`.
pub(super) fn branch_of<'b>(
    fork: &ForkTask,
    branches: &'b mut [Branch],
    task: TaskId,
) -> Result<&'b mut Branch, &'static str> {
    let index = fork.branches.iter().position(|branch| *branch == task).ok_or(NO_TASK)?;
    branches.get_mut(index).ok_or(NO_TASK)
}

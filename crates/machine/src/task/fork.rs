//! `fork`: branches side by side; all of them, or the first one to end, make its output.

use std::sync::Arc;

use serde_json::Value;

use crate::Branch;
use stepwell_language::dsl::{Join, TaskKind};

/// Whether nothing more is to be waited for.
pub(crate) fn is_over(join: Join, branches: &[Branch]) -> bool {
    let done = |branch: &Branch| matches!(branch, Branch::Done(_));
    branches.iter().any(|branch| matches!(branch, Branch::Ended(_)))
        || match join {
            Join::All => branches.iter().all(done),
            Join::First => branches.iter().any(done),
        }
}

/// The raw output, and whether a branch ended the whole run.
pub(crate) fn outcome(branches: &[Branch], kind: &TaskKind) -> (Arc<Value>, bool) {
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

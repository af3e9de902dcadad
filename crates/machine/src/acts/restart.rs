//! Whether a run can be started again as a new one: it has ended, and whoever asks knows what would be done a second time.

use crate::{Rejected, Run, Status};

/// Judges whether the work of a run may be done again, as a new run. With `again`, what it did and left in place may be done once more.
///
/// # Errors
/// [`Rejected::Forbidden`] with what would have to be so.
pub fn judge_restart(run: &Run, again: bool) -> Result<(), Rejected> {
    let why = match run.status {
        _ if !run.is_closed() => Some("it has not ended: cancel it first, with or without undoing what it did"),
        _ if run.parent.is_some() => Some("another run started it: start that one again"),
        Status::Completed if !again => {
            Some("it completed: all it did would be done again, so say that it may (again: true)")
        }
        Status::Faulted if !again => {
            Some("what it completed was not undone and would be done again, so say that it may (again: true)")
        }
        Status::Cancelled if !again && leaves_steps(run) => Some(
            "it was cancelled without undoing what it completed, which would be done again: say that it may (again: true)",
        ),
        _ => None,
    };
    why.map_or(Ok(()), |why| Err(Rejected::Forbidden { act: "restart", status: run.status, why }))
}

/// Whether a cancelled run left steps in place that it had begun.
fn leaves_steps(run: &Run) -> bool {
    run.stop.is_some_and(|stop| !stop.undo) && run.next_execution > 0
}

//! Whether somebody may say that an ended run needs no second look: its work was undone because of a fault, so nothing came of it.

use crate::{Rejected, Run, Status};

/// Judges whether a run can be acknowledged. Which runs still wait for it is known to the engine, not to the run.
///
/// # Errors
/// [`Rejected::Forbidden`] with what would have to be so.
pub fn judge_acknowledge(run: &Run, reason: Option<&str>) -> Result<(), Rejected> {
    let explained = reason.is_some_and(|reason| !reason.trim().is_empty());
    let why = match run.status {
        _ if !run.is_closed() => Some("it has not ended"),
        Status::Compensated if run.parent.is_some_and(|parent| parent.awaits) => {
            Some("another run waited for it, and handles its failure")
        }
        Status::Compensated if !explained => Some("say what was done about it, or why nothing has to be (reason)"),
        Status::Compensated => None,
        _ => Some("only a run that undid its work after a fault is acknowledged"),
    };
    why.map_or(Ok(()), |why| Err(Rejected::Forbidden { act: "acknowledge", status: run.status, why }))
}

//! Whether a run can be started again as a new one: it must have closed, and the caller must accept repeating work.

use crate::{Rejected, Run, Status};

/// Checks whether the work of a run may be done again, as a new run. `again` accepts that effects which were not undone
/// may be repeated.
///
/// # Errors
/// [`Rejected::Forbidden`] with what is required.
pub fn judge_restart(run: &Run, again: bool) -> Result<(), Rejected> {
    let why = match run.status {
        _ if !run.is_closed() => Some("it has not ended: cancel it first, with or without undoing what it did"),
        _ if run.parent.is_some() => Some("another run started it: start that one again"),
        Status::Completed if !again => {
            Some("it completed, so a restart does everything a second time: confirm with again: true")
        }
        Status::Faulted if !again => {
            Some("its completed steps were not undone, so a restart does them a second time: confirm with again: true")
        }
        Status::Cancelled if !again && run.abandoned => Some(
            "it was cancelled without undoing its completed steps, so a restart does them a second time: \
             confirm with again: true",
        ),
        _ => None,
    };
    why.map_or(Ok(()), |why| Err(Rejected::Forbidden { act: "restart", status: run.status, why }))
}

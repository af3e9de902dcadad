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

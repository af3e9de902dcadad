//! What may be missing without anyone having tampered: this is the one place where removal by rule is explained. Archives say what was
//! removed, and the chain of acts seals their rows.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Report;
use crate::machine::RunId;
use crate::store::audit::removed::{self, Total};
use crate::store::{StoreError, retention};
use crate::words::plural;

/// Whether a run was archived and removed by rule.
pub(super) async fn run_is_archived(conn: &mut PgConnection, run: RunId) -> Result<bool, StoreError> {
    retention::has_run(conn, run).await
}

/// Whether an event was archived and removed by rule; its key outlives it.
pub(super) async fn event_is_archived(conn: &mut PgConnection, event: Uuid) -> Result<bool, StoreError> {
    retention::has_event(conn, event).await
}

/// How many runs and events of a span were archived and are not waiting to be removed. While the number stays the same, nothing was removed:
/// who asks before reading when an anchor is taken, and after reading when it is held against the database, compares like with like.
pub(super) async fn archived_in(conn: &mut PgConnection, (from, before): (Uuid, Uuid)) -> Result<i64, StoreError> {
    removed::between(conn, from, before).await
}

/// How much retention removed at all is told always: the database by itself does not prove that the files are there.
pub(super) async fn note_total(conn: &mut PgConnection, report: &mut Report) -> Result<(), StoreError> {
    let Total { files, items } = removed::total(conn).await?;
    if files > 0 {
        let files = plural(usize::try_from(files).unwrap_or(usize::MAX), "file", "files");
        report.note(format!("{items} runs and events were archived into {files}: verify the files with --archive"));
    }
    Ok(())
}

//! What may be missing without anybody having tampered: this is the one place where removal by rule is explained. Archives say what was
//! removed, and the chain of acts seals their rows.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::machine::RunId;
use crate::store::{StoreError, retention};

/// Whether a run was archived and removed by rule.
pub(super) async fn run_is_archived(conn: &mut PgConnection, run: RunId) -> Result<bool, StoreError> {
    retention::has_run(conn, run).await
}

/// Whether an event was archived and removed by rule; its key outlives it.
pub(super) async fn event_is_archived(conn: &mut PgConnection, event: Uuid) -> Result<bool, StoreError> {
    retention::has_event(conn, event).await
}

/// How many runs and events of a span were archived.
pub(super) async fn archived_in(conn: &mut PgConnection, (from, before): (Uuid, Uuid)) -> Result<i64, StoreError> {
    retention::archived_between(conn, from, before).await
}

//! The runs of an event, on its page.

use sqlx::PgPool;
use uuid::Uuid;

use crate::dashboard::parts::badge::{self, Badge};
use crate::dashboard::parts::page::NoPage;
use crate::machine::RunId;
use crate::store::runs::listing::{self, Order, RunFilter};

/// Maximum number of runs on the page of an event.
const RUNS_MAX: i64 = 100;

/// A run that the event started, or a restart of one.
pub struct EventRun {
    pub id: RunId,
    /// `None` for an archived run.
    pub status: Option<Badge>,
    pub has_ended: bool,
}

/// Returns the runs that an event started, including restarts.
///
/// # Errors
/// The database is unavailable.
pub async fn of_event(pool: &PgPool, event: Uuid, first: &[RunId]) -> Result<Vec<EventRun>, NoPage> {
    let filter = RunFilter { event: Some(event), order: Order::Oldest, ..RunFilter::default() };
    let known = listing::runs(pool, &filter, None, RUNS_MAX).await?.rows;
    let gone = first.iter().filter(|id| !known.iter().any(|run| run.id == **id));
    let gone = gone.map(|id| EventRun { id: *id, status: None, has_ended: false }).collect::<Vec<_>>();
    let known = known.iter().map(|run| EventRun {
        id: run.id,
        status: Some(badge::of_run(&run.status)),
        has_ended: run.finished_at.is_some(),
    });
    Ok(gone.into_iter().chain(known).collect())
}

//! Live runs, counted for everybody who asks at about the same time: pages and scrapes stay cheap when counting is not, for instance
//! while a long transaction keeps vacuum from its work.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::Mutex;

use super::{LiveCounts, live_counts};
use crate::store::StoreError;

/// How long a count is shared.
const SHARED_FOR: Duration = Duration::from_secs(2);

/// When counting was last tried, and the last count that was made.
#[derive(Debug)]
struct Last {
    tried: Instant,
    counts: Option<LiveCounts>,
}

/// The last count.
#[derive(Debug, Default)]
pub struct Counted(Mutex<Option<Last>>);

impl Counted {
    /// How many runs live, at most two seconds ago. One caller counts, the others wait for it. After a failure they get the count before
    /// it instead of failing one after the other.
    ///
    /// # Errors
    /// The database is away.
    pub async fn live(&self, pool: &PgPool) -> Result<LiveCounts, StoreError> {
        let mut last = self.0.lock().await;
        if let Some(last) = last.as_ref().filter(|last| last.tried.elapsed() < SHARED_FOR) {
            let failed = || StoreError::Unavailable(sqlx::Error::PoolTimedOut);
            return last.counts.clone().ok_or_else(failed);
        }
        let counted = live_counts(pool).await;
        let before = last.take().and_then(|last| last.counts);
        *last = Some(Last { tried: Instant::now(), counts: counted.as_ref().ok().cloned().or(before) });
        counted
    }
}

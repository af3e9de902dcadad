//! Counts of live runs, shared between callers, so that pages and scrapes stay cheap even when counting is slow, for
//! instance while a long transaction blocks vacuum.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::Mutex;

use super::{LiveCounts, live_counts};
use crate::store::StoreError;

/// Minimum and maximum time for which a count is shared.
const SHARED_FOR: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// A count is shared for this many times as long as counting took, which limits the load on the database however slow
/// it is.
const SHARED_TIMES: u32 = 50;

/// When the last count was attempted, and the last successful one.
#[derive(Debug)]
struct Last {
    tried: Instant,
    shared_for: Duration,
    counts: Option<LiveCounts>,
}

/// The shared count.
#[derive(Debug, Default)]
pub struct Counted(Mutex<Option<Last>>);

impl Counted {
    /// Returns the counts of live runs, at most some seconds old. One caller counts while the others wait. After a
    /// failure, callers get the previous count instead of each failing in turn.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn live(&self, pool: &PgPool) -> Result<LiveCounts, StoreError> {
        let mut last = self.0.lock().await;
        if let Some(last) = last.as_ref().filter(|last| last.tried.elapsed() < last.shared_for) {
            let failed = || StoreError::Unavailable(sqlx::Error::PoolTimedOut);
            return last.counts.clone().ok_or_else(failed);
        }
        let began = Instant::now();
        let counted = live_counts(pool).await;
        let before = last.take().and_then(|last| last.counts);
        let counts = counted.as_ref().ok().cloned().or(before);
        *last = Some(Last { tried: Instant::now(), shared_for: shared_for(began.elapsed()), counts });
        counted
    }
}

fn shared_for(took: Duration) -> Duration {
    took.saturating_mul(SHARED_TIMES).clamp(SHARED_FOR.0, SHARED_FOR.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_takes_a_fiftieth_of_the_time_however_slow_it_is() {
        assert_eq!(shared_for(Duration::from_millis(1)), Duration::from_secs(2));
        assert_eq!(shared_for(Duration::from_millis(100)), Duration::from_secs(5));
        assert_eq!(shared_for(Duration::from_secs(1)), Duration::from_secs(30));
    }
}

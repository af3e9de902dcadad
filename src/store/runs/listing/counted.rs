//! Live runs, counted for everyone who asks at about the same time: pages and scrapes stay cheap when counting is not, for instance
//! while a long transaction keeps vacuum from its work.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::Mutex;

use super::{LiveCounts, live_counts};
use crate::store::StoreError;

/// How long a count is shared, at least and at most.
const SHARED_FOR: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// A count is shared for so many times as long as counting took: however slow it is, the database spends little on it.
const SHARED_TIMES: u32 = 50;

/// When counting was last tried, and the last count that was made.
#[derive(Debug)]
struct Last {
    tried: Instant,
    shared_for: Duration,
    counts: Option<LiveCounts>,
}

/// The last count.
#[derive(Debug, Default)]
pub struct Counted(Mutex<Option<Last>>);

impl Counted {
    /// How many runs live, or lived some seconds ago. One caller counts, the others wait for it. After a failure they get the count before
    /// it instead of failing one after the other.
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

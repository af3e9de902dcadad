//! Live runs, counted for everybody who asks at about the same time: pages and scrapes stay cheap when counting is not, for instance
//! while a long transaction keeps vacuum from its work.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::Mutex;

use super::{LiveCounts, live_counts};
use crate::store::StoreError;

/// How long a count is shared.
const SHARED_FOR: Duration = Duration::from_secs(2);

/// The last count, and when it was made.
#[derive(Debug, Default)]
pub struct Counted(Mutex<Option<(Instant, LiveCounts)>>);

impl Counted {
    /// How many runs live, at most two seconds ago. One caller counts, the others wait for it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn live(&self, pool: &PgPool) -> Result<LiveCounts, StoreError> {
        let mut last = self.0.lock().await;
        if let Some((at, counts)) = last.as_ref()
            && at.elapsed() < SHARED_FOR
        {
            return Ok(counts.clone());
        }
        let counts = live_counts(pool).await?;
        *last = Some((Instant::now(), counts.clone()));
        Ok(counts)
    }
}

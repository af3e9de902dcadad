//! What a node knows of a small table that people change seldom and everything asks for all the time.

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use crate::store::StoreError;

/// What was read last, and when the look at the database began.
#[derive(Debug)]
pub(in crate::engine) struct Fresh<T> {
    known: RwLock<Option<(Instant, Arc<T>)>>,
    /// Held by the one that looks: the others wait for its result.
    looking: tokio::sync::Mutex<()>,
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self { known: RwLock::default(), looking: tokio::sync::Mutex::default() }
    }
}

impl<T> Fresh<T> {
    fn known(&self, age_max: Duration) -> Option<Arc<T>> {
        let known = self.known.read().expect("nothing panics while it holds what is known");
        known.as_ref().filter(|(at, _)| at.elapsed() < age_max).map(|(_, known)| Arc::clone(known))
    }

    /// What is known is out of date.
    pub(in crate::engine) fn forget(&self) {
        *self.known.write().expect("nothing panics while it holds what is known") = None;
    }

    /// What is known, or was read after this call if that is older than it may be.
    pub(in crate::engine) async fn get(
        &self,
        age_max: Duration,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<Arc<T>, StoreError> {
        if let Some(known) = self.known(age_max) {
            return Ok(known);
        }
        let _looking = self.looking.lock().await;
        if let Some(known) = self.known(age_max) {
            return Ok(known);
        }
        let began = Instant::now();
        let found = Arc::new(read.await?);
        *self.known.write().expect("nothing panics while it holds what is known") = Some((began, Arc::clone(&found)));
        Ok(found)
    }
}

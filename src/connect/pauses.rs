//! Connections that people paused. A call of a paused connection is turned away as by an open circuit breaker: nothing is sent, no attempt
//! is used up, and it comes back later by itself.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::Connections;
use super::problem::Problem;
use super::request::prepared::{Prepared, Slot, spread};

/// Why a connection is paused, and when to ask again.
#[derive(Debug, Clone)]
pub struct Paused {
    /// Who paused it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// How long it has been paused.
    pub since: Duration,
}

/// Says which connections are paused.
pub trait Pauses: Send + Sync + std::fmt::Debug {
    /// Whether a connection is paused, as of two seconds ago at most.
    ///
    /// # Errors
    /// It cannot be determined now.
    fn of<'a>(&'a self, connection: &'a str) -> BoxFuture<'a, Result<Option<Paused>, String>>;
}

/// The shortest and the longest time after which a call that was turned away comes back. In between it is as long as the pause has lasted:
/// after a short pause calls go on soon, and in a long one they cost little.
const AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(1));

/// After the database did not answer.
const UNKNOWN_AGAIN: Duration = Duration::from_secs(2);

impl Connections {
    /// How long ago a call of a connection last had an answer on this node; none if none had.
    #[must_use]
    pub fn answered_ago(&self, connection: &str) -> Option<Duration> {
        self.by_name.get(connection)?.answered_ago()
    }

    /// From now on calls of paused connections wait.
    pub fn heed(&self, pauses: Arc<dyn Pauses>) {
        // An engine starts once.
        let _ = self.pauses.set(pauses);
    }

    /// Turns a call away if its connection is paused, or may be.
    pub(super) async fn check_pause(&self, connection: &Prepared) -> Result<(), Box<Problem>> {
        match self.pauses.get().filter(|_| !connection.name.is_empty()) {
            // On the heap: thousands of calls may wait for their slots.
            Some(pauses) => Box::pin(check(&**pauses, &connection.name)).await,
            None => Ok(()),
        }
    }

    /// Waits for one of the connection's slots. Somebody may have paused it meanwhile.
    pub(super) async fn slot<'c>(&self, connection: &'c Prepared) -> Result<Slot<'c>, Box<Problem>> {
        let slot = connection.slot().await?;
        self.check_pause(connection).await?;
        Ok(slot)
    }
}

async fn check(pauses: &dyn Pauses, name: &str) -> Result<(), Box<Problem>> {
    match pauses.of(name).await {
        Ok(None) => Ok(()),
        Ok(Some(Paused { by, reason, since })) => {
            let detail = format!("calls to {name} wait because {by} paused the connection: {reason}");
            Err(Problem::not_now("Connection paused", detail, spread(since.clamp(AGAIN.0, AGAIN.1))))
        }
        Err(why) => {
            let detail =
                format!("calls to {name} wait because it is not known whether the connection is paused: {why}");
            Err(Problem::not_now("Connection may be paused", detail, spread(UNKNOWN_AGAIN)))
        }
    }
}

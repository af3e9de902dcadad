//! The database's time, read between heartbeats from this machine's monotonic clock.

use std::sync::RwLock;
use std::time::Instant;

use crate::machine::Time;

/// Tells the database's time without asking it.
#[derive(Debug)]
pub(in crate::engine) struct Clock {
    /// An instant here, and the database's time at it.
    known: RwLock<(Instant, Time)>,
}

impl Clock {
    pub(in crate::engine) fn new(asked: Instant, told: Time) -> Self {
        Self { known: RwLock::new((midway(asked), told)) }
    }

    /// Takes over what the database just told.
    pub(super) fn set(&self, asked: Instant, told: Time) {
        *self.known.write().expect("the clock's lock is never poisoned") = (midway(asked), told);
    }

    /// The database's time now, to whole microseconds, as Postgres keeps it.
    pub(in crate::engine) fn now(&self) -> Time {
        let (instant, told) = *self.known.read().expect("the clock's lock is never poisoned");
        let now = told + instant.elapsed();
        Time::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }
}

/// The reply was made about half-way between the question and now.
fn midway(asked: Instant) -> Instant {
    asked + asked.elapsed() / 2
}

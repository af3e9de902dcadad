//! Whether the node's loops get on. One bad row never stops a loop (it is set aside); what fails again and again
//! nevertheless is a fault that nobody would see from a node that still answers: readiness and a metric tell.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tracing::{info, warn};
use uuid::Uuid;

use crate::store::StoreError;
use crate::telemetry;

/// A stage that fails for this long is no hiccup.
const LASTING: Duration = Duration::from_secs(5);

/// A loop that has not come round for so many leases hangs, whatever it waits for: a round takes milliseconds. For twice as many, and
/// the node lets go of its runs.
const STALLED_LEASES: u32 = 3;

/// However short the lease is.
const STALLED_MIN: Duration = Duration::from_secs(8);

/// Nor one that fails this often in a row.
const TIMES: u32 = 3;

/// A row is tried so often before it is set aside: a race with another node is over by then.
const TRIES_MAX: u32 = 3;

/// Rows of which tries are remembered.
const TRIED_MAX: usize = 10_000;

/// What fails on this node now.
#[derive(Debug)]
pub(in crate::engine) struct Health {
    /// How long a loop may take to come round.
    stalled: Duration,
    failing: Mutex<HashMap<&'static str, Failing>>,
    /// When each loop last came round.
    rounds: Mutex<HashMap<&'static str, Instant>>,
    tried: Mutex<HashMap<Uuid, u32>>,
    /// What fails without harm to runs and senders, and why.
    aside: Mutex<BTreeMap<&'static str, String>>,
}

#[derive(Debug)]
struct Failing {
    since: Instant,
    times: u32,
    error: String,
}

/// Whether the rest of a sweep is worth trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Next {
    /// Whatever happened concerns this stage only.
    GoOn,
    /// There is no connection to the database: the other stages would only wait for one, too.
    Stop,
}

impl Default for Health {
    fn default() -> Self {
        Self::of(Duration::from_secs(10))
    }
}

impl Health {
    /// Of a node with this lease.
    pub(in crate::engine) fn of(lease: Duration) -> Self {
        let stalled = lease.saturating_mul(STALLED_LEASES).max(STALLED_MIN);
        Self {
            stalled,
            failing: Mutex::default(),
            rounds: Mutex::default(),
            tried: Mutex::default(),
            aside: Mutex::default(),
        }
    }

    /// Notes how a stage ended. Its failure is logged here and nowhere else.
    pub(in crate::engine) fn note(&self, stage: &'static str, outcome: Result<(), StoreError>) -> Next {
        let mut failing = lock(&self.failing);
        let Err(error) = outcome else {
            if failing.remove(stage).is_some() {
                info!(stage, "stage recovered");
                telemetry::stage_failing(stage, false);
            }
            return Next::GoOn;
        };
        warn!(stage, %error, "failed, trying again");
        telemetry::stage_failed(stage);
        if error.is_disconnected() {
            // Readiness asks the database itself, and is right again the moment it answers.
            return Next::Stop;
        }
        telemetry::stage_failing(stage, true);
        let known =
            failing.entry(stage).or_insert_with(|| Failing { since: Instant::now(), times: 0, error: String::new() });
        known.times = known.times.saturating_add(1);
        known.error = error.to_string();
        Next::GoOn
    }

    /// Notes how a stage ended on which neither runs nor senders depend: while it fails the node stays ready, and says so.
    pub(in crate::engine) fn note_aside(&self, stage: &'static str, outcome: Result<(), String>) {
        let mut aside = lock(&self.aside);
        match outcome {
            Ok(()) => {
                if aside.remove(stage).is_some() {
                    info!(stage, "stage recovered");
                }
                telemetry::stage_failing(stage, false);
            }
            Err(error) => {
                warn!(stage, error, "failed, trying again");
                telemetry::stage_failed(stage);
                telemetry::stage_failing(stage, true);
                aside.insert(stage, error);
            }
        }
    }

    /// Stages that fail now, and on which neither runs nor senders depend.
    pub(in crate::engine) fn aside(&self) -> Vec<&'static str> {
        lock(&self.aside).keys().copied().collect()
    }

    /// The stage that has failed longest of those that keep failing, and its last error.
    pub(in crate::engine) fn lasting(&self) -> Option<(&'static str, String)> {
        let failing = lock(&self.failing);
        let lasting = failing.iter().filter(|(_, f)| f.times >= TIMES && f.since.elapsed() >= LASTING);
        lasting.min_by_key(|(_, f)| f.since).map(|(stage, f)| (*stage, f.error.clone()))
    }

    /// A loop came round, whatever it found.
    pub(in crate::engine) fn came_round(&self, name: &'static str) {
        lock(&self.rounds).insert(name, Instant::now());
    }

    /// A loop has nothing to do, and may take any time to come round.
    pub(in crate::engine) fn rests(&self, name: &'static str) {
        lock(&self.rounds).remove(name);
    }

    /// Whether what runs need most has not got on for so long that others had better drive them: writing, or finding work.
    pub(super) fn is_stuck(&self) -> Option<&'static str> {
        let is_vital = |name: &str| name == "claims" || name.starts_with("commits-");
        self.ages().into_iter().find(|(name, age)| is_vital(name) && *age >= self.stalled * 2).map(|(name, _)| name)
    }

    /// How long ago each loop came round.
    pub(in crate::engine) fn ages(&self) -> Vec<(&'static str, Duration)> {
        lock(&self.rounds).iter().map(|(name, at)| (*name, at.elapsed())).collect()
    }

    /// The loop that has not come round for longest, if that is too long.
    pub(in crate::engine) fn stalled(&self) -> Option<(&'static str, Duration)> {
        self.ages().into_iter().filter(|(_, age)| *age >= self.stalled).max_by_key(|(_, age)| *age)
    }

    /// Whether a row that cannot be handled was tried often enough to be set aside.
    pub(in crate::engine) fn is_hopeless(&self, row: Uuid) -> bool {
        let mut tried = lock(&self.tried);
        if tried.len() >= TRIED_MAX {
            tried.clear();
        }
        let tries = tried.entry(row).or_default();
        *tries += 1;
        if *tries < TRIES_MAX {
            return false;
        }
        tried.remove(&row);
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("the lock of the node's health is never poisoned")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Result<(), StoreError> {
        Err(StoreError::Unreadable { table: "commands", why: "bad".into() })
    }

    #[test]
    fn a_stage_that_keeps_failing_is_told_until_it_works_again() {
        let health = Health::default();
        for _ in 0..TIMES {
            assert_eq!(health.note("commands", refused()), Next::GoOn);
        }
        assert_eq!(health.lasting(), None, "it has only just begun");
        lock(&health.failing).get_mut("commands").unwrap().since -= LASTING;
        let (stage, error) = health.lasting().unwrap();
        assert_eq!((stage, error.contains("bad")), ("commands", true));
        assert_eq!(health.note("commands", Ok(())), Next::GoOn);
        assert_eq!(health.lasting(), None);
    }

    #[test]
    fn without_a_connection_the_rest_of_a_sweep_is_not_tried() {
        let health = Health::default();
        for _ in 0..TIMES {
            let away = StoreError::Unavailable(sqlx::Error::PoolTimedOut);
            assert_eq!(health.note("commands", Err(away)), Next::Stop);
        }
        assert!(lock(&health.failing).is_empty(), "the stage is not to blame");
    }

    #[test]
    fn a_loop_that_does_not_come_round_is_noticed_whatever_the_others_do() {
        let health = Health::default();
        for name in ["claims", "events"] {
            health.came_round(name);
        }
        assert_eq!(health.stalled(), None);
        *lock(&health.rounds).get_mut("claims").unwrap() -= health.stalled;
        health.came_round("events");
        assert_eq!(health.stalled().map(|(name, _)| name), Some("claims"));
        health.came_round("claims");
        assert_eq!(health.stalled(), None);
    }

    #[test]
    fn a_committer_that_gets_nothing_written_is_stuck_and_one_that_has_nothing_to_write_is_not() {
        let health = Health::default();
        for name in ["commits-1", "commits-2", "events"] {
            health.came_round(name);
            *lock(&health.rounds).get_mut(name).unwrap() -= health.stalled * 2;
        }
        health.came_round("commits-1");
        assert_eq!(health.is_stuck(), Some("commits-2"));
        health.rests("commits-2");
        assert_eq!(health.is_stuck(), None, "another loop may be slow");
    }

    #[test]
    fn a_row_is_set_aside_at_its_third_failure() {
        let health = Health::default();
        let (row, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!([health.is_hopeless(row), health.is_hopeless(row), health.is_hopeless(other)], [false; 3]);
        assert!(health.is_hopeless(row));
        assert!(!health.is_hopeless(row), "counted anew");
    }
}

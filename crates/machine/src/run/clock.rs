//! The run's own clock. It stops while the run is suspended or waits for a person, so that timeouts and retry limits
//! measure work and not the absence of people. It is folded from the records like the rest of the run.
//!
//! It does not affect points in real time: the end of a `wait` and the time of the next attempt. If one of them passes
//! during a pause, the run handles it as soon as the pause ends.

use chrono::TimeDelta;

use crate::{CallProgress, Change, Execution, Progress, Record, Run, Time};

/// The pauses of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Pauses {
    /// When the current pause began, if there is one.
    pub since: Option<Time>,
    /// Total duration of all earlier pauses.
    #[serde(with = "crate::stored::span")]
    pub total: TimeDelta,
}

impl Pauses {
    /// Records whether the run is paused from `at` on. Returns the pause that this ends, if any.
    pub fn note(&mut self, stands_still: bool, at: Time) -> Option<(Time, Time)> {
        match (self.since, stands_still) {
            (None, true) => self.since = Some(at),
            (Some(since), false) => {
                let ended = at.max(since);
                *self = Self { since: None, total: self.total + (ended - since) };
                return Some((since, ended));
            }
            _ => {}
        }
        None
    }

    /// Returns the total duration of all pauses up to `now`.
    #[must_use]
    pub fn until(&self, now: Time) -> TimeDelta {
        self.total + self.since.map_or(TimeDelta::zero(), |since| (now - since).max(TimeDelta::zero()))
    }
}

impl Run {
    /// Returns the time on the run's own clock: `now`, or the beginning of the current pause.
    #[must_use]
    pub fn clock(&self, now: Time) -> Time {
        self.pauses.since.map_or(now, |since| since.min(now))
    }

    /// Returns how long the run has been active, without pauses.
    #[must_use]
    pub fn running_time(&self, now: Time) -> TimeDelta {
        let until = self.clock(self.finished_at.unwrap_or(now));
        self.started_at
            .map_or(TimeDelta::zero(), |started| (until - started - self.pauses.total).max(TimeDelta::zero()))
    }

    /// Stops or starts the run's clock after a record that pauses or resumes the run.
    pub(crate) fn keep_time(&mut self, at: Time) {
        let stands_still = self.suspended || self.is_parked();
        if let Some((since, at)) = self.pauses.note(stands_still, at) {
            self.deadline = self.deadline.map(|deadline| deadline + (at - since));
            self.open.iter_mut().for_each(|execution| execution.resume_clock(since, at));
        }
    }
}

impl Execution {
    /// Moves the points from which and to which time limits count by the length of a pause.
    pub(crate) fn resume_clock(&mut self, since: Time, at: Time) {
        let paused = at - since;
        self.deadline = self.deadline.map(|deadline| deadline + paused);
        // Events during the pause, such as the failure of a call in progress, count from its end.
        let moved = |moment: Time| if moment > since { at.max(moment) } else { moment + paused };
        match &mut self.progress {
            Progress::Call(CallProgress { first_failure_at, first_throttled_at, .. }) => {
                *first_failure_at = first_failure_at.map(moved);
                *first_throttled_at = first_throttled_at.map(moved);
            }
            Progress::Try(progress) => {
                progress.first_caught_at = progress.first_caught_at.map(moved);
                progress.round_started_at = moved(progress.round_started_at);
            }
            _ => {}
        }
    }
}

impl Record {
    /// Stores the length of the pause that this act ended, for readers of the journal.
    pub(crate) fn tell_pause(&mut self, paused: TimeDelta) {
        if let Change::OperatorActed { paused_ms, .. } = &mut self.change {
            *paused_ms = u64::try_from(paused.num_milliseconds()).ok().filter(|ms| *ms > 0);
        }
    }
}

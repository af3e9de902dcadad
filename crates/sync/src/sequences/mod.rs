//! Detects missing events of senders that number their events. A skipped number is a gap until it arrives late or is
//! given up. The rules are pure; `engine/events/sequences` applies them to Postgres.
//!
//! Invariant: the ranges in `open` are sorted, do not overlap, are below `highest`, and contain exactly the skipped
//! numbers that have neither arrived nor been given up.

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

type Time = DateTime<Utc>;

/// Most open ranges of a channel. Beyond that the lowest is given up.
pub const OPEN_MAX: usize = 100;

/// Days after which a reported gap is given up. No sender retries for longer.
pub const KEPT_DAYS: i64 = 7;

/// Highest number at which a restarted sender begins.
const LOW_MAX: i64 = 16;

/// Minimum distance below the highest number at which a low number can mean a restart and not a late event.
const RESTART_DISTANCE: i64 = 1_000;

/// An event's position among those of its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Name of the counter; empty if the sender has only one.
    pub channel: String,
    /// The number, at least zero.
    pub number: i64,
    /// How long skipped numbers may take to arrive before a gap is reported.
    pub grace: Duration,
}

/// The state of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// The highest number that arrived.
    pub highest: i64,
    /// The missing ranges below it.
    pub open: Vec<Missing>,
    /// Low numbers that arrived far below the highest. Two of them mean that the sender restarted.
    low: Vec<i64>,
}

/// A range of numbers that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The lowest missing number.
    pub first: i64,
    /// The highest missing number.
    pub last: i64,
    /// The number whose arrival skipped them. Ranges with the same `by` are reported as one gap.
    pub by: i64,
    /// When that number arrived.
    pub since: Time,
    /// Whether the gap was reported.
    pub stage: Stage,
}

/// How far the handling of a gap has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The numbers may still arrive late.
    Awaited {
        /// When the gap will be reported.
        until: Time,
    },
    /// The gap was reported by an event.
    Told {
        /// When it was reported.
        at: Time,
    },
}

/// A gap, as it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last number before the gap.
    pub after: i64,
    /// The first number after the gap.
    pub before: i64,
    /// Count of missing numbers in it.
    pub missing: i64,
}

impl Missing {
    /// Returns the range as a gap.
    #[must_use]
    pub fn gap(&self) -> Gap {
        Gap { after: self.first - 1, before: self.last + 1, missing: self.last - self.first + 1 }
    }

    fn next_at(&self) -> Time {
        match self.stage {
            Stage::Awaited { until } => until,
            Stage::Told { at } => at + chrono::Duration::days(KEPT_DAYS),
        }
    }
}

/// Processes numbers in order of arrival. Returns the new state and the gaps to report now. Each gap is reported once,
/// and not at all if it was filled within its grace.
#[must_use]
pub fn arrive(known: Option<Sequence>, numbers: &[(i64, Duration)], now: Time) -> (Option<Sequence>, Vec<Gap>) {
    let (mut sequence, mut gaps) = (known, Vec::new());
    for (number, grace) in numbers {
        match &mut sequence {
            // Numbers before the first one are unknown, not missing.
            None => sequence = Some(Sequence::begin(*number)),
            Some(sequence) => gaps.extend(sequence.take(*number, *grace, now)),
        }
    }
    gaps.extend(sequence.as_mut().map(|sequence| sequence.settle(now)).unwrap_or_default());
    (sequence, gaps)
}

impl Sequence {
    fn begin(number: i64) -> Self {
        Self { highest: number, open: Vec::new(), low: Vec::new() }
    }

    /// Returns when a gap must be reported or given up next.
    #[must_use]
    pub fn next_at(&self) -> Option<Time> {
        self.open.iter().map(Missing::next_at).min()
    }

    /// Processes a number. Returns gaps that are reported early because they are given up.
    fn take(&mut self, number: i64, grace: Duration, now: Time) -> Vec<Gap> {
        if number > self.highest {
            return self.advance(number, grace, now);
        }
        if let Some(place) = self.open.iter().position(|missing| missing.first <= number && number <= missing.last) {
            return self.fill(place, number);
        }
        // A duplicate, or from before the first number. It changes nothing, unless the sender has restarted.
        if number > LOW_MAX || self.highest - number < RESTART_DISTANCE || self.low.contains(&number) {
            return Vec::new();
        }
        self.low.push(number);
        if self.low.len() == 1 { Vec::new() } else { self.begin_anew(grace, now) }
    }

    fn advance(&mut self, number: i64, grace: Duration, now: Time) -> Vec<Gap> {
        self.low.clear();
        let (first, last) = (self.highest + 1, number - 1);
        self.highest = number;
        if first > last {
            return Vec::new();
        }
        let until = chrono::Duration::from_std(grace).ok().and_then(|grace| now.checked_add_signed(grace));
        let stage = Stage::Awaited { until: until.unwrap_or(now) };
        self.open.push(Missing { first, last, by: number, since: now, stage });
        self.give_up_the_lowest()
    }

    fn fill(&mut self, place: usize, number: i64) -> Vec<Gap> {
        let missing = &mut self.open[place];
        match (missing.first == number, missing.last == number) {
            (true, true) => drop(self.open.remove(place)),
            (true, false) => missing.first += 1,
            (false, true) => missing.last -= 1,
            (false, false) => {
                let above = Missing { first: number + 1, ..missing.clone() };
                missing.last = number - 1;
                self.open.insert(place + 1, above);
            }
        }
        self.give_up_the_lowest()
    }

    fn give_up_the_lowest(&mut self) -> Vec<Gap> {
        let surplus = self.open.len().saturating_sub(OPEN_MAX);
        untold(&self.open.drain(..surplus).collect::<Vec<_>>())
    }

    /// Handles a restart of the sender: the old numbers will not arrive, so their gaps are reported at once.
    fn begin_anew(&mut self, grace: Duration, now: Time) -> Vec<Gap> {
        let mut gaps = untold(&self.open);
        let mut low = std::mem::take(&mut self.low);
        low.sort_unstable();
        *self = Self::begin(low[0]);
        for number in &low[1..] {
            gaps.extend(self.take(*number, grace, now));
        }
        gaps
    }

    /// Returns the gaps whose grace is over, and gives up those reported long ago.
    fn settle(&mut self, now: Time) -> Vec<Gap> {
        let is_due = |missing: &Missing| missing.next_at() <= now;
        self.open.retain(|missing| !(is_due(missing) && matches!(missing.stage, Stage::Told { .. })));
        let due: Vec<Missing> = self.open.iter().filter(|missing| is_due(missing)).cloned().collect();
        for missing in self.open.iter_mut().filter(|missing| is_due(missing)) {
            missing.stage = Stage::Told { at: now };
        }
        untold(&due)
    }
}

/// Returns the unreported gaps of these ranges, one per skipping number.
fn untold(open: &[Missing]) -> Vec<Gap> {
    let mut gaps: Vec<(i64, Gap)> = Vec::new();
    for missing in open.iter().filter(|missing| matches!(missing.stage, Stage::Awaited { .. })) {
        let gap = missing.gap();
        match gaps.last_mut() {
            Some((by, before)) if *by == missing.by => {
                before.before = gap.before;
                before.missing += gap.missing;
            }
            _ => gaps.push((missing.by, gap)),
        }
    }
    gaps.into_iter().map(|(_, gap)| gap).collect()
}

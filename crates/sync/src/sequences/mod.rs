//! Which numbers of a sender are missing. A sender that counts its events one by one reveals a lost one by the next number:
//! what was jumped over is a gap, until it arrives late or is given up. The rules are pure; `engine/events/sequences` plays them
//! over Postgres.
//!
//! Invariant: `open` is in order, without overlaps, below `highest`, and holds exactly the numbers that were jumped over
//! and did not arrive, as far as they were not given up.

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

type Time = DateTime<Utc>;

/// Ranges that are kept open of one channel. Beyond them the lowest is given up.
pub const OPEN_MAX: usize = 100;

/// A gap that was reported is given up after so many days: no sender tries for longer.
pub const KEPT_DAYS: i64 = 7;

/// A sender that begins again begins with numbers up to this one.
const LOW_MAX: i64 = 16;

/// And it had come so much further: below that a low number is one that comes late.
const RESTART_DISTANCE: i64 = 1_000;

/// What an event says of its place among those of its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// What the sender counts in; empty where it counts in one.
    pub channel: String,
    /// The number, not below zero.
    pub number: i64,
    /// What it jumps over may arrive so much later without anyone being told.
    pub grace: Duration,
}

/// How far a channel has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// The highest number that arrived.
    pub highest: i64,
    /// What is missing below it.
    pub open: Vec<Missing>,
    /// Low numbers that arrived far below the highest: two of them are a sender that begins again.
    low: Vec<i64>,
}

/// Numbers that did not arrive, from `first` to `last`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The lowest.
    pub first: i64,
    /// The highest.
    pub last: i64,
    /// The number that jumped over them. What late numbers leave of one jump is reported as one gap.
    pub by: i64,
    /// When it did.
    pub since: Time,
    /// Whether anyone was told.
    pub stage: Stage,
}

/// What was done about missing numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// They may just be late.
    Awaited {
        /// Until then.
        until: Time,
    },
    /// The event of the gap went out.
    Told {
        /// When.
        at: Time,
    },
}

/// What is reported about a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last number before it.
    pub after: i64,
    /// The first number behind it.
    pub before: i64,
    /// How many are missing between them.
    pub missing: i64,
}

impl Missing {
    /// As a gap of its own.
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

/// Takes numbers in the order in which they arrived. Gives how far the channel has come, and the gaps to report now: each
/// once, and none that was filled within its grace.
#[must_use]
pub fn arrive(known: Option<Sequence>, numbers: &[(i64, Duration)], now: Time) -> (Option<Sequence>, Vec<Gap>) {
    let (mut sequence, mut gaps) = (known, Vec::new());
    for (number, grace) in numbers {
        match &mut sequence {
            // What came before the first one nobody knows.
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

    /// When there is something to do though nothing arrives.
    #[must_use]
    pub fn next_at(&self) -> Option<Time> {
        self.open.iter().map(Missing::next_at).min()
    }

    /// Gives the gaps to report before their time, because they are given up.
    fn take(&mut self, number: i64, grace: Duration, now: Time) -> Vec<Gap> {
        if number > self.highest {
            return self.advance(number, grace, now);
        }
        if let Some(place) = self.open.iter().position(|missing| missing.first <= number && number <= missing.last) {
            return self.fill(place, number);
        }
        // It was here before, or is from before the first one. Both change nothing, unless the sender begins again.
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

    /// The old numbers come no more: what is missing of them is reported at once.
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

    /// What has waited long enough is reported; what was reported long ago is given up.
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

/// The gaps of these ranges of which nobody was told, one for each jump.
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

//! `schedule.cron`, `every` and `after`: when a workflow starts by itself.

mod civil;

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// When a workflow starts by itself.
#[derive(Debug)]
pub struct Timing {
    /// What is repeated.
    pub repeat: Repeat,
    /// Where the clock of `cron` stands.
    pub zone: Tz,
    /// What happens to firings that were missed.
    pub misfire: Misfire,
}

/// What is repeated.
#[derive(Debug)]
pub enum Repeat {
    /// `cron`: five fields, or six with seconds first.
    Cron(Box<croner::Cron>),
    /// `every`: at a fixed rate from the moment it was deployed, whatever became of the run before.
    Every(Duration),
    /// `after`: so long after the run before has ended; the first at once.
    After(Duration),
}

/// What happens to firings that were missed because no node was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Misfire {
    /// Nothing: it continues with the next one.
    Skip,
    /// One run for all that were missed.
    #[default]
    Once,
    /// One run for each.
    All,
}

impl Misfire {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }
}

/// Reads a cron pattern of five fields, or of six with seconds first.
///
/// # Errors
/// What is wrong with it.
pub fn parse_cron(text: &str) -> Result<croner::Cron, String> {
    let fields = text.split_whitespace().count();
    if !text.starts_with('@') && !(5..=6).contains(&fields) {
        return Err(format!("a cron pattern has five fields, or six with seconds first; this one has {fields}"));
    }
    let cron = croner::Cron::from_str(text).map_err(|error| format!("this is not a cron pattern: {error}"))?;
    let begin = DateTime::<Utc>::UNIX_EPOCH;
    cron.find_next_occurrence(&begin, false).map_err(|_| "this cron pattern never matches".to_owned())?;
    Ok(cron)
}

/// The time zone of this IANA name.
#[must_use]
pub fn zone(name: &str) -> Option<Tz> {
    Tz::from_str(name).ok()
}

/// All names of time zones.
pub fn zone_names() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

impl Timing {
    /// The first firing after a moment; none for [`Repeat::After`], which depends on a run, and where there is none.
    ///
    /// What holds for `cron` when the clock is changed stands in `civil`.
    #[must_use]
    pub fn next(&self, anchor: DateTime<Utc>, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match &self.repeat {
            Repeat::Cron(cron) => civil::next(cron, self.zone, after),
            Repeat::Every(interval) => {
                let interval = chrono::Duration::from_std(*interval).ok().filter(|i| i.num_milliseconds() > 0)?;
                let elapsed = (after - anchor).num_milliseconds().max(0);
                let count = elapsed / interval.num_milliseconds() + 1;
                let offset = interval.num_milliseconds().checked_mul(count)?;
                anchor.checked_add_signed(chrono::Duration::milliseconds(offset))
            }
            Repeat::After(_) => None,
        }
    }

    /// The last firings after one moment and up to another, oldest first, at most `count` of them.
    ///
    /// It looks back from the end in growing steps: what a long absence costs depends on `count`, not on its length.
    #[must_use]
    pub fn last(
        &self,
        anchor: DateTime<Utc>,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
        count: usize,
    ) -> VecDeque<DateTime<Utc>> {
        let mut back = chrono::Duration::minutes(1);
        loop {
            let begin = until.checked_sub_signed(back).unwrap_or(after).max(after);
            let mut found = VecDeque::new();
            let mut at = begin;
            while let Some(next) = self.next(anchor, at).filter(|next| *next <= until) {
                if found.len() >= count {
                    found.pop_front();
                }
                found.push_back(next);
                at = next;
            }
            if found.len() >= count || begin <= after {
                return found;
            }
            back = back * 4;
        }
    }

    /// `cron`, `every` or `after`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.repeat {
            Repeat::Cron(_) => "cron",
            Repeat::Every(_) => "every",
            Repeat::After(_) => "after",
        }
    }

    /// The pattern, or the interval in ISO 8601.
    #[must_use]
    pub fn expression(&self) -> String {
        match &self.repeat {
            Repeat::Cron(cron) => cron.as_str().to_owned(),
            Repeat::Every(interval) | Repeat::After(interval) => format!("PT{}S", interval.as_secs_f64()),
        }
    }

    /// The same text for the same timing, another for another.
    #[must_use]
    pub fn signature(&self) -> String {
        format!("{} {} {}", self.kind(), self.expression(), self.zone.name())
    }
}

#[cfg(test)]
mod tests;

//! `schedule.cron`, `every` and `after`: when a scheduled workflow starts.

mod civil;

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// When a scheduled workflow starts.
#[derive(Debug)]
pub struct Timing {
    /// What triggers each start.
    pub repeat: Repeat,
    /// The time zone of `cron`.
    pub zone: Tz,
    /// What happens to missed firings.
    pub misfire: Misfire,
}

/// What triggers each start of a scheduled workflow.
#[derive(Debug)]
pub enum Repeat {
    /// `cron`: five fields, or six with seconds first.
    Cron(Box<croner::Cron>),
    /// `every`: at a fixed rate from deployment, regardless of earlier runs.
    Every(Duration),
    /// `after`: this long after the previous run has ended. The first run starts at once.
    After(Duration),
}

/// What happens to firings that were missed because no node was running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Misfire {
    /// They are skipped.
    Skip,
    /// One run starts for all of them.
    #[default]
    Once,
    /// One run starts for each of them.
    All,
}

impl Misfire {
    /// Returns the keyword of `misfire`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }
}

/// Parses a cron pattern of five fields, or of six with seconds first.
///
/// # Errors
/// Why the pattern is invalid or never matches.
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

/// Returns the time zone with an IANA name.
#[must_use]
pub fn zone(name: &str) -> Option<Tz> {
    Tz::from_str(name).ok()
}

/// Returns the IANA names of all time zones.
pub fn zone_names() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

impl Timing {
    /// Returns the first firing after a moment. `None` if there is none, and for [`Repeat::After`], which depends on
    /// the end of a run.
    ///
    /// The module `civil` has the rules of `cron` for clock changes.
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

    /// Returns the last firings after `after` and up to `until`, oldest first, at most `count` of them.
    ///
    /// It searches backward from the end in growing steps, so its cost depends on `count` and not on the length of the
    /// period.
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

    /// Returns `cron`, `every` or `after`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.repeat {
            Repeat::Cron(_) => "cron",
            Repeat::Every(_) => "every",
            Repeat::After(_) => "after",
        }
    }

    /// Returns the cron pattern, or the interval as an ISO 8601 text.
    #[must_use]
    pub fn expression(&self) -> String {
        match &self.repeat {
            Repeat::Cron(cron) => cron.as_str().to_owned(),
            Repeat::Every(interval) | Repeat::After(interval) => format!("PT{}S", interval.as_secs_f64()),
        }
    }

    /// Returns a text that is equal exactly for equal timings.
    #[must_use]
    pub fn signature(&self) -> String {
        format!("{} {} {}", self.kind(), self.expression(), self.zone.name())
    }
}

#[cfg(test)]
mod tests;

//! Signed-off periods: the changes since the sign-off, and the problems to show before one.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Line, Place};

/// What is signed off: days, for one currency or company or for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// First day of the period.
    pub from: NaiveDate,
    /// Last day of the period.
    pub until: NaiveDate,
    /// The currency; `None`: all.
    pub currency: Option<String>,
    /// Id of the company; `None`: all.
    pub company: Option<String>,
}

impl Scope {
    /// Whether a line belongs to it.
    #[must_use]
    pub fn covers(&self, place: &Place) -> bool {
        self.covers_slice(place.day, &place.currency, &place.company)
    }

    /// Whether all lines of a day, currency and company belong to it.
    #[must_use]
    pub fn covers_slice(&self, day: NaiveDate, currency: &str, company: &str) -> bool {
        (self.from..=self.until).contains(&day)
            && self.currency.as_deref().is_none_or(|own| own == currency)
            && self.company.as_deref().is_none_or(|own| own == company)
    }
}

/// How a line of a signed-off period changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The line is new.
    New,
    /// The line is gone.
    Vanished,
    /// The amounts, order or state of the line changed.
    Changed,
}

impl ChangeKind {
    /// Returns the name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Vanished => "vanished",
            Self::Changed => "changed",
        }
    }
}

/// A change in a signed-off period.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The key of the line.
    pub place: Place,
    /// How the line changed.
    pub kind: ChangeKind,
    /// The line when it was signed off; `None` if it is new.
    pub before: Option<Value>,
    /// The line now; `None` if it is gone.
    pub after: Option<Value>,
}

/// The differences between the shown lines and those of a pass.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Changes {
    /// Lines that are new or changed.
    pub put: Vec<Line>,
    /// Keys of lines that are gone.
    pub gone: Vec<Place>,
    /// The changes in signed-off periods.
    pub marked: Vec<Change>,
}

/// Returns the changes that turn the shown lines into the found ones.
#[must_use]
pub fn changes(shown: &BTreeMap<Place, Line>, found: &BTreeMap<Place, Line>, signed: &[Scope]) -> Changes {
    let mut changes = Changes::default();
    let mut mark = |place: &Place, kind, before: Option<&Line>, after: Option<&Line>| {
        if signed.iter().any(|scope| scope.covers(place)) {
            let (before, after) = (before.map(Line::told), after.map(Line::told));
            changes.marked.push(Change { place: place.clone(), kind, before, after });
        }
    };
    for (place, line) in found {
        match shown.get(place) {
            Some(known) if known == line => continue,
            Some(known) if known.told() == line.told() => {}
            Some(known) => mark(place, ChangeKind::Changed, Some(known), Some(line)),
            None => mark(place, ChangeKind::New, None, Some(line)),
        }
        changes.put.push(line.clone());
    }
    for (place, line) in shown.iter().filter(|(place, _)| !found.contains_key(place)) {
        mark(place, ChangeKind::Vanished, Some(line), None);
        changes.gone.push(place.clone());
    }
    changes
}

/// Problems to confirm before a period is signed off.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// Number of days without a complete pass since they ended.
    pub open_days: i64,
    /// Number of lines that do not agree.
    pub not_agreeing: i64,
    /// Whether a pass over some of the days is running.
    pub under_way: bool,
}

impl Problems {
    /// Describes the problems in sentences; `None` if there are none.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        let mut told = Vec::new();
        match self.open_days {
            0 => {}
            1 => told.push("no complete pass has covered 1 of its days since that day ended".to_owned()),
            days => told.push(format!("no complete pass has covered {days} of its days since they ended")),
        }
        match self.not_agreeing {
            0 => {}
            1 => told.push("1 line does not agree".to_owned()),
            lines => told.push(format!("{lines} lines do not agree")),
        }
        if self.under_way {
            told.push("a pass over its days is in progress".to_owned());
        }
        (!told.is_empty()).then(|| told.join("; "))
    }
}

//! Periods that a person signed off: what changed in them since, and what a person must know who signs.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Line, Place};

/// What is signed off: days, and of those one currency or company, or all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: NaiveDate,
    /// Only this one.
    pub currency: Option<String>,
    /// Only this one, by its id.
    pub company: Option<String>,
}

impl Scope {
    /// Whether a line is part of it.
    #[must_use]
    pub fn covers(&self, place: &Place) -> bool {
        self.covers_slice(place.day, &place.currency, &place.company)
    }

    /// Whether all lines of a day, currency and company are.
    #[must_use]
    pub fn covers_slice(&self, day: NaiveDate, currency: &str, company: &str) -> bool {
        (self.from..=self.until).contains(&day)
            && self.currency.as_deref().is_none_or(|own| own == currency)
            && self.company.as_deref().is_none_or(|own| own == company)
    }
}

/// The outcome of a line of a period that was signed off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there.
    New,
    /// It is gone.
    Vanished,
    /// Its amounts, its order or its state are others.
    Changed,
}

impl ChangeKind {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Vanished => "vanished",
            Self::Changed => "changed",
        }
    }
}

/// A change of a period that was signed off.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Of which line.
    pub place: Place,
    /// Its outcome.
    pub kind: ChangeKind,
    /// What it was.
    pub before: Option<Value>,
    /// What it is.
    pub after: Option<Value>,
}

/// What a pass changes of what is shown.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Changes {
    /// Lines that are new or not as they were.
    pub put: Vec<Line>,
    /// Places where there is no line any more.
    pub gone: Vec<Place>,
    /// What of it a person has signed off.
    pub marked: Vec<Change>,
}

/// What it takes to make of the lines that are shown those that were found.
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

/// What speaks against signing a period off without a word.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// Days that no pass has looked at since they were over.
    pub open_days: i64,
    /// Lines that do not agree.
    pub not_agreeing: i64,
    /// Whether a pass over some of the days is under way.
    pub under_way: bool,
}

impl Problems {
    /// In sentences for people; none if there is no problem.
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

//! A pass over the days of a period, and the passes of a simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::{Begin, FoundLines, Operation, bad};
use super::judge::judge;
use super::signing::changes;
use super::{DAYS_MAX, LINES_MAX, Line, Place, State, written};
use crate::Refusal;

/// A pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// Id of the pass, a `UUIDv7`.
    pub id: Uuid,
    /// The run that makes the pass.
    pub run: Uuid,
    /// First day of the period.
    pub from: NaiveDate,
    /// Last day of the period.
    pub until: NaiveDate,
    /// The day on which it began, in the company's time zone. That day is not over yet.
    pub today: NaiveDate,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When it ended; `None` while it is open.
    pub ended_at: Option<DateTime<Utc>>,
    /// The answer to `end`.
    pub result: Option<Value>,
}

impl Pass {
    /// Begins a pass. `others` are the runs of open passes.
    ///
    /// # Errors
    /// Another pass is running (the caller may retry), the time zone is unknown, or the period is invalid.
    pub fn begin(begin: &Begin, id: Uuid, others: &[Uuid], now: DateTime<Utc>) -> Result<Self, Refusal> {
        if let Some(other) = others.first() {
            let retry_after = Some(std::time::Duration::from_secs(10));
            let detail = format!("a pass over the totals is already running, in run {other}");
            return Err(Refusal { retry_after, ..Refusal::new(StatusCode::LOCKED, detail) });
        }
        let zone = Tz::from_str(&begin.time_zone);
        let zone =
            zone.map_err(|_| bad(format!("`timeZone` is the IANA name of a zone, not {:?}", begin.time_zone)))?;
        let today = now.with_timezone(&zone).date_naive();
        let until = begin.until.unwrap_or(today);
        let days = i64::from(begin.days.unwrap_or(1));
        let from = begin.from.or_else(|| until.checked_sub_signed(TimeDelta::days(days - 1)));
        let from = from.ok_or_else(|| bad(format!("{days} days before {until} is not a valid date")))?;
        let days = (until - from).num_days() + 1;
        if !(1..=DAYS_MAX).contains(&days) {
            return Err(bad(format!("a pass covers 1 to {DAYS_MAX} days, not {days} ({from} to {until})")));
        }
        Ok(Self { id, run: begin.run, from, until, today, began_at: now, ended_at: None, result: None })
    }

    /// Returns the compared lines. If a deal appears more than once, the last line counts.
    ///
    /// # Errors
    /// The pass has ended, or a line is invalid.
    pub fn judged(&self, found: &FoundLines) -> Result<Vec<Line>, Refusal> {
        if self.ended_at.is_some() {
            return Err(Refusal::new(StatusCode::CONFLICT, format!("the pass {} has ended", self.id)));
        }
        let mut lines = BTreeMap::new();
        for found in &found.lines {
            if !(self.from..=self.until).contains(&found.day) {
                let Self { from, until, .. } = self;
                return Err(bad(format!("{} is not one of the days of the pass, {from} to {until}", found.day)));
            }
            if let Some(line) = judge(found).map_err(bad)? {
                lines.insert(line.place.key.clone(), line);
            }
        }
        Ok(lines.into_values().collect())
    }

    /// Returns the answer to `begin`.
    #[must_use]
    pub fn answer(&self) -> Value {
        json!({ "id": self.id, "from": self.from, "until": self.until, "today": self.today })
    }
}

/// Returns the answer to `end`.
#[must_use]
pub fn ended(states: &BTreeMap<State, i64>, changed: i64) -> Value {
    let lines: i64 = states.values().sum();
    let states: BTreeMap<&str, i64> =
        State::ALL.into_iter().map(|state| (state.as_str(), states.get(&state).copied().unwrap_or(0))).collect();
    json!({ "lines": lines, "states": states, "changed": changed })
}

/// The refusal of an operation on a pass that does not exist.
#[must_use]
pub fn unknown(id: Uuid) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("there is no pass {id}; `totals.begin` returns one"))
}

/// Checks the number of lines of a pass.
///
/// # Errors
/// The pass has too many lines.
pub fn bound(lines: usize) -> Result<(), Refusal> {
    if lines > LINES_MAX {
        let why = format!("a pass has at most {LINES_MAX} lines: use fewer days at once (`from`, `until`)");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, why));
    }
    Ok(())
}

/// All passes of a simulation, where nothing is ever signed off.
#[derive(Debug, Clone, Default)]
pub struct Rehearsed {
    passes: Vec<Pass>,
    staged: BTreeMap<Uuid, BTreeMap<String, Line>>,
    shown: BTreeMap<Place, Line>,
    companies: BTreeMap<String, String>,
}

impl Rehearsed {
    /// Performs an operation. In a simulation only one run exists, so the runs of other passes have ended.
    ///
    /// # Errors
    /// The operation is not possible in the current state.
    pub fn perform(&mut self, operation: &Operation, now: DateTime<Utc>) -> Result<Value, Refusal> {
        match operation {
            Operation::Begin(begin) => {
                if let Some(known) = self.passes.iter().find(|pass| pass.run == begin.run) {
                    return Ok(known.answer());
                }
                // A counter, so that simulations are reproducible.
                let pass = Pass::begin(begin, Uuid::from_u128(self.passes.len() as u128 + 1), &[], now)?;
                let answer = pass.answer();
                self.passes.push(pass);
                Ok(answer)
            }
            Operation::Lines(found) => {
                let pass = self.passes.iter().find(|pass| pass.id == found.pass);
                let lines = pass.ok_or_else(|| unknown(found.pass))?.judged(found)?;
                let staged = self.staged.entry(found.pass).or_default();
                staged.extend(lines.into_iter().map(|line| (line.place.key.clone(), line)));
                bound(staged.len())?;
                Ok(json!({ "lines": staged.len() }))
            }
            Operation::End(end) => {
                let pass = self.passes.iter_mut().find(|pass| pass.id == end.pass);
                let pass = pass.ok_or_else(|| unknown(end.pass))?;
                if let Some(result) = &pass.result {
                    return Ok(result.clone());
                }
                let found = self.staged.remove(&pass.id).unwrap_or_default();
                let mut states = BTreeMap::new();
                found.values().for_each(|line| *states.entry(line.state).or_insert(0) += 1);
                let keys: BTreeSet<String> = found.values().flat_map(Line::keys).collect();
                let of_pass =
                    |place: &Place| (pass.from..=pass.until).contains(&place.day) || keys.contains(&place.key);
                let shown: BTreeMap<Place, Line> = self
                    .shown
                    .iter()
                    .filter(|(place, _)| of_pass(place))
                    .map(|(p, l)| (p.clone(), l.clone()))
                    .collect();
                let found = found.into_values().map(|line| (line.place.clone(), line)).collect();
                let changes = changes(&shown, &found, &[]);
                changes.gone.iter().for_each(|place| drop(self.shown.remove(place)));
                self.shown.extend(changes.put.into_iter().map(|line| (line.place.clone(), line)));
                self.companies.extend(end.companies.clone());
                pass.ended_at = Some(now);
                let result = ended(&states, 0);
                pass.result = Some(result.clone());
                Ok(result)
            }
        }
    }

    /// Returns everything for the predicates of scenarios: `{lines: [{day, currency, company, key, ...}], companies}`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let line = |line: &Line| {
            let Place { day, currency, company, key } = &line.place;
            let difference = line.difference().map(|amount| written(amount, currency));
            let mut told = line.told();
            told["day"] = json!(day);
            told["currency"] = json!(currency);
            told["company"] = json!(company);
            told["key"] = json!(key);
            told["note"] = json!(line.note);
            told["difference"] = json!(difference);
            told
        };
        json!({ "lines": self.shown.values().map(line).collect::<Vec<_>>(), "companies": self.companies })
    }
}

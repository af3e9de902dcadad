//! A pass over the days of a period, and all passes of a rehearsal.

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

/// One pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// `UUIDv7`.
    pub id: Uuid,
    /// Who does it.
    pub run: Uuid,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: NaiveDate,
    /// The day on which it began, where the company is: that day is not over.
    pub today: NaiveDate,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// What `end` gave.
    pub result: Option<Value>,
}

impl Pass {
    /// A new one. `others` are the runs of passes that have not ended.
    ///
    /// # Errors
    /// One is under way (worth another try), the zone is unknown, or the days make no period.
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

    /// What lines come to, by their places. A deal stands once: what is told last counts.
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

    /// What `begin` gives.
    #[must_use]
    pub fn answer(&self) -> Value {
        json!({ "id": self.id, "from": self.from, "until": self.until, "today": self.today })
    }
}

/// What `end` gives.
#[must_use]
pub fn ended(states: &BTreeMap<State, i64>, changed: i64) -> Value {
    let lines: i64 = states.values().sum();
    let states: BTreeMap<&str, i64> =
        State::ALL.into_iter().map(|state| (state.as_str(), states.get(&state).copied().unwrap_or(0))).collect();
    json!({ "lines": lines, "states": states, "changed": changed })
}

/// An operation names a pass that is not there.
#[must_use]
pub fn unknown(id: Uuid) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("there is no pass {id}; `totals.begin` returns one"))
}

/// More lines than one pass may have.
///
/// # Errors
/// There are more.
pub fn bound(lines: usize) -> Result<(), Refusal> {
    if lines > LINES_MAX {
        let why = format!("a pass has at most {LINES_MAX} lines: use fewer days at once (`from`, `until`)");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, why));
    }
    Ok(())
}

/// All passes of a rehearsal. Nobody signs anything there.
#[derive(Debug, Clone, Default)]
pub struct Rehearsed {
    passes: Vec<Pass>,
    staged: BTreeMap<Uuid, BTreeMap<String, Line>>,
    shown: BTreeMap<Place, Line>,
    companies: BTreeMap<String, String>,
}

impl Rehearsed {
    /// Does what is asked for. A rehearsal is of one run: whatever began another pass has ended.
    ///
    /// # Errors
    /// It cannot be done as things stand.
    pub fn perform(&mut self, operation: &Operation, now: DateTime<Utc>) -> Result<Value, Refusal> {
        match operation {
            Operation::Begin(begin) => {
                if let Some(known) = self.passes.iter().find(|pass| pass.run == begin.run) {
                    return Ok(known.answer());
                }
                // Reproducible, as everything of a rehearsal is.
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

    /// All of it, for predicates of scenarios: `{lines: [{day, currency, company, key, ...}], companies}`.
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

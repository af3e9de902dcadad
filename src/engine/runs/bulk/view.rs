//! A bulk act as people and programs see it.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::dsl::WorkflowRef;
use crate::machine::{RunId, Time, WorkflowError};
use crate::store::runs::bulk::{BulkRow, ItemRow};
use crate::words::{error_text, plural};

/// A bulk act.
#[derive(Debug, Clone, Serialize)]
pub struct BulkView {
    /// UUIDv7.
    pub id: Uuid,
    /// Name of the act.
    pub act: String,
    /// Of a cancel: whether completed steps are undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensate: Option<bool>,
    /// The filter as it was written.
    pub filter: Value,
    /// Why.
    pub reason: Option<String>,
    /// `running`, `trial`, `paused`, `stopped`, `done`.
    pub status: String,
    /// The same in words, with what happens next.
    pub note: String,
    /// After how many runs it waits for a person.
    pub trial: Option<i32>,
    /// Such as `30/min`.
    pub rate: Option<Rate>,
    /// Whether more runs fitted than one bulk act takes.
    pub more: bool,
    /// The results of its runs.
    pub counts: BulkCounts,
    /// Who asked for it.
    pub created_by: String,
    /// When.
    pub created_at: Time,
    /// In whose name it acts: whoever started it, or resumed it last.
    pub acts_as: String,
    /// When its status changed last.
    pub changed_at: Time,
    /// Who started, paused, resumed or stopped it last.
    pub changed_by: String,
    /// Why.
    pub change_reason: Option<String>,
    /// When it ended.
    pub finished_at: Option<Time>,
}

/// What became of the runs of a bulk act. All but `total` add up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BulkCounts {
    /// All of them.
    pub total: i32,
    /// Not told yet; of a stopped one, left alone.
    pub waiting: i32,
    /// Told, and not answered yet.
    pub in_progress: i32,
    /// It was done.
    pub done: i32,
    /// It was done, and the run needs a person again. Lists do not count them: there they are among `done`.
    pub failed_again: i32,
    /// Nothing was done.
    pub refused: i32,
    /// It waits for a second person.
    pub proposed: i32,
}

impl BulkView {
    /// A bulk act as its row tells it.
    #[must_use]
    pub fn of(row: BulkRow) -> Self {
        let failed_again = row.failed_again.and_then(|n| i32::try_from(n).ok()).unwrap_or(0);
        let counts = BulkCounts {
            total: row.total,
            waiting: row.total - row.told,
            in_progress: row.told - row.done - row.refused - row.proposed,
            done: row.done - failed_again,
            failed_again,
            refused: row.refused,
            proposed: row.proposed,
        };
        Self {
            note: note(&row, &counts),
            id: row.id,
            act: row.act["act"].as_str().unwrap_or_default().to_owned(),
            compensate: row.act.get("compensate").map(|mode| mode == "compensate"),
            filter: row.filter,
            reason: row.reason,
            status: row.status,
            trial: row.trial,
            rate: row.rate.map(Rate),
            more: row.more,
            counts,
            created_by: row.actor,
            created_at: row.created_at,
            acts_as: row.acts_as,
            changed_at: row.changed_at,
            changed_by: row.changed_by,
            change_reason: row.change_reason,
            finished_at: row.finished_at,
        }
    }

    /// Whether it tells no further run for now, and those that were told have answered.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.status != "running" && self.counts.in_progress == 0
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.finished_at.is_some()
    }
}

fn runs(number: i32) -> String {
    plural(usize::try_from(number).unwrap_or(0), "run", "runs")
}

/// `3 done, 1 failed again, 1 refused`
fn results(counts: &BulkCounts) -> String {
    let parts = [
        (counts.done, "done"),
        (counts.failed_again, "failed again"),
        (counts.refused, "refused"),
        (counts.proposed, "waiting for a second person"),
        (counts.in_progress, "in progress"),
    ];
    let said: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(number, what)| format!("{number} {what}")).collect();
    if said.is_empty() { "none yet".to_owned() } else { said.join(", ") }
}

fn note(row: &BulkRow, counts: &BulkCounts) -> String {
    let (told, results) = (row.told, results(counts));
    let why = row.change_reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    match row.status.as_str() {
        "trial" => {
            let next = format!("Resume to act on the other {}, or stop here.", counts.waiting);
            let again = match counts.failed_again {
                0 => "",
                1 => " One of them failed again: look at it first.",
                _ => " Some of them failed again: look at them first.",
            };
            format!("Trial: {told} of {} acted on ({results}).{again} {next}", runs(row.total))
        }
        "paused" => {
            let who = &row.changed_by;
            format!("Paused by {who}{why}. {told} of {} acted on ({results}).", runs(row.total))
        }
        "stopped" => {
            let left = counts.waiting;
            format!(
                "Stopped by {}{why}. {told} of {} acted on ({results}), {left} left as they are.",
                row.changed_by,
                runs(row.total)
            )
        }
        "done" if row.total == 0 => "No run matched.".to_owned(),
        "done" => format!("{} acted on ({results}).", runs(row.total)),
        _ => format!("Running: {told} of {} acted on ({results}).", runs(row.total)),
    }
}

/// A run of a bulk act, and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct BulkItem {
    /// Its place, from 1.
    pub place: i32,
    /// Which run.
    pub run: RunId,
    /// Its business key.
    pub key: Option<String>,
    /// What it runs; none if it was archived since.
    pub workflow: Option<WorkflowRef>,
    /// `waiting`, `in_progress`, `done`, `failed_again`, `refused`, `proposed`; `left` if the bulk act was stopped before it.
    pub result: String,
    /// Why nothing was done, or why the run failed again.
    pub detail: Option<String>,
    /// What waits for a second person.
    pub proposal: Option<Uuid>,
    /// When the run was told.
    pub at: Option<Time>,
    /// Where the run stands now.
    pub status: Option<String>,
    /// Why it needs a person now.
    pub attention: Option<String>,
}

impl From<ItemRow> for BulkItem {
    fn from(row: ItemRow) -> Self {
        let workflow = row.workflow();
        let again = row.error.filter(|_| row.result == "failed_again");
        let again = again.and_then(|error| serde_json::from_value::<WorkflowError>(error).ok());
        Self {
            place: row.place,
            run: row.run,
            key: row.key,
            workflow,
            detail: row.detail.or_else(|| again.as_ref().map(error_text)),
            result: row.result,
            proposal: row.proposal,
            at: row.told_at,
            status: row.status,
            attention: row.attention,
        }
    }
}

/// Acts a second, written `10/s`, `30/min` or `5/h`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(f64);

impl Rate {
    /// What a rate must look like.
    pub const EXPECTED: &str = "must be a number of acts a second, or a text such as 10/s, 30/min or 5/h, up to 1000/s";

    /// Acts a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.0
    }

    /// A rate of so many acts a second; none where it is no sound one.
    #[must_use]
    pub fn of(per_second: f64) -> Option<Self> {
        // One act a day is the slowest that means something.
        (1.0 / 86_400.0..=1_000.0).contains(&per_second).then_some(Self(per_second))
    }
}

impl std::str::FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let seconds = match unit.trim() {
            "s" | "sec" | "second" => 1.0,
            "m" | "min" | "minute" => 60.0,
            "h" | "hour" => 3_600.0,
            _ => return Err(Self::EXPECTED),
        };
        let number: f64 = number.trim().parse().map_err(|_| Self::EXPECTED)?;
        Self::of(number / seconds).ok_or(Self::EXPECTED)
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_whole = |number: f64| number >= 0.999 && (number - number.round()).abs() < 1e-6;
        let units = [(1.0, "s"), (60.0, "min"), (3_600.0, "h")];
        match units.iter().find(|(seconds, _)| is_whole(self.0 * seconds)) {
            Some((seconds, unit)) => write!(f, "{}/{unit}", (self.0 * seconds).round()),
            None => write!(f, "{:.2}/h", self.0 * 3_600.0),
        }
    }
}

impl Serialize for Rate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_and_written_alike() {
        for (text, written) in
            [("10/s", "10/s"), ("10", "10/s"), ("30/min", "30/min"), ("30/m", "30/min"), ("5/h", "5/h")]
        {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), written);
        }
        for wrong in ["", "0", "-1", "nan", "inf", "ten/s", "10/fortnight", "1001/s", "0/s"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
        assert_eq!("90/min".parse::<Rate>().unwrap().to_string(), "90/min");
    }
}

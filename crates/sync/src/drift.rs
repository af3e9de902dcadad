//! The findings of a reconciliation: the result of each reported record, and counts by result. The rules are pure;
//! `engine/sync/drift` reads their inputs from the journal.

use serde::Serialize;
use serde_json::Value;

/// Type of the events by which a reconciliation reports records.
pub const RECORD_CHANGED: &str = "dev.stepwell.record.changed";

/// The result of a record, ordered by severity. If a record has several runs, the most severe result counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Both sides agreed already, or the event was an echo, late or irrelevant.
    InSync,
    /// The workflow deliberately changed nothing.
    Left,
    /// The event or its run is in progress.
    UnderWay,
    /// A person must decide.
    Conflict,
    /// The sync wrote a change that no event had reported.
    Missed,
    /// The record was not fully processed.
    Failed,
}

impl Found {
    /// Returns the name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::Left => "left",
            Self::UnderWay => "under_way",
            Self::Conflict => "conflict",
            Self::Missed => "missed",
            Self::Failed => "failed",
        }
    }

    /// All results, in order of severity.
    pub const ALL: [Self; 6] = [Self::InSync, Self::Left, Self::UnderWay, Self::Conflict, Self::Missed, Self::Failed];
}

/// What became of an event of a reconciliation.
#[derive(Debug, Clone, Copy)]
pub enum Standing<'a> {
    /// The event was sent, and has no outcome yet.
    Sent,
    /// The event started no run. Contains its outcome.
    Alone(&'a str),
    /// The event started this run.
    Run {
        /// Status of the run.
        status: &'a str,
        /// Whether the run needs attention.
        attention: bool,
        /// Output of the run, once it has completed.
        output: Option<&'a Value>,
    },
}

/// Returns the result of a record, and the word by which its workflow or the engine explains it.
#[must_use]
pub fn judge(standing: Standing<'_>) -> (Found, String) {
    match standing {
        Standing::Sent => (Found::UnderWay, "sent".to_owned()),
        Standing::Alone(outcome @ ("rejected" | "unmatched")) => (Found::Failed, outcome.to_owned()),
        Standing::Alone(outcome) => (Found::UnderWay, outcome.to_owned()),
        Standing::Run { status: "completed", output, .. } => of_output(output.unwrap_or(&Value::Null)),
        Standing::Run { status: status @ ("faulted" | "cancelled" | "compensated"), .. } => {
            (Found::Failed, status.to_owned())
        }
        Standing::Run { status, attention: true, .. } => (Found::Failed, status.to_owned()),
        Standing::Run { status, .. } => (Found::UnderWay, status.to_owned()),
    }
}

/// Evaluates the `outcome` in a sync's output, as contact-sync returns it.
fn of_output(output: &Value) -> (Found, String) {
    let outcome = output["outcome"].as_str().unwrap_or("completed");
    let found = match outcome {
        "updated" | "created" | "deleted" => Found::Missed,
        _ if conflicts(output) > 0 => Found::Conflict,
        "echo" | "late" | "irrelevant" | "in-sync" => Found::InSync,
        _ => Found::Left,
    };
    (found, outcome.to_owned())
}

/// Returns the number of fields about which a person must decide.
#[must_use]
pub fn conflicts(output: &Value) -> i64 {
    output["conflicts"].as_i64().unwrap_or_default()
}

/// Returns the fields that a sync wrote, such as `erp.phone`.
#[must_use]
pub fn wrote(output: &Value) -> Vec<String> {
    output["wrote"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The number of records by result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All records.
    pub looked_at: u32,
    /// Records with [`Found::InSync`].
    pub in_sync: u32,
    /// Records with [`Found::Missed`].
    pub missed: u32,
    /// Records with [`Found::Conflict`].
    pub conflicts: u32,
    /// Records with [`Found::Failed`].
    pub failed: u32,
    /// Records with [`Found::Left`].
    pub left: u32,
    /// Records with [`Found::UnderWay`].
    pub under_way: u32,
}

impl Counts {
    /// Counts a record.
    pub fn add(&mut self, found: Found) {
        self.looked_at += 1;
        *match found {
            Found::InSync => &mut self.in_sync,
            Found::Missed => &mut self.missed,
            Found::Conflict => &mut self.conflicts,
            Found::Failed => &mut self.failed,
            Found::Left => &mut self.left,
            Found::UnderWay => &mut self.under_way,
        } += 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ended(output: &Value) -> Found {
        judge(Standing::Run { status: "completed", attention: false, output: Some(output) }).0
    }

    #[test]
    fn what_a_sync_says_decides_and_what_was_written_weighs_more_than_a_conflict() {
        for (outcome, found) in [
            ("echo", Found::InSync),
            ("in-sync", Found::InSync),
            ("updated", Found::Missed),
            ("created", Found::Missed),
            ("deleted", Found::Missed),
            ("no-customer", Found::Left),
        ] {
            assert_eq!(ended(&json!({ "outcome": outcome, "conflicts": 0 })), found, "{outcome}");
        }
        assert_eq!(ended(&json!({ "outcome": "in-sync", "conflicts": 1 })), Found::Conflict);
        assert_eq!(ended(&json!({ "outcome": "updated", "conflicts": 1 })), Found::Missed);
        assert_eq!(ended(&json!("anything")), Found::Left);
    }

    #[test]
    fn what_did_not_end_well_is_failed_and_what_has_not_ended_is_under_way() {
        let run = |status, attention| judge(Standing::Run { status, attention, output: None }).0;
        assert_eq!([run("faulted", false), run("cancelled", false), run("compensating", true)], [Found::Failed; 3]);
        assert_eq!([run("waiting", false), run("pending", false)], [Found::UnderWay; 2]);
        assert_eq!(judge(Standing::Alone("rejected")), (Found::Failed, "rejected".to_owned()));
        assert_eq!(judge(Standing::Alone("unmatched")).0, Found::Failed);
        assert_eq!(judge(Standing::Sent).0, Found::UnderWay);
    }

    #[test]
    fn the_counts_add_up() {
        let mut counts = Counts::default();
        Found::ALL.into_iter().for_each(|found| counts.add(found));
        let Counts { looked_at, in_sync, missed, conflicts, failed, left, under_way } = counts;
        assert_eq!(looked_at, in_sync + missed + conflicts + failed + left + under_way);
        assert!(Found::ALL.is_sorted());
    }
}

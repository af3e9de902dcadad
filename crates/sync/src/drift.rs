//! What a reconciliation found: the result of each record that it reported, and how many there are of each kind. The rules are pure;
//! `engine/sync/drift` reads what they judge from the journal.

use serde::Serialize;
use serde_json::Value;

/// Type of the events with which a reconciliation reports records.
pub const RECORD_CHANGED: &str = "dev.stepwell.record.changed";

/// The result of a record, the lighter first: of several runs the heaviest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Both sides agreed, or it was known.
    InSync,
    /// It was left as it is, for a reason of its workflow.
    Left,
    /// Its event or its run is under way.
    UnderWay,
    /// A person decides.
    Conflict,
    /// Something was written: no event had reported that change.
    Missed,
    /// It was not looked at to the end.
    Failed,
}

impl Found {
    /// As it is written.
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

    /// All of them.
    pub const ALL: [Self; 6] = [Self::InSync, Self::Left, Self::UnderWay, Self::Conflict, Self::Missed, Self::Failed];
}

/// The status of an event of a reconciliation.
#[derive(Debug, Clone, Copy)]
pub enum Standing<'a> {
    /// It is on its way.
    Sent,
    /// It started nothing: the outcome of the event.
    Alone(&'a str),
    /// It started this run.
    Run {
        /// The run's status.
        status: &'a str,
        /// Whether it needs a person.
        attention: bool,
        /// What it gave, once completed.
        output: Option<&'a Value>,
    },
}

/// The result of a record, and in which word its workflow or the engine says so.
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

/// The `outcome` of a sync, as contact-sync says it.
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

/// Fields about which a person decides.
#[must_use]
pub fn conflicts(output: &Value) -> i64 {
    output["conflicts"].as_i64().unwrap_or_default()
}

/// Fields that a sync wrote, such as `erp.phone`.
#[must_use]
pub fn wrote(output: &Value) -> Vec<String> {
    output["wrote"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// How many records there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All of them.
    pub looked_at: u32,
    /// See [`Found::InSync`].
    pub in_sync: u32,
    /// See [`Found::Missed`].
    pub missed: u32,
    /// See [`Found::Conflict`].
    pub conflicts: u32,
    /// See [`Found::Failed`].
    pub failed: u32,
    /// See [`Found::Left`].
    pub left: u32,
    /// See [`Found::UnderWay`].
    pub under_way: u32,
}

impl Counts {
    /// Counts one more.
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

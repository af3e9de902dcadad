//! Looks up runs by business key, so that a workflow can find out whether another run is already working on something.
//! The answer may be outdated when it is read.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Refusal, body};
use stepwell_text::canonical;

/// Most runs in an answer, latest first.
pub const TOLD_MAX: usize = 10;
/// Longest name and key, in characters.
const CHARS_MAX: usize = 512;

/// An operation on runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `find`: looks up runs.
    Find(Find),
    /// `add`: only in simulations, which have no other runs.
    Add(Add),
}

/// `{workflow, key}` returns `{runs: [{id, status, attention}]}`, latest first.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// `namespace/name` of the workflow; all versions match.
    pub workflow: String,
    /// The business key.
    #[serde(deserialize_with = "canonical::deserialize_key")]
    pub key: String,
}

/// Adds a run to a simulation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// `namespace/name` of the workflow.
    pub workflow: String,
    /// The business key.
    #[serde(deserialize_with = "canonical::deserialize_key")]
    pub key: String,
    /// Status of the run.
    pub status: String,
    /// Why the run needs attention, if it does.
    #[serde(default)]
    pub attention: Option<String>,
}

/// A run that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Id of the run.
    pub id: Uuid,
    /// Status of the run.
    pub status: String,
    /// Why the run needs attention, if it does.
    pub attention: Option<String>,
}

impl Operation {
    /// Parses the operation `name` from its body.
    ///
    /// # Errors
    /// The operation does not exist, or its body is invalid.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        match name {
            "find" => {
                let find: Find = body("runs/find", bytes)?;
                for (what, text) in [("workflow", &find.workflow), ("key", &find.key)] {
                    if text.is_empty() || text.chars().count() > CHARS_MAX || text.contains('\0') {
                        let why = format!("`{what}` has 1 to {CHARS_MAX} characters, without NUL, not {text:?}");
                        return Err(Refusal::new(StatusCode::BAD_REQUEST, why));
                    }
                }
                Ok(Self::Find(find))
            }
            "add" => Ok(Self::Add(body("runs/add", bytes)?)),
            other => Err(Refusal::unknown(&format!("runs/{other}"))),
        }
    }
}

/// Returns the answer to `find`.
#[must_use]
pub fn answer(found: &[Known]) -> Value {
    let told = |known: &Known| json!({ "id": known.id, "status": known.status, "attention": known.attention });
    json!({ "runs": found.iter().take(TOLD_MAX).map(told).collect::<Vec<_>>() })
}

/// The refusal of `add` outside of simulations.
#[must_use]
pub fn no_add() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "runs/add is for scenarios: a workflow starts runs with `run: workflow`")
}

/// The runs of a simulation.
#[derive(Debug, Clone, Default)]
pub struct Runs(Vec<(Find, Known)>);

impl Runs {
    /// Performs an operation.
    pub fn perform(&mut self, operation: &Operation) -> Value {
        match operation {
            Operation::Find(find) => {
                let of = self.0.iter().rev().filter(|(known, _)| known == find);
                answer(&of.map(|(_, known)| known.clone()).collect::<Vec<_>>())
            }
            Operation::Add(add) => {
                let Add { workflow, key, status, attention } = add.clone();
                let id = Uuid::from_u128(self.0.len() as u128 + 1);
                self.0.push((Find { workflow, key }, Known { id, status, attention }));
                json!({ "id": id })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_listed_by_workflow_and_key_latest_first() {
        let mut runs = Runs::default();
        let mut asked =
            |name: &str, body: Value| runs.perform(&Operation::parse(name, body.to_string().as_bytes()).expect("fits"));
        let of = |key: &str| json!({ "workflow": "crm-erp/closed-won", "key": key });
        assert_eq!(asked("find", of("1")), json!({ "runs": [] }));
        for (key, status) in [("1", "completed"), ("2", "waiting"), ("1", "faulted")] {
            asked("add", json!({ "workflow": "crm-erp/closed-won", "key": key, "status": status }));
        }
        let found = asked("find", of("1"));
        let statuses: Vec<&str> =
            found["runs"].as_array().expect("a list").iter().filter_map(|r| r["status"].as_str()).collect();
        assert_eq!(statuses, ["faulted", "completed"]);
    }

    #[test]
    fn an_invalid_value_is_refused_with_the_reason() {
        for body in [json!({}), json!({ "workflow": "", "key": "1" }), json!({ "workflow": "a/b", "key": "\0" })] {
            let refusal = Operation::parse("find", body.to_string().as_bytes()).expect_err("bad");
            assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{body}");
        }
        assert_eq!(Operation::parse("start", b"{}").expect_err("unknown").status, StatusCode::NOT_FOUND);
    }
}

//! Acts of people and programs on a run, who they are, and the approval of a second person.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stored;
use stepwell_language::dsl::{ActRule, Definition};

/// What an operator can do to a run (CONTRACT.md, `POST /api/v1/runs/{id}/{act}`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Continue from the failed step.
    Retry {
        /// Replaces the input of the step.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        input: Option<Value>,
        /// Reference of the step that is meant, followed by `#` and its execution if it has several. If the run is at
        /// another step, nothing happens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
    },
    /// Continue from the failed step with its input changed. The record contains the resulting input ([`Self::Retry`]).
    Edit {
        /// A jq expression, applied to the input of the step.
        edit: String,
        /// The step that is meant, as for [`Self::Retry`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
    },
    /// Continue after the failed step.
    Skip {
        /// Replaces the output of the step.
        #[serde(default)]
        output: Value,
        /// The step that is meant, as for [`Self::Retry`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// Confirms skipping a step that waits for a person's decision.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        confirm: bool,
    },
    /// End the run once no call is in progress.
    Cancel {
        /// Whether to undo completed steps first.
        compensate: CancelMode,
    },
    /// Undo completed steps.
    Compensate,
    /// Start no new step.
    Suspend,
    /// Continue after `Suspend`.
    Resume,
    /// Clear attention; a faulted run stays faulted.
    Dismiss,
    /// Continue under another version of the workflow.
    Move {
        /// The version.
        to: String,
    },
    /// Continue from an earlier step of the workflow's top-level list. A node carries it out with the journal at hand
    /// ([`crate::decide_rewind`]).
    Rewind {
        /// Reference of the step.
        from: String,
    },
    /// Do the work of a closed run again, as a new run. The closed run does not carry it out; the new run is started
    /// instead.
    Restart {
        /// Version for the new run; `None` for the latest one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// Confirms that effects which were not undone may be repeated.
        #[serde(default)]
        again: bool,
    },
    /// Acknowledges an ended run that needs nothing more. The run does not change; the record of acts says who did it and why.
    Acknowledge,
}

impl Act {
    /// Whether it replaces the input or output of a step: a retry with an input or an edit, a skip with an output.
    #[must_use]
    pub fn edits(&self) -> bool {
        match self {
            Self::Retry { input, .. } => input.is_some(),
            Self::Edit { .. } => true,
            Self::Skip { output, .. } => !output.is_null(),
            _ => false,
        }
    }

    /// Returns the rule of a definition that reserves the act for two people, if any.
    #[must_use]
    pub fn reserved_by(&self, definition: &Definition) -> Option<ActRule> {
        let own = self.kind().about().rule;
        let reserved = &definition.metadata.two_people;
        let edit = Some(ActRule::Edit).filter(|_| self.edits());
        own.into_iter().chain(edit).find(|rule| reserved.contains(rule))
    }

    /// Returns the step that the act is meant for, if it has one.
    pub(crate) fn step(&self) -> Option<&str> {
        match self {
            Self::Retry { step, .. } | Self::Edit { step, .. } | Self::Skip { step, .. } => step.as_deref(),
            _ => None,
        }
    }
}

/// The value of `compensate` in a `cancel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelMode {
    /// Leave completed steps as they are.
    Abandon,
    /// Undo completed steps, then close as cancelled.
    Compensate,
}

/// Who caused a record: a node, a person, an API token or a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(pub String);

impl Actor {
    /// The engine itself.
    #[must_use]
    pub fn engine() -> Self {
        Self("engine".to_owned())
    }

    /// Whether this is a person with a row in `users`, signed in or using their own token. Program tokens and the
    /// command line do not prove who someone is.
    #[must_use]
    pub fn is_user(&self) -> bool {
        self.0.starts_with("user:")
    }

    /// Returns the actor for the end of a freeze, which resumes the runs it held.
    #[must_use]
    pub fn freeze(id: uuid::Uuid) -> Self {
        Self(format!("{FREEZE}{id}"))
    }

    fn is_freeze(&self) -> bool {
        self.0.starts_with(FREEZE)
    }
}

/// No caller's name begins with this prefix.
const FREEZE: &str = "freeze:";

/// A second person's approval of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who approved it.
    pub by: Actor,
    /// The reason given, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The step at which the run waited for a person when the act was proposed, with its execution. If the run is at
    /// another step now, nothing happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

impl Approval {
    /// A freeze that stops runs in progress, or its end, which lets go on only what the freeze held back.
    #[must_use]
    pub fn of_freeze(id: uuid::Uuid) -> Self {
        Self { by: Actor::freeze(id), reason: None, step: None }
    }

    /// Returns why this approval does not count, if it does not.
    pub(crate) fn flaw(&self, act: &Act, proposer: &Actor) -> Option<&'static str> {
        match act {
            Act::Suspend | Act::Resume if self.by.is_freeze() => None,
            _ if self.by == *proposer => Some("the user who proposes it cannot approve it"),
            _ if !self.by.is_user() => Some("only a user can approve it"),
            _ => None,
        }
    }
}

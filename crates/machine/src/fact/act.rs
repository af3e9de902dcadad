//! What people and programs do to a run, who they are, and the second person that some acts need.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stored;
use stepwell_language::dsl::{ActRule, Definition};

/// What an operator can do to a run (CONTRACT.md, `POST /api/v1/runs/{id}/{act}`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// From the failed step.
    Retry {
        /// Replaces what the step is given.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        input: Option<Value>,
        /// The step that is meant, by its reference, with `#` and its execution where it has several: where the run stands at
        /// another one, nothing happens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
    },
    /// From the failed step, with its input changed. The record has the input that came out ([`Self::Retry`]).
    Edit {
        /// A jq expression; its input is what the step is given.
        edit: String,
        /// As of [`Self::Retry`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
    },
    /// Pass over the failed step.
    Skip {
        /// Stands in for its output.
        #[serde(default)]
        output: Value,
        /// As of [`Self::Retry`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// Whether a step that a person is to decide may be skipped.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        confirm: bool,
    },
    /// End the run once no call is in progress.
    Cancel {
        /// Whether to undo what was done first.
        compensate: CancelMode,
    },
    /// Undo what was done.
    Compensate,
    /// Begin no new step.
    Suspend,
    /// Go on after `Suspend`.
    Resume,
    /// Attention is no longer needed; a faulted run stays faulted.
    Dismiss,
    /// Go on under another version of the workflow.
    Move {
        /// Which.
        to: String,
    },
    /// From an earlier step of the workflow's own list. A node carries it out with the journal at hand ([`crate::decide_rewind`]).
    Rewind {
        /// Reference of the step.
        from: String,
    },
    /// Do the work of a run that has ended again, as a new run. No run carries that out: the new one is started instead.
    Restart {
        /// Which version runs it; none: the one that new runs have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// Whether what was done and not undone may be done again.
        #[serde(default)]
        again: bool,
    },
    /// Nothing more is to be done about an ended run. It changes nothing of the run: the record of acts has who said so and why.
    Acknowledge,
}

impl Act {
    /// Whether it gives a step another value than its own: a retry with an input or an edit, a skip with an output.
    #[must_use]
    pub fn edits(&self) -> bool {
        match self {
            Self::Retry { input, .. } => input.is_some(),
            Self::Edit { .. } => true,
            Self::Skip { output, .. } => !output.is_null(),
            _ => false,
        }
    }

    /// The rule of a definition that reserves it for two people, if one does.
    #[must_use]
    pub fn reserved_by(&self, definition: &Definition) -> Option<ActRule> {
        let own = self.kind().about().rule;
        let reserved = &definition.metadata.two_people;
        let edit = Some(ActRule::Edit).filter(|_| self.edits());
        own.into_iter().chain(edit).find(|rule| reserved.contains(rule))
    }

    /// The step that it names, where it can name one.
    pub(crate) fn step(&self) -> Option<&str> {
        match self {
            Self::Retry { step, .. } | Self::Edit { step, .. } | Self::Skip { step, .. } => step.as_deref(),
            _ => None,
        }
    }
}

/// `cancel`'s `compensate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelMode {
    /// Leave what was done.
    Abandon,
    /// Undo it, then end as cancelled.
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

    /// Whether it is a person with a row in `users`, signed in or by a token of theirs. A token of a program, or anyone who can
    /// open the database, proves nobody's name.
    #[must_use]
    pub fn is_user(&self) -> bool {
        self.0.starts_with("user:")
    }

    /// The end of a freeze, as what lets the runs go on that it held back.
    #[must_use]
    pub fn freeze(id: uuid::Uuid) -> Self {
        Self(format!("{FREEZE}{id}"))
    }

    fn is_freeze(&self) -> bool {
        self.0.starts_with(FREEZE)
    }
}

/// No name of a caller begins with it.
const FREEZE: &str = "freeze:";

/// The second person's part in an act that one person may not do alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who approved it.
    pub by: Actor,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The step where the run stood still for a person when the act was proposed, with its execution: where it stands elsewhere
    /// now, nothing happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

impl Approval {
    /// A freeze that stops runs in progress, or its end, which lets go on only what the freeze held back.
    #[must_use]
    pub fn of_freeze(id: uuid::Uuid) -> Self {
        Self { by: Actor::freeze(id), reason: None, step: None }
    }

    /// Why it does not make an act one of two people, if it does not.
    pub(crate) fn flaw(&self, act: &Act, proposer: &Actor) -> Option<&'static str> {
        match act {
            Act::Suspend | Act::Resume if self.by.is_freeze() => None,
            _ if self.by == *proposer => Some("the user who proposes it cannot approve it"),
            _ if !self.by.is_user() => Some("only a user can approve it"),
            _ => None,
        }
    }
}

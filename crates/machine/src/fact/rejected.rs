//! Reasons why a fact is rejected.

use serde::{Deserialize, Serialize};

use crate::ExecutionId;

/// Why a fact does not match the run's state. The run is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The attempt no longer counts.
    #[error("the answer of attempt {attempt} of execution {execution} arrived too late")]
    Stale {
        /// Execution of the call.
        execution: ExecutionId,
        /// Number of the attempt.
        attempt: u32,
    },
    /// Nothing in the run waits for this event or child run any more.
    #[error("the run is not waiting for this {0}")]
    NotAwaited(&'static str),
    /// The run is closed.
    #[error("the run is {0} and accepts nothing more")]
    Closed(crate::Status),
    /// The act does not match the run's state.
    #[error("cannot {act} a run that is {status}: {why}")]
    Forbidden {
        /// Name of the act.
        act: &'static str,
        /// Status of the run.
        status: crate::Status,
        /// What is required.
        why: &'static str,
    },
    /// The act is meant for a step other than the one that the run is at.
    #[error("cannot {act} {meant}: the run is at {}", if at.is_empty() { "no step" } else { at })]
    StandsElsewhere {
        /// Name of the act.
        act: &'static str,
        /// The step that the act is meant for.
        meant: String,
        /// The step that the run is at; empty if none is open.
        at: String,
    },
    /// The definition reserves the act for two people.
    #[error("cannot {act} this run alone: its workflow says `acts: {{ {rule}: two }}`, and {why}")]
    NeedsSecond {
        /// Name of the act.
        act: &'static str,
        /// The rule that reserves it.
        rule: &'static str,
        /// What is missing.
        why: &'static str,
    },
    /// The edit does not yield an input.
    #[error("cannot change the input of the step: {why}")]
    EditFailed {
        /// Why it does not.
        why: String,
    },
    /// The run cannot continue from an earlier step.
    #[error("cannot retry from {from}: {why}")]
    CannotGoBack {
        /// Reference of the step.
        from: String,
        /// Why it cannot.
        why: String,
    },
    /// The run cannot move, because it does not match the new version.
    #[error("{0}")]
    DoesNotFit(Box<crate::Misfit>),
    /// The run has already started.
    #[error("the run has started already")]
    AlreadyStarted,
    /// The workflow's schema rejects the input.
    #[error("the workflow's input schema refuses the input")]
    InputRefused(Vec<SchemaViolation>),
    /// The business key cannot be computed.
    #[error("{0}")]
    KeyRefused(String),
}

/// A place where a value violates a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaViolation {
    /// JSON pointer into the value.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

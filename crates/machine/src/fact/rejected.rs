//! Why a fact changes nothing.

use serde::{Deserialize, Serialize};

use crate::ExecutionId;

/// Why a fact does not match the run's state. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The answer of an attempt that no longer counts.
    #[error("the answer of attempt {attempt} of execution {execution} arrived too late")]
    Stale {
        /// Whose call.
        execution: ExecutionId,
        /// Which attempt.
        attempt: u32,
    },
    /// An event, or the end of a child, that nothing in the run waits for any more.
    #[error("the run is not waiting for this {0}")]
    NotAwaited(&'static str),
    /// The run has ended.
    #[error("the run is {0} and accepts nothing more")]
    Closed(crate::Status),
    /// The act does not match the state.
    #[error("cannot {act} a run that is {status}: {why}")]
    Forbidden {
        /// The act's name.
        act: &'static str,
        /// The run's status.
        status: crate::Status,
        /// What would have to be so.
        why: &'static str,
    },
    /// The act names a step, and the run stands at another one.
    #[error("cannot {act} {meant}: the run is at {}", if at.is_empty() { "no step" } else { at })]
    StandsElsewhere {
        /// The act's name.
        act: &'static str,
        /// The step that was meant.
        meant: String,
        /// Where the run stands; empty if no step is open.
        at: String,
    },
    /// The run's definition reserves the act for two people.
    #[error("cannot {act} this run alone: its workflow says `acts: {{ {rule}: two }}`, and {why}")]
    NeedsSecond {
        /// The act's name.
        act: &'static str,
        /// The rule that reserves it.
        rule: &'static str,
        /// What is missing.
        why: &'static str,
    },
    /// An edit gives no input.
    #[error("cannot change the input of the step: {why}")]
    EditFailed {
        /// Why.
        why: String,
    },
    /// The run cannot continue from an earlier step.
    #[error("cannot retry from {from}: {why}")]
    CannotGoBack {
        /// The step.
        from: String,
        /// Why.
        why: String,
    },
    /// The run cannot move: it does not fit its new version.
    #[error("{0}")]
    DoesNotFit(Box<crate::Misfit>),
    /// The run has started already.
    #[error("the run has started already")]
    AlreadyStarted,
    /// Input that the workflow's schema refuses.
    #[error("the workflow's input schema refuses the input")]
    InputRefused(Vec<SchemaViolation>),
    /// The key cannot be computed.
    #[error("{0}")]
    KeyRefused(String),
}

/// One place where a value breaks a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaViolation {
    /// JSON pointer into the value.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

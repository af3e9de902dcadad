//! How an attempt of a call ended.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{WorkflowError, stored};

/// How one attempt of a call ended.
#[derive(Debug, Clone)]
pub enum CallOutcome {
    /// A success according to the call's `redirect` rule and the connection's rules.
    Succeeded {
        /// The task's raw output, in the shape that the request's `output` asked for.
        output: Arc<Value>,
        /// The response for the journal.
        response: ResponseSummary,
    },
    /// A failure.
    Failed(CallFailure),
}

/// The response for the journal and the dashboard, with secrets masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResponseSummary {
    /// The URL that was called.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Selected headers, masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body, if it is not the output itself.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub body: Option<Value>,
    /// How the body was decoded, if it differs from what was sent: its encoding, and what was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Milliseconds from sending to the last byte.
    pub duration_ms: u64,
}

/// Why an attempt failed, and the connection's retry policy.
#[derive(Debug, Clone)]
pub struct CallFailure {
    /// The error as the workflow sees it.
    pub error: WorkflowError,
    /// Class of the fault.
    pub class: FaultClass,
    /// Whether the target may have acted.
    pub effect: TargetEffect,
    /// How long the target may still act, if the effect is unknown.
    pub settles_after: Duration,
    /// The response, if there was one.
    pub response: Option<ResponseSummary>,
    /// The connection's retry policy.
    pub retry: CallRetry,
    /// Value of `Retry-After`, or the time until the throttle ends.
    pub retry_after: Option<Duration>,
}

/// The class of a fault, from the connection's ordered rules over status and body (DESIGN.md, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// Likely temporary: retried by the connection's policy.
    Transient,
    /// Refused until a later time: waits without using up retries.
    Throttled,
    /// The credentials were refused, even after renewing them once.
    Credentials,
    /// The record already exists.
    Duplicate,
    /// Trying again would fail again.
    Permanent,
    /// Only a person can decide.
    Person,
}

impl FaultClass {
    /// Name in journals and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Throttled => "throttled",
            Self::Credentials => "credentials",
            Self::Duplicate => "duplicate",
            Self::Permanent => "permanent",
            Self::Person => "person",
        }
    }
}

/// Whether the target may have acted on a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetEffect {
    /// Nothing was sent, or the target refused it.
    None,
    /// The target acted, but its answer is unusable.
    Acted,
    /// The target may have acted: timeout, reset, partial answer, 5xx.
    Unknown,
}

/// A connection's own retries, with full jitter, before a fault reaches the workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRetry {
    /// Maximum number of attempts, including the first.
    pub attempts_max: u32,
    /// First delay.
    pub delay: Duration,
    /// The longest delay.
    pub delay_max: Duration,
    /// Factor by which the delay grows.
    pub multiplier: f64,
    /// Time since the first failure after which no attempt begins.
    pub duration_max: Duration,
}

impl Default for CallRetry {
    fn default() -> Self {
        Self {
            attempts_max: 8,
            delay: Duration::from_millis(500),
            delay_max: Duration::from_mins(1),
            multiplier: 2.0,
            duration_max: Duration::from_hours(1),
        }
    }
}

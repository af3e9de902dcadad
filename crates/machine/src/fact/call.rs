//! How an attempt of a call ended.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{WorkflowError, stored};

/// How one attempt of a call ended.
#[derive(Debug, Clone)]
pub enum CallOutcome {
    /// A success in the sense of the call's `redirect` rule and the connection's rules.
    Succeeded {
        /// The task's raw output, in the shape that the request's `output` asked for.
        output: Arc<Value>,
        /// For the journal.
        response: ResponseSummary,
    },
    /// Anything else.
    Failed(CallFailure),
}

/// What came back, for journal and dashboard. Secrets are masked already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResponseSummary {
    /// The URL that was really called.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Selected, masked headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body where it is not the output itself.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub body: Option<Value>,
    /// How the body was read, where it is not what was sent: its encoding, and what was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// From send to last byte.
    pub duration_ms: u64,
}

/// Why an attempt failed, and what the connection says about trying again.
#[derive(Debug, Clone)]
pub struct CallFailure {
    /// As the workflow would see it.
    pub error: WorkflowError,
    /// What kind of fault it is.
    pub class: FaultClass,
    /// Whether the target may have acted.
    pub effect: TargetEffect,
    /// How long from now the target may still act, where that is unknown.
    pub settles_after: Duration,
    /// What came back, if anything did.
    pub response: Option<ResponseSummary>,
    /// The connection's policy.
    pub retry: CallRetry,
    /// `Retry-After`, or when the throttle ends.
    pub retry_after: Option<Duration>,
}

/// The class of a fault, from the connection's ordered rules over status and body (DESIGN.md, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// Likely to pass: retried by the connection's policy.
    Transient,
    /// Refused until a later time: waits for it without using up retries.
    Throttled,
    /// The credentials were refused, after one renewal.
    Credentials,
    /// The record is there already.
    Duplicate,
    /// Trying again changes nothing.
    Permanent,
    /// Only a person can decide.
    Person,
}

impl FaultClass {
    /// As it is written in journals and metrics.
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
    /// It did; only its answer is of no use.
    Acted,
    /// It may have: timeout, reset, partial answer, 5xx.
    Unknown,
}

/// A connection's own retries, before a fault reaches the workflow. Full jitter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRetry {
    /// Attempts in all, the first included.
    pub attempts_max: u32,
    /// First delay.
    pub delay: Duration,
    /// The longest delay.
    pub delay_max: Duration,
    /// Growth.
    pub multiplier: f64,
    /// From the first failure; none after it.
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

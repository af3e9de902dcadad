//! The status of a connection, and what the end of a call says about it.

use super::TokenId;
use super::breaker::{Health, Phase};
use super::request::prepared::Prepared;
use crate::machine::{CallOutcome, FaultClass, TargetEffect};

/// Status of a connection on this node.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// Name in `hub.yaml`.
    pub name: String,
    /// Name of the system for people, if `hub.yaml` has one.
    pub title: Option<String>,
    /// Base URL in this environment.
    pub base_url: Option<String>,
    /// `closed`, `open` or `half-open`; `None` without a breaker.
    pub breaker: Option<&'static str>,
    /// Calls in flight, if shared limits apply.
    pub under_way: Option<u32>,
    /// Calls waiting for shared limits.
    pub waiting: Option<usize>,
    /// Whether the provider accepts the stored refresh token; `None` without one.
    pub authorized: Option<bool>,
    /// Row of its tokens, if it authenticates with a refresh token.
    #[serde(skip)]
    pub tokens: Option<TokenId>,
}

impl Standing {
    pub(super) fn of(connection: &Prepared, authorized: Option<bool>, tokens: Option<TokenId>) -> Self {
        let load = connection.gate.as_ref().map(|gate| gate.load());
        Self {
            name: connection.name.clone(),
            title: connection.title.clone(),
            base_url: connection.base.as_ref().map(ToString::to_string),
            breaker: connection.phase().map(Phase::as_str),
            under_way: load.map(|(under_way, _)| under_way),
            waiting: load.map(|(_, waiting)| waiting),
            authorized,
            tokens,
        }
    }
}

/// What the end of a call says about the health of its target.
pub(super) fn health(outcome: &CallOutcome) -> Health {
    let CallOutcome::Failed(failure) = outcome else { return Health::Up };
    match (&failure.response, failure.class) {
        (_, FaultClass::Throttled) | (None, FaultClass::Permanent | FaultClass::Person | FaultClass::Credentials) => {
            Health::Unknown
        }
        (None, _) => Health::Down,
        (Some(response), FaultClass::Transient) if response.status >= 500 => Health::Down,
        (Some(_), _) => Health::Up,
    }
}

/// Whether the target rejected the credentials and certainly did nothing else.
pub(super) fn is_refused(outcome: &CallOutcome) -> bool {
    let CallOutcome::Failed(failure) = outcome else { return false };
    let says_so = failure.class == FaultClass::Credentials
        || failure.response.as_ref().is_some_and(|response| response.status == 401);
    says_so && failure.effect == TargetEffect::None
}

/// Metric label for how an attempt ended.
pub(super) fn class_of(outcome: &CallOutcome) -> &'static str {
    match outcome {
        CallOutcome::Succeeded { .. } => "succeeded",
        CallOutcome::Failed(failure) => failure.class.as_str(),
    }
}

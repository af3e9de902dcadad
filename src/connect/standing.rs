//! How a connection stands, and what the end of a call says about that.

use super::TokenId;
use super::breaker::{Health, Phase};
use super::request::prepared::Prepared;
use crate::machine::{CallOutcome, FaultClass, TargetEffect};

/// How a connection stands on this node.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// As in `hub.yaml`.
    pub name: String,
    /// What people call the system, if `hub.yaml` says so.
    pub title: Option<String>,
    /// Where it leads.
    pub base_url: Option<String>,
    /// `closed`, `open`, `half-open`; none without a breaker.
    pub breaker: Option<&'static str>,
    /// Calls under way, where they count against shared limits.
    pub under_way: Option<u32>,
    /// Calls that wait for shared limits.
    pub waiting: Option<usize>,
    /// Whether the provider accepts the stored refresh token; none without one.
    pub authorized: Option<bool>,
    /// The row with its tokens, where it signs in with a refresh token.
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

/// What the end of a call says about its target.
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

/// Whether the target refused the credentials, and certainly did nothing else.
pub(super) fn is_refused(outcome: &CallOutcome) -> bool {
    let CallOutcome::Failed(failure) = outcome else { return false };
    let says_so = failure.class == FaultClass::Credentials
        || failure.response.as_ref().is_some_and(|response| response.status == 401);
    says_so && failure.effect == TargetEffect::None
}

/// How an attempt ended, as a label of metrics.
pub(super) fn class_of(outcome: &CallOutcome) -> &'static str {
    match outcome {
        CallOutcome::Succeeded { .. } => "succeeded",
        CallOutcome::Failed(failure) => failure.class.as_str(),
    }
}

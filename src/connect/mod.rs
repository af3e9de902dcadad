//! Calls to other systems: connection settings, authentication, deadlines, limits, and what a failure means.

use crate::dsl::Authentication;
use crate::machine::{CallOutcome, CallRequest};

/// All connections of a node, with their pools.
#[derive(Debug, Default)]
pub struct Connections {}

impl Connections {
    /// Sends one attempt and says how it ended. Never fails: every failure is an outcome.
    ///
    /// Dropping the future aborts the call.
    pub async fn call(&self, _request: &CallRequest, _authentication: Option<&Authentication>) -> CallOutcome {
        std::future::pending().await
    }
}

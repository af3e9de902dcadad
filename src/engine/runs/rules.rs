//! Rules on causes: runs that stopped because a system did not answer are retried by themselves when it answers again.
//!
//! A connection has healed once a call of it has succeeded after the last run of the cause stopped. Each node knows its own calls; whichever
//! sees it first takes the rule by compare-and-set and begins a bulk act in the name of whoever set it. So each healing is acted on
//! once, at the rate of the rule, and what comes of it has a page like every bulk act.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::bulk::{BulkAsked, Rate};
use super::handling::HandleError;
use crate::engine::{Engine, Inner};
use crate::machine::{Act, Actor, WorkflowError};
use crate::store::StoreError;
use crate::store::access::Identity;
use crate::store::acts::By;
use crate::store::runs::bulk::Whose;
use crate::store::runs::listing::{self, RunFilter};
use crate::store::runs::rules::{self, DueRule, NewRule};

/// Causes that are looked through for one.
const CAUSES_MAX: i64 = 500;

/// Whether an error says that a system did not answer, or not for now: what it answers otherwise, it answers to a retry too.
fn is_outage(error: &WorkflowError) -> bool {
    let is_communication = error.r#type.ends_with("/communication") || error.r#type.ends_with("/timeout");
    is_communication && (!(400..500).contains(&error.status) || matches!(error.status, 408 | 425 | 429))
}

impl Inner {
    /// Retries what stopped for causes with a rule whose connection has answered since.
    pub(in crate::engine) async fn retry_healed(self: &Arc<Self>) -> Result<(), StoreError> {
        for rule in rules::due(&self.pool).await? {
            let answered = self.connections.answered_ago(&rule.connection);
            let answered_at =
                answered.and_then(|ago| chrono::Duration::from_std(ago).ok()).map(|ago| self.clock.now() - ago);
            if answered_at.is_some_and(|at| at > rule.last_at) {
                self.retry_by(&rule).await?;
            }
        }
        Ok(())
    }

    async fn retry_by(self: &Arc<Self>, rule: &DueRule) -> Result<(), StoreError> {
        let id = Uuid::now_v7();
        if !rules::take(&self.pool, rule, id).await? {
            return Ok(());
        }
        let asked = BulkAsked {
            id,
            act: Act::Retry { input: None, step: None },
            filter: RunFilter { fingerprint: Some(rule.fingerprint.clone()), ..RunFilter::default() },
            written: json!({ "fingerprint": rule.fingerprint }),
            reason: Some(format!("{} answers again, and {} set a rule: {}", rule.connection, rule.actor, rule.reason)),
            trial: None,
            rate: rule.rate.and_then(Rate::of),
        };
        let whose = Whose { user: rule.user_id, token: rule.token_id };
        self.begin_bulk(&asked, &Actor(rule.actor.clone()), whose).await?;
        tracing::info!(connection = rule.connection, fingerprint = rule.fingerprint, bulk = %id, by = rule.actor, "a rule retries runs");
        Ok(())
    }
}

impl Engine {
    /// Sets the rule that the runs of a cause are retried when a connection answers again. It acts in the name of whoever sets it.
    ///
    /// # Errors
    /// See [`HandleError`].
    pub async fn set_rule(
        &self,
        fingerprint: &str,
        connection: &str,
        rate: Option<Rate>,
        by: &Identity,
        reason: Option<&str>,
    ) -> Result<(), HandleError> {
        let inner = &self.inner;
        let reason = reason.map(|reason| inner.redactor().text(reason.to_owned()));
        if reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(HandleError::Rule("give a reason: each retry says it".to_owned()));
        }
        let groups = listing::causes(&inner.reader, CAUSES_MAX).await?;
        let group = groups.into_iter().find(|group| group.fingerprint == fingerprint);
        let group = group.ok_or_else(|| HandleError::NoCause(fingerprint.to_owned()))?;
        if !group.error.as_ref().is_some_and(is_outage) {
            let why = "its runs did not stop because a system failed to answer, so an answer does not help them";
            return Err(HandleError::Rule(why.to_owned()));
        }
        let is_outside = inner.settings.runs_max == 0;
        if !is_outside && !inner.connections.standings().iter().any(|standing| standing.name == connection) {
            return Err(HandleError::Rule(format!("there is no connection {connection:?} in hub.yaml")));
        }
        let new = NewRule { fingerprint, connection, rate: rate.map(Rate::per_second), whose: by.principal.into() };
        Ok(rules::set(&inner.crowd, &new, By { actor: &by.actor(), reason: reason.as_deref() }).await?)
    }

    /// Ends the rule on a cause. Idempotent.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_rule(&self, fingerprint: &str, by: By<'_>) -> Result<(), HandleError> {
        let reason = by.reason.map(|reason| self.inner.redactor().text(reason.to_owned()));
        rules::end(&self.inner.crowd, fingerprint, By { actor: by.actor, reason: reason.as_deref() }).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::ErrorKind;

    #[test]
    fn only_what_an_answer_can_heal_is_waited_for() {
        let of = |kind, status| WorkflowError::standard(kind, "x", "y").with_status(status);
        for status in [500, 502, 503, 504, 429, 408] {
            assert!(is_outage(&of(ErrorKind::Communication, status)), "{status}");
        }
        for status in [400, 401, 404, 409, 422] {
            assert!(!is_outage(&of(ErrorKind::Communication, status)), "{status}");
        }
        assert!(!is_outage(&of(ErrorKind::Validation, 500)));
    }
}

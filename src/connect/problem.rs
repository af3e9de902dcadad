//! Why an attempt got no answer to judge, before the connection's policy turns it into a [`CallFailure`].

use std::time::Duration;

use super::request::prepared::Prepared;
use super::secret::MissingSecret;
use crate::machine::{CallFailure, ErrorKind, FaultClass, TargetEffect, WorkflowError};

/// A failure without an answer.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    error: WorkflowError,
    class: FaultClass,
    effect: TargetEffect,
    retry_after: Option<Duration>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.error.detail.as_deref().unwrap_or_default())
    }
}

impl Problem {
    /// The definition, the settings or the data make the call impossible. Nothing was sent.
    pub(super) fn configuration(title: &str, detail: impl Into<String>) -> Box<Self> {
        let error = WorkflowError::standard(ErrorKind::Configuration, title, detail);
        Box::new(Self { error, class: FaultClass::Permanent, effect: TargetEffect::None, retry_after: None })
    }

    /// The data does not match what the target requires. Nothing was sent.
    pub(super) fn validation(title: &str, detail: impl Into<String>) -> Box<Self> {
        let error = WorkflowError::standard(ErrorKind::Validation, title, detail);
        Box::new(Self { error, class: FaultClass::Permanent, effect: TargetEffect::None, retry_after: None })
    }

    /// The network or the target interrupted the call. Usually temporary.
    pub(super) fn communication(title: &str, detail: impl Into<String>, effect: TargetEffect) -> Box<Self> {
        let error = WorkflowError::standard(ErrorKind::Communication, title, detail);
        Box::new(Self { error, class: FaultClass::Transient, effect, retry_after: None })
    }

    /// The call needs a secret that is missing (dsl.md, "Secrets"). Nothing was sent.
    pub(super) fn secret(missing: &MissingSecret) -> Box<Self> {
        let error = WorkflowError::standard(ErrorKind::Authorization, "Missing secret", missing.to_string());
        Box::new(Self { error, class: FaultClass::Permanent, effect: TargetEffect::None, retry_after: None })
    }

    /// `hub.yaml` does not allow the definition to use a secret, or not at this target. Nothing was sent; a person has
    /// to change something.
    pub(super) fn not_released(detail: &str) -> Box<Self> {
        let error = WorkflowError::standard(ErrorKind::Authorization, "Secret not released", detail);
        Box::new(Self { error, class: FaultClass::Person, effect: TargetEffect::None, retry_after: None })
    }

    /// A program failed.
    pub(super) fn of_program(error: WorkflowError, effect: TargetEffect) -> Box<Self> {
        Box::new(Self { error, class: FaultClass::Permanent, effect, retry_after: None })
    }

    /// No credentials are available. Nothing was sent.
    pub(super) fn authentication(title: &str, detail: impl Into<String>) -> Box<Self> {
        let error = WorkflowError::standard(ErrorKind::Authentication, title, detail);
        Box::new(Self { error, class: FaultClass::Permanent, effect: TargetEffect::None, retry_after: None })
    }

    /// The call has to wait. Nothing was sent, and no retry is used up.
    pub(super) fn not_now(title: &str, detail: impl Into<String>, retry_after: Duration) -> Box<Self> {
        let error = WorkflowError::standard(ErrorKind::Communication, title, detail).with_status(503);
        let retry_after = Some(retry_after);
        Box::new(Self { error, class: FaultClass::Throttled, effect: TargetEffect::None, retry_after })
    }

    /// Requires a person's attention.
    pub(super) fn for_a_person(mut self: Box<Self>) -> Box<Self> {
        self.class = FaultClass::Person;
        self
    }

    /// Whether the target may have acted.
    pub(super) fn effect(&self) -> TargetEffect {
        self.effect
    }

    /// States that the call itself was not sent.
    pub(super) fn without_effect(mut self: Box<Self>) -> Box<Self> {
        self.effect = TargetEffect::None;
        self
    }

    /// States that a retry cannot help.
    pub(super) fn permanent(mut self: Box<Self>) -> Box<Self> {
        self.class = FaultClass::Permanent;
        self
    }

    /// Adds the doubt that an earlier request of the same call may have had an effect.
    pub(super) fn with_doubt(mut self: Box<Self>, doubt: TargetEffect) -> Box<Self> {
        if doubt == TargetEffect::Unknown {
            self.effect = doubt;
        }
        self
    }

    pub(super) fn into_failure(self, connection: &Prepared) -> CallFailure {
        CallFailure {
            error: self.error,
            class: self.class,
            effect: self.effect,
            response: None,
            settles_after: connection.settle,
            retry: connection.retry.clone(),
            retry_after: self.retry_after,
        }
    }
}

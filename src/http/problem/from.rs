//! Converts errors of the engine and the store to [`ApiError`].

use super::{ApiError, InputError};
use crate::engine::{AcceptError, ActError, DeployError, MoveError, StartError};
use crate::store::StoreError;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for ApiError {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Unavailable(e) => {
                tracing::warn!(error = %e, "the database did not answer");
                Self::unavailable("the database is not available")
            }
            StoreError::Refused(_)
            | StoreError::Unreadable { .. }
            | StoreError::Migration(_)
            | StoreError::OtherEnvironment { .. } => {
                tracing::error!(%error, "a statement failed");
                Self::Internal
            }
        }
    }
}

impl From<AcceptError> for ApiError {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Conflict { .. } => Self::Conflict(error.to_string()),
            AcceptError::Refused(_) => {
                Self::Unprocessable(error.to_string(), vec![InputError::new("", error.to_string())])
            }
            AcceptError::Unavailable(why) => Self::unavailable(why),
        }
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        let detail = error.to_string();
        match error {
            StartError::Unknown(_) => Self::NotFound(detail),
            StartError::Refused(violations) => {
                Self::Unprocessable(detail, violations.into_iter().map(InputError::from).collect())
            }
            StartError::Conflict { .. } => Self::Conflict(detail),
            StartError::Unavailable(_) => Self::unavailable(detail),
        }
    }
}

impl From<ActError> for ApiError {
    fn from(error: ActError) -> Self {
        let detail = error.to_string();
        match error {
            ActError::Unknown(_) => Self::NotFound(detail),
            ActError::Refused(_) | ActError::Proposed(_) => Self::Conflict(detail),
            // The command is stored, so a repeat is safe; a node will have executed it by then.
            ActError::Pending(_) | ActError::Unavailable(_) => Self::unavailable(detail),
        }
    }
}

impl From<MoveError> for ApiError {
    fn from(error: MoveError) -> Self {
        let detail = error.to_string();
        match error {
            MoveError::Unknown(_) | MoveError::NoVersion(_) => Self::NotFound(detail),
            MoveError::DoesNotFit(misfit) => Self::DoesNotFit(misfit),
            MoveError::Refused(_) => Self::Conflict(detail),
            MoveError::Store(error) => error.into(),
        }
    }
}

impl From<DeployError> for ApiError {
    fn from(error: DeployError) -> Self {
        let detail = error.to_string();
        match error {
            DeployError::Invalid(mistakes) => {
                Self::Unprocessable(detail, mistakes.into_iter().map(InputError::from).collect())
            }
            DeployError::VersionTaken(_) | DeployError::TooEarly(_) => Self::Conflict(detail),
            DeployError::Unavailable(_) => Self::unavailable(detail),
        }
    }
}

impl From<crate::dsl::Mistake> for InputError {
    fn from(m: crate::dsl::Mistake) -> Self {
        Self { pointer: m.pointer, message: m.message, hint: m.hint, line: Some(m.line), column: Some(m.column) }
    }
}

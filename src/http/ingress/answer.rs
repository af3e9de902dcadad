//! Answers to senders of events: maps the engine's result to HTTP in one table.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::engine::{AcceptError, Accepted};
use crate::http::problem::{ApiError, InputError};
use crate::machine::RunId;

/// Answer for an accepted event.
struct Told {
    status: StatusCode,
    event: Uuid,
    runs: Vec<RunId>,
    resumed: Vec<RunId>,
}

/// Returns status, our id and runs of an accepted event, or the error of a refused one.
fn told(outcome: Result<Accepted, AcceptError>) -> Result<Told, ApiError> {
    let status = StatusCode::OK;
    match outcome? {
        Accepted::Started { event, runs, resumed } => Ok(Told { status: StatusCode::ACCEPTED, event, runs, resumed }),
        Accepted::Duplicate { event, runs, resumed } => Ok(Told { status, event, runs, resumed }),
        Accepted::Unmatched { event } => Ok(Told { status, event, runs: Vec::new(), resumed: Vec::new() }),
        Accepted::Refused { event, violations } => {
            Err(ApiError::EventRefused { event, errors: violations.into_iter().map(InputError::from).collect() })
        }
    }
}

/// The answer to a webhook or a single event.
///
/// # Errors
/// 409, 422, 503.
pub fn one(outcome: Result<Accepted, AcceptError>) -> Result<Response, ApiError> {
    let Told { status, event, runs, resumed } = told(outcome)?;
    Ok((status, Json(json!({ "event": event, "runs": runs, "resumed": resumed }))).into_response())
}

/// The answer to an event that the source's filter dropped.
#[must_use]
pub fn filtered() -> Response {
    (StatusCode::OK, Json(json!({ "event": null, "runs": [], "resumed": [], "filtered": 1 }))).into_response()
}

/// The entry of one event in the answer to a batch.
///
/// # Errors
/// Only 503, which makes the sender repeat the whole batch; events already stored will then be duplicates.
pub fn entry(sender_id: &str, outcome: Result<Accepted, AcceptError>) -> Result<Value, ApiError> {
    match told(outcome) {
        Ok(Told { status, event, runs, resumed }) => {
            let status = status.as_u16();
            Ok(json!({ "id": sender_id, "status": status, "event": event, "runs": runs, "resumed": resumed }))
        }
        Err(away @ ApiError::Unavailable(..)) => Err(away),
        Err(ApiError::EventRefused { event, errors }) => Ok(json!({
            "id": sender_id, "status": 422, "event": event, "runs": [], "resumed": [], "errors": errors,
        })),
        Err(other) => Ok(json!({
            "id": sender_id, "status": other.status().as_u16(), "event": null, "runs": [], "resumed": [],
            "detail": other.to_string(),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::SchemaViolation;

    fn status(outcome: Result<Accepted, AcceptError>) -> u16 {
        one(outcome).unwrap_or_else(IntoResponse::into_response).status().as_u16()
    }

    #[test]
    fn every_answer_of_the_contract_has_its_status() {
        let (event, runs) = (Uuid::now_v7(), vec![Uuid::now_v7()]);
        assert_eq!(status(Ok(Accepted::Started { event, runs: runs.clone(), resumed: Vec::new() })), 202);
        assert_eq!(status(Ok(Accepted::Duplicate { event, runs, resumed: Vec::new() })), 200);
        assert_eq!(status(Ok(Accepted::Unmatched { event })), 200);
        let violations = vec![SchemaViolation { pointer: "/0/Id".into(), message: "is missing".into() }];
        assert_eq!(status(Ok(Accepted::Refused { event, violations })), 422);
        let first = Uuid::now_v7();
        let conflict = AcceptError::Conflict { first, source_name: "s".into(), event_id: "1".into() };
        assert_eq!(status(Err(conflict)), 409);
        assert_eq!(status(Err(AcceptError::Unavailable("full".into()))), 503);
    }

    #[test]
    fn one_bad_event_does_not_hide_the_others_of_its_batch() {
        let conflict = AcceptError::Conflict { first: Uuid::nil(), source_name: "s".into(), event_id: "1".into() };
        assert_eq!(entry("1", Err(conflict)).unwrap()["status"], 409);
        assert!(entry("2", Err(AcceptError::Unavailable("full".into()))).is_err());
    }
}

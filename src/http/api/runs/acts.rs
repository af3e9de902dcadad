//! What operators do to a run. What they do to many at once is [`super::bulk`].

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::{no_run, open_proposals, run_id};
use crate::engine::ActError;
use crate::engine::runs::proposals::Proposal;
use crate::http::App;
use crate::http::access::session::{Caller, Operator};
use crate::http::problem::ApiError;
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::machine::view::RunView;
use crate::machine::{Act, CancelMode, RunId, Status};
use crate::redact::Known;
use crate::store::access::Scope;

/// Names of all acts.
pub const ACTS: [&str; 7] = ["retry", "skip", "cancel", "compensate", "suspend", "resume", "dismiss"];

/// Longest reason.
const REASON_BYTES_MAX: usize = 2_000;

/// `POST /api/v1/runs/{id}/{act}`
pub async fn act(
    State(app): State<App>,
    Operator(caller): Operator,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let id = run_id(&id)?;
    if !ACTS.contains(&name.as_str()) {
        return Err(ApiError::NotFound(format!("unknown act {name:?}; known are {}", acts_known())));
    }
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let mut members = Members::of_body(&received.bytes, members_of(&name))?;
    let reason = reason(&mut members)?;
    let act = read_act(&name, &mut members)?;
    let outcome = app.engine.act(id, act, caller.actor(), reason).await;
    acted(&app, id, outcome).await
}

/// The answer to an act: the run after it.
///
/// # Errors
/// It was refused.
pub(super) async fn acted(app: &App, id: RunId, outcome: Result<Status, ActError>) -> Result<Response, ApiError> {
    let (status, proposal) = match outcome {
        Ok(_) => (StatusCode::OK, None),
        // Recorded, so it will be done, though by a node that has not answered yet.
        Err(ActError::Pending(_)) => (StatusCode::ACCEPTED, None),
        Err(ActError::Proposed(proposal)) => (StatusCode::ACCEPTED, Some(proposal)),
        Err(error) => return Err(error.into()),
    };
    let run = app.engine.view(id).await?.ok_or_else(|| no_run(id))?;
    let proposals = open_proposals(app, id).await?;
    Ok((status, Json(ActedOn { run, proposals, proposal })).into_response())
}

/// A run after an act.
#[derive(Serialize)]
struct ActedOn {
    #[serde(flatten)]
    run: RunView,
    proposals: Vec<Proposal>,
    /// What the act became, if it needs a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<Box<Proposal>>,
}

/// What the body of an act may hold.
fn members_of(act: &str) -> &'static [&'static str] {
    match act {
        "retry" => &["reason", "input", "step"],
        "skip" => &["reason", "output", "step"],
        "cancel" => &["reason", "compensate"],
        _ => &["reason"],
    }
}

/// Why something is done, as a body says it.
///
/// # Errors
/// It is no text, or too long.
pub(in crate::http) fn reason(members: &mut Members) -> Result<Option<String>, ApiError> {
    let reason = members.text("reason")?.map(|text| clean_reason(&text)).filter(|text| !text.is_empty());
    match reason {
        Some(text) if text.len() > REASON_BYTES_MAX || text.contains('\0') => {
            Err(wrong("reason", format!("must be at most {REASON_BYTES_MAX} bytes, without a zero byte")))
        }
        reason => Ok(reason),
    }
}

/// A reason without the secrets that someone pasted into it.
pub(in crate::http) fn clean_reason(text: &str) -> String {
    Known::of_process().with(&[]).text(text.trim().to_owned())
}

impl App {
    /// The reason of an operator's act that takes nothing else; a body may be left out.
    ///
    /// # Errors
    /// As [`App::read_act`] and [`reason`].
    pub(in crate::http) async fn read_reason(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Option<String>, ApiError> {
        expect_json(headers)?;
        let received = self.read_act(caller, Scope::Operate, headers, body).await?;
        reason(&mut Members::of_body(&received.bytes, &["reason"])?)
    }
}

/// The names, as messages list them. A move has a route of its own.
pub(super) fn acts_known() -> String {
    [&ACTS[..], &["move"]].concat().join(", ")
}

/// An act by its name, with what it takes beside the reason.
///
/// # Errors
/// There is no such act, or a member is no such value.
pub fn read_act(name: &str, members: &mut Members) -> Result<Act, ApiError> {
    Ok(match name {
        "retry" => Act::Retry { input: members.value("input"), step: members.text("step")? },
        "skip" => Act::Skip { output: members.value("output").unwrap_or(Value::Null), step: members.text("step")? },
        // Leaving half of a saga in place is what must be asked for.
        "cancel" => Act::Cancel {
            compensate: match members.flag("compensate")? {
                Some(false) => CancelMode::Abandon,
                Some(true) | None => CancelMode::Compensate,
            },
        },
        "compensate" => Act::Compensate,
        "suspend" => Act::Suspend,
        "resume" => Act::Resume,
        "dismiss" => Act::Dismiss,
        "move" => Act::Move { to: members.text("to")?.ok_or_else(|| wrong("to", "must be a version"))? },
        other => return Err(wrong("act", format!("must be one of {}, not {other:?}", acts_known()))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, body: &str) -> Result<Act, ApiError> {
        read_act(name, &mut Members::of_body(body.as_bytes(), members_of(name))?)
    }

    #[test]
    fn acts_take_what_the_contract_names_and_nothing_else() {
        assert_eq!(read("retry", "").unwrap(), Act::Retry { input: None, step: None });
        assert_eq!(read("retry", r#"{"input": null}"#).unwrap(), Act::Retry { input: Some(Value::Null), step: None });
        assert_eq!(read("skip", r#"{"output": 1}"#).unwrap(), Act::Skip { output: 1.into(), step: None });
        assert_eq!(read("cancel", "").unwrap(), Act::Cancel { compensate: CancelMode::Compensate });
        let abandon = Act::Cancel { compensate: CancelMode::Abandon };
        assert_eq!(read("cancel", r#"{"compensate": false}"#).unwrap(), abandon);
        for (act, body) in
            [("retry", r#"{"output": 1}"#), ("dismiss", r#"{"input": 1}"#), ("cancel", r#"{"compensate": 1}"#)]
        {
            assert!(matches!(read(act, body), Err(ApiError::Unprocessable(..))), "{act} {body}");
        }
    }
}

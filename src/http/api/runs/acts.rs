//! What operators do to a run. What they do to many at once is [`super::bulk`].

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::{no_run, open_proposals, run_id};
use crate::engine::runs::proposals::Proposal;
use crate::engine::{ActError, Acted};
use crate::expr::Expression;
use crate::http::App;
use crate::http::access::session::{Caller, Operator};
use crate::http::problem::ApiError;
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::machine::acts::Field;
use crate::machine::rewind::Choice;
use crate::machine::view::RunView;
use crate::machine::{Act, ActKind, CancelMode, RunId};
use crate::redact::Known;
use crate::store::access::Scope;
use crate::store::runs::restarts::{self, Links};

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
    let kind: ActKind = name.parse().map_err(ApiError::NotFound)?;
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let mut members = Members::of_body(&received.bytes, &members_of(kind))?;
    let reason = reason(&mut members)?;
    let act = read_act(kind, &mut members)?;
    let dry_run = members.flag("dry_run")?.unwrap_or(false);
    if let (Act::Rewind { from }, true) = (&act, dry_run) {
        let choice = app.engine.preview_rewind(id, from).await?;
        return Ok(Json(DryRun { dry_run, choice }).into_response());
    }
    if dry_run {
        return Err(wrong("dry_run", "is only for a retry from an earlier step (from)"));
    }
    let outcome = app.engine.act(id, act, caller.actor(), reason).await;
    acted(&app, id, outcome).await
}

/// What a retry from an earlier step would do.
#[derive(Serialize)]
struct DryRun {
    dry_run: bool,
    #[serde(flatten)]
    choice: Choice,
}

/// The answer to an act: the run after it, or the new run that does its work again.
///
/// # Errors
/// It was refused.
pub(super) async fn acted(app: &App, id: RunId, outcome: Result<Acted, ActError>) -> Result<Response, ApiError> {
    let restarted = outcome.as_ref().ok().and_then(|acted| acted.restarted);
    let (status, proposal) = match outcome {
        Ok(_) if restarted.is_some_and(|restarted| restarted.is_new) => (StatusCode::CREATED, None),
        Ok(_) => (StatusCode::OK, None),
        // Recorded, so it will be done, though by a node that has not answered yet.
        Err(ActError::Pending(_)) => (StatusCode::ACCEPTED, None),
        Err(ActError::Proposed(proposal)) => (StatusCode::ACCEPTED, Some(proposal)),
        Err(error) => return Err(error.into()),
    };
    let id = restarted.map_or(id, |restarted| restarted.run);
    let run = app.engine.view(id).await?.ok_or_else(|| no_run(id))?;
    let links = restarts::links(app.engine.reader(), id).await?;
    let proposals = open_proposals(app, id).await?;
    let is_new = restarted.map(|restarted| restarted.is_new);
    Ok((status, Json(ActedOn { run, links, is_new, proposals, proposal })).into_response())
}

/// A run after an act.
#[derive(Serialize)]
struct ActedOn {
    #[serde(flatten)]
    run: RunView,
    #[serde(flatten)]
    links: Links,
    /// Of a restart: whether it started this run, and not an earlier call.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_new: Option<bool>,
    proposals: Vec<Proposal>,
    /// What the act became, if it needs a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<Box<Proposal>>,
}

/// What the body of an act may hold.
fn members_of(kind: ActKind) -> Vec<&'static str> {
    let own = kind.about().fields.iter().map(|field| field.name());
    let dry_run = kind.takes(Field::From).then_some("dry_run");
    std::iter::once("reason").chain(own).chain(dry_run).collect()
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

/// An act of a kind, with what it takes beside the reason.
///
/// # Errors
/// A member is no such value.
pub fn read_act(kind: ActKind, members: &mut Members) -> Result<Act, ApiError> {
    Ok(match kind {
        ActKind::Retry => read_retry(members)?,
        ActKind::Skip => Act::Skip {
            output: members.value("output").unwrap_or(Value::Null),
            step: members.text("step")?,
            confirm: members.flag("confirm")?.unwrap_or(false),
        },
        // Leaving half of a saga in place is what must be asked for.
        ActKind::Cancel => Act::Cancel {
            compensate: match members.flag("compensate")? {
                Some(false) => CancelMode::Abandon,
                Some(true) | None => CancelMode::Compensate,
            },
        },
        ActKind::Compensate => Act::Compensate,
        ActKind::Suspend => Act::Suspend,
        ActKind::Resume => Act::Resume,
        ActKind::Dismiss => Act::Dismiss,
        ActKind::Move => Act::Move { to: members.text("to")?.ok_or_else(|| wrong("to", "must be a version"))? },
        ActKind::Restart => {
            Act::Restart { version: members.text("version")?, again: members.flag("again")?.unwrap_or(false) }
        }
        ActKind::Acknowledge => Act::Acknowledge,
    })
}

fn read_retry(members: &mut Members) -> Result<Act, ApiError> {
    let (input, step) = (members.value("input"), members.text("step")?);
    if let Some(edit) = members.text("edit")? {
        if input.is_some() || members.value("from").is_some() {
            return Err(wrong("edit", "cannot be given with `input` or `from`"));
        }
        return Expression::parse_field(&edit, &[])
            .map(|_| Act::Edit { edit, step })
            .map_err(|bad| wrong("edit", format!("is not a jq expression: {bad}")));
    }
    match members.text("from")? {
        None => Ok(Act::Retry { input, step }),
        Some(from) if input.is_none() && step.is_none() => Ok(Act::Rewind { from }),
        Some(_) => Err(wrong("from", "cannot be given with `input` or `step`, which are about the step that failed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, body: &str) -> Result<Act, ApiError> {
        let kind = name.parse().unwrap();
        read_act(kind, &mut Members::of_body(body.as_bytes(), &members_of(kind))?)
    }

    #[test]
    fn acts_take_what_the_contract_names_and_nothing_else() {
        assert_eq!(read("retry", "").unwrap(), Act::Retry { input: None, step: None });
        assert_eq!(read("retry", r#"{"input": null}"#).unwrap(), Act::Retry { input: Some(Value::Null), step: None });
        assert_eq!(
            read("skip", r#"{"output": 1}"#).unwrap(),
            Act::Skip { output: 1.into(), step: None, confirm: false }
        );
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

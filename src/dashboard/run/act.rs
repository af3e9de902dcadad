//! What an operator does to a run: the filled form becomes an act.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::Flash;
use crate::dashboard::Dashboard;
use crate::dashboard::parts::form::Form;
use crate::dashboard::parts::page::NoPage;
use crate::dashboard::run;
use crate::dashboard::signed_in::{SignedIn, may_act};
use crate::engine::{ActError, Acted};
use crate::http::ApiError;
use crate::hub::json;
use crate::machine::{Act, ActKind, CancelMode, RunId};
use crate::redact::Known;

/// Longest reason.
const REASON_CHARS_MAX: usize = 500;

/// A filled form.
#[derive(Debug, Default, Deserialize)]
pub struct Filled {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    step: Option<String>,
    #[serde(default)]
    input: Option<String>,
    #[serde(default)]
    replace: Option<String>,
    #[serde(default)]
    output: Option<String>,
    #[serde(default)]
    compensate: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    again: Option<String>,
    #[serde(default)]
    from: Option<String>,
    confirm: Option<String>,
}

/// `POST /runs/{id}/{act}`
pub async fn perform(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path((id, name)): Path<(String, String)>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let id = run::parse_id(&id)?;
    let refused = |status, text: String| run::page(&dashboard, &caller, id, None, Some(Flash::refused(status, text)));
    let (act, reason) = match (asked(&name, &form), reason(&form.reason)) {
        (None, _) => return Err(NoPage::not_found(format!("Unknown action {name}."))),
        (Some(Ok(act)), Ok(reason)) => (act, reason),
        (Some(Err(why)), _) | (_, Err(why)) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    match dashboard.engine.act(id, act, caller.actor(), Some(reason)).await {
        Ok(Acted { restarted: Some(new), .. }) => Ok(done(new.run, &name, if new.is_new { "" } else { "&before=1" })),
        Ok(_) => Ok(done(id, &name, "")),
        Err(ActError::Proposed(_)) => Ok(done(id, "propose", "")),
        // It is stored: a node will do it, and the page shows when.
        Err(ActError::Pending(_)) => Ok(done(id, &name, "&pending=1")),
        Err(ActError::Refused(why)) => refused(StatusCode::CONFLICT, format!("Not done: {why}.")).await,
        Err(error) => Err(NoPage::from(ApiError::from(error))),
    }
}

fn done(id: RunId, name: &str, more: &str) -> Response {
    Redirect::to(&format!("/runs/{id}?done={name}{more}")).into_response()
}

/// Why something is done, as a form says it.
///
/// # Errors
/// It says nothing, or too much.
pub fn reason(text: &str) -> Result<String, String> {
    let reason: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    let reason = Known::of_process().with(&[]).text(reason);
    match reason.chars().count() {
        0 => Err("Not done: give a reason.".to_owned()),
        1..=REASON_CHARS_MAX => Ok(reason),
        _ => Err(format!("Not done: a reason has at most {REASON_CHARS_MAX} characters.")),
    }
}

/// The act that a form asks for; none if there is no such act.
fn asked(name: &str, form: &Filled) -> Option<Result<Act, String>> {
    // A form that was sent twice, or that was open for long, means the step that it was made for.
    let step = form.step.clone().filter(|step| !step.is_empty());
    let kind: ActKind = name.parse().ok()?;
    let from = form.from.as_deref().filter(|from| !from.is_empty());
    let act = match kind {
        ActKind::Retry if from.is_some() && form.replace.is_some() => {
            Err("Not done: a different input is for the step where the run stopped, not for an earlier one.".to_owned())
        }
        ActKind::Retry if from.is_some() => Ok(Act::Rewind { from: from.unwrap_or_default().to_owned() }),
        ActKind::Retry if form.replace.is_some() => match form.input.as_deref().map(str::trim) {
            None | Some("") => {
                Err("Not done: the box for a different input is checked, but the input is empty.".to_owned())
            }
            input => parsed("input", input).map(|input| Act::Retry { input: Some(input), step }),
        },
        ActKind::Retry => Ok(Act::Retry { input: None, step }),
        ActKind::Skip => {
            let confirm = form.confirm.is_some();
            parsed("output", form.output.as_deref()).map(|output| Act::Skip { output, step, confirm })
        }
        ActKind::Cancel => match form.compensate.as_deref() {
            Some("yes") => Ok(Act::Cancel { compensate: CancelMode::Compensate }),
            Some("no") => Ok(Act::Cancel { compensate: CancelMode::Abandon }),
            _ => Err("Not done: choose whether to undo completed steps.".to_owned()),
        },
        ActKind::Compensate => Ok(Act::Compensate),
        ActKind::Suspend => Ok(Act::Suspend),
        ActKind::Resume => Ok(Act::Resume),
        ActKind::Dismiss => Ok(Act::Dismiss),
        ActKind::Move => match form.to.as_deref().map(str::trim) {
            None | Some("") => Err("Not done: choose a version.".to_owned()),
            Some(to) => Ok(Act::Move { to: to.to_owned() }),
        },
        ActKind::Restart => Ok(Act::Restart { version: None, again: form.again.is_some() }),
        ActKind::Acknowledge => Ok(Act::Acknowledge),
    };
    Some(act)
}

fn parsed(what: &str, text: Option<&str>) -> Result<Value, String> {
    let text = text.map(str::trim).filter(|t| !t.is_empty());
    text.map_or(Ok(Value::Null), |text| {
        json::read(text.as_bytes()).map_err(|bad| format!("Not done: the {what} is not valid JSON: {bad}."))
    })
}

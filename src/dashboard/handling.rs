//! Who handles a cause of attention, and notes on runs: the forms of the list and of a run's page.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::Dashboard;
use super::parts::form::Form;
use super::parts::page::NoPage;
use super::run::{self, Flash, act};
use super::signed_in::{SignedIn, may_act};
use crate::engine::runs::handling::{self, HandleError};
use crate::http::ApiError;
use crate::machine::RunId;
use crate::redact::Known;
use crate::store::acts::By;
use crate::store::runs::handling::{Handling, Note, Subject};

/// What someone does about a cause.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CauseForm {
    csrf: String,
    /// `take`, `assign`, `release`, `mute`, `unmute`, `rule`, `unrule`: the button.
    act: String,
    assignee: String,
    /// Of a rule: whose answer is waited for.
    connection: String,
    reason: String,
}

/// `POST /attention/{fingerprint}`
pub async fn cause(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(fingerprint): Path<String>,
    Form(form): Form<CauseForm>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    if matches!(form.act.as_str(), "rule" | "unrule") {
        let reason = act::reason(&form.reason).map_err(|why| NoPage::from(ApiError::bad_input("", &why)))?;
        let engine = &dashboard.engine;
        let done = match form.act.as_str() {
            "rule" => {
                engine.set_rule(&fingerprint, form.connection.trim(), None, caller.identity(), Some(&reason)).await
            }
            _ => engine.end_rule(&fingerprint, By { actor: &caller.actor(), reason: Some(&reason) }).await,
        };
        done.map_err(ApiError::from)?;
        return Ok(Redirect::to("/?attention=any").into_response());
    }
    let what = match form.act.as_str() {
        "take" => Handling::Assign(Some(caller.name())),
        "assign" => Handling::Assign(Some(form.assignee.trim())),
        "release" => Handling::Assign(None),
        "mute" => Handling::Mute(None),
        "unmute" => Handling::Unmute,
        other => return Err(NoPage::not_found(format!("There is no act {other}."))),
    };
    // Whoever mutes says why; taking something on needs no words.
    let reason = match what {
        Handling::Mute(_) => act::reason(&form.reason).map_err(|why| NoPage::from(ApiError::bad_input("", &why)))?,
        _ => String::new(),
    };
    let actor = caller.actor();
    let by = By { actor: &actor, reason: Some(reason.as_str()).filter(|reason| !reason.is_empty()) };
    handling::handle_cause(&dashboard.pool, &fingerprint, what, by).await.map_err(ApiError::from)?;
    Ok(Redirect::to("/?attention=any").into_response())
}

/// A note.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NoteForm {
    csrf: String,
    text: String,
}

/// `POST /runs/{id}/notes`
pub async fn note(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<String>,
    Form(form): Form<NoteForm>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let id = run::parse_id(&id)?;
    let actor = caller.actor();
    let text = Known::of_process().with(&[]).text(form.text.trim().to_owned());
    match handling::note(&dashboard.pool, Subject::Run(id), By { actor: &actor, reason: Some(&text) }).await {
        Ok(()) => Ok(Redirect::to(&format!("/runs/{id}#notes")).into_response()),
        Err(error @ HandleError::Note) => {
            let flash = Flash::refused(StatusCode::UNPROCESSABLE_ENTITY, format!("Not noted: {error}."));
            run::page(&dashboard, &caller, id, None, Some(flash)).await
        }
        Err(error) => Err(ApiError::from(error).into()),
    }
}

/// Notes of a run, as its page shows them.
///
/// # Errors
/// No database.
pub async fn notes_of(dashboard: &Dashboard, id: RunId) -> Result<Vec<Note>, NoPage> {
    Ok(handling::notes(&dashboard.pool, Subject::Run(id)).await.map_err(ApiError::from)?)
}

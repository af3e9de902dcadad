//! The page at `/`: the records of both systems side by side, the latest changes, and simple forms.
//!
//! A form goes through the system's own API, so a person faces the same checks as a program, and webhooks report the
//! change as made by a person. askama escapes everything shown.

mod form;
mod pairs;
mod recent;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use form::FormView;
use pairs::Section;
use recent::Line;
pub use recent::Recent;

use super::Sandbox;
use super::call::System;

const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "sandbox.html")]
struct Page {
    watching: bool,
    form: Option<FormView>,
    changes: Vec<Line>,
    sections: Vec<Section>,
}

/// The query parameters of the page.
#[derive(Default, Deserialize)]
struct Asked {
    /// Reloads the page periodically.
    watch: Option<String>,
    /// Shows the form of a record (`SYSTEM/TYPE/ID`) or for a new one (`SYSTEM/TYPE`).
    form: Option<String>,
}

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/", get(show))
        .route("/form/{system}/{type}", post(create))
        .route("/form/{system}/{type}/{id}", post(change))
}

async fn show(State(sandbox): State<Sandbox>, Query(asked): Query<Asked>) -> Response {
    let form = asked.form.as_deref().and_then(|wanted| {
        let mut parts = wanted.split('/');
        let (system, record_type) = (parts.next()?, parts.next()?);
        FormView::of(&sandbox.world(), system_of(system)?, record_type, parts.next())
    });
    page(&sandbox, asked.watch.is_some() && form.is_none(), form, StatusCode::OK)
}

async fn create(
    state: State<Sandbox>,
    Path((system, record_type)): Path<(String, String)>,
    headers: HeaderMap,
    form: Form<Vec<(String, String)>>,
) -> Response {
    write(&state.0, &system, &record_type, None, &headers, &form.0)
}

async fn change(
    state: State<Sandbox>,
    Path((system, record_type, id)): Path<(String, String, String)>,
    headers: HeaderMap,
    form: Form<Vec<(String, String)>>,
) -> Response {
    write(&state.0, &system, &record_type, Some(&id), &headers, &form.0)
}

fn write(
    sandbox: &Sandbox,
    system: &str,
    record_type: &str,
    id: Option<&str>,
    headers: &HeaderMap,
    given: &[(String, String)],
) -> Response {
    // Another site's page must not change records through a viewer's browser.
    let foreign = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let form = system_of(system).and_then(|system| FormView::of(&sandbox.world(), system, record_type, id));
    let Some(mut form) = form.filter(|_| !foreign) else {
        return (if foreign { StatusCode::FORBIDDEN } else { StatusCode::NOT_FOUND }).into_response();
    };
    match form.send(sandbox, given) {
        Ok(()) => Redirect::to("/").into_response(),
        Err(refusal) => {
            form.refused(refusal, given);
            page(sandbox, false, Some(form), StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

fn page(sandbox: &Sandbox, watching: bool, form: Option<FormView>, status: StatusCode) -> Response {
    let world = sandbox.world();
    let page = Page { watching, form, changes: world.recent.lines(), sections: pairs::sections(&world) };
    drop(world);
    match page.render() {
        Ok(html) => (status, [("content-security-policy", POLICY)], Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn system_of(name: &str) -> Option<System> {
    [System::Crm, System::Erp].into_iter().find(|system| system.name() == name)
}

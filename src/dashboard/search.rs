//! The search box at the top of every page: finds what an id or key belongs to.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::Dashboard;
use super::parts::page::{Frame, NoPage, render};
use super::signed_in::SignedIn;
use crate::engine::search::{self, Found};

/// Maximum length of the text, in bytes.
const TEXT_BYTES_MAX: usize = 512;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    text: String,
    found: Vec<Found>,
}

/// The text to search for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
}

/// `GET /search`: redirects to the only match, or lists all of them.
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let text = asked.q.trim();
    let found = match text.len() <= TEXT_BYTES_MAX {
        true => search::find(&dashboard.pool, &dashboard.engine.deployed(), text).await?,
        false => Vec::new(),
    };
    if let [only] = found.as_slice() {
        return Ok(Redirect::to(&only.href).into_response());
    }
    let page = SearchPage { frame: Frame::of(&caller, ""), text: text.to_owned(), found };
    Ok(render(StatusCode::OK, &page))
}

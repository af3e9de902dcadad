//! Search for any id.

use axum::Json;
use axum::extract::{RawQuery, State};

use crate::engine::search::Found;
use crate::http::App;
use crate::http::access::session::Reader;
use crate::http::problem::ApiError;
use crate::http::query::{Page, Params};

/// `GET /api/v1/search`
pub async fn search(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Found>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&["q"]])?;
    let text = params.text("q").filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| ApiError::bad_input("?q", "must be an id, a key, or the beginning of one"))?;
    Ok(Json(Page { items: app.engine.search(text).await?, next: None }))
}

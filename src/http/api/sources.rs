//! Sources: how far those with numbered events have come, and which events are missing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::engine::SourceView;
use crate::http::App;
use crate::http::access::session::Reader;
use crate::http::problem::ApiError;

/// All sources of `hub.yaml`.
#[derive(Serialize)]
pub struct Sources {
    items: Vec<SourceView>,
}

/// `GET /api/v1/sources`
pub async fn list(State(app): State<App>, _: Reader) -> Result<Json<Sources>, ApiError> {
    let hub = Arc::clone(&app.hub.borrow());
    Ok(Json(Sources { items: app.engine.sources(&hub.declared).await? }))
}

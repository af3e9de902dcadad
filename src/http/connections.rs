//! Connections: how they stand on this node.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::App;
use super::session::Reader;
use crate::connect::Standing;

/// All connections of `hub.yaml`.
#[derive(Serialize)]
pub struct Connections {
    environment: String,
    items: Vec<Standing>,
}

/// `GET /api/v1/connections`
pub async fn list(State(app): State<App>, _: Reader) -> Json<Connections> {
    let (environment, items) = app.engine.connections();
    Json(Connections { environment, items })
}

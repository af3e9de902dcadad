//! Connections and their status on this node.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::connect::Standing;
use crate::http::App;
use crate::http::access::session::Reader;

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

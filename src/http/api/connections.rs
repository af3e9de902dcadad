//! Connections: how they stand on this node, and pausing them on all nodes.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::HeaderMap;
use serde::Serialize;

use crate::connect::Standing;
use crate::engine::PauseError;
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::problem::ApiError;
use crate::http::wire::body::wrong;
use crate::store::acts::By;
use crate::store::nodes::pauses::Pause;

/// All connections of `hub.yaml`.
#[derive(Serialize)]
pub struct Connections {
    environment: String,
    items: Vec<Connection>,
}

/// A connection as this node sees it, and whether somebody paused it.
#[derive(Serialize)]
pub struct Connection {
    #[serde(flatten)]
    standing: Standing,
    paused: Option<Pause>,
}

/// `GET /api/v1/connections`
pub async fn list(State(app): State<App>, _: Reader) -> Result<Json<Connections>, ApiError> {
    let (environment, standings) = app.engine.connections();
    let paused = app.engine.paused_connections().await?;
    let items = standings.into_iter().map(|standing| {
        let paused = paused.iter().find(|pause| pause.connection == standing.name).cloned();
        Connection { standing, paused }
    });
    Ok(Json(Connections { environment, items: items.collect() }))
}

/// `POST /api/v1/connections/{name}/{act}`
pub async fn act(
    State(app): State<App>,
    Operator(caller): Operator,
    Path((name, act)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Paused>, ApiError> {
    let pauses = match act.as_str() {
        "pause" => true,
        "resume" => false,
        _ => return Err(ApiError::NotFound(format!("unknown act {act:?}; known are pause, resume"))),
    };
    let reason = app.read_reason(&caller, &headers, body).await?;
    let actor = caller.actor();
    let by = By { actor: &actor, reason: reason.as_deref() };
    match pauses {
        true => app.engine.pause_connection(&name, by).await?,
        false => app.engine.resume_connection(&name, by).await?,
    }
    let paused = app.engine.paused_connections().await?.into_iter().find(|pause| pause.connection == name);
    Ok(Json(Paused { name, paused }))
}

/// A connection after an act.
#[derive(Serialize)]
pub struct Paused {
    name: String,
    paused: Option<Pause>,
}

impl From<PauseError> for ApiError {
    fn from(error: PauseError) -> Self {
        match error {
            PauseError::Unknown(_) => Self::NotFound(error.to_string()),
            PauseError::Reason => wrong("reason", error.to_string()),
            PauseError::Store(error) => error.into(),
        }
    }
}

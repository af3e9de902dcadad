//! How the node is: liveness, readiness, metrics, and the description of the API.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::json;

use super::App;
use super::problem::ApiError;
use super::session;
use crate::store::access::Scope;
use crate::store::{listing, sequences};
use crate::telemetry;

/// The database has this long to answer a readiness check.
const PING_TIME_MAX: Duration = Duration::from_secs(1);

/// The description of every route. A test holds it against the router.
pub const OPENAPI: &str = include_str!("openapi.json");

/// `GET /healthz`: the process answers. Asks nothing else, so that a database outage restarts no node.
pub async fn healthz() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the node takes new work and the database answers.
pub async fn readyz(State(app): State<App>) -> Result<Json<serde_json::Value>, ApiError> {
    if !app.engine.is_ready() {
        return Err(ApiError::unavailable("the node takes no new work: it is starting, full, going down, or cut off"));
    }
    match tokio::time::timeout(PING_TIME_MAX, listing::ping(app.engine.reader())).await {
        Ok(Ok(())) => Ok(Json(json!({ "status": "ready" }))),
        Ok(Err(_)) | Err(_) => Err(ApiError::unavailable("the database does not answer")),
    }
}

/// `GET /metrics`: Prometheus text.
pub async fn metrics(State(app): State<App>, method: Method, headers: HeaderMap) -> Result<Response, ApiError> {
    if !app.settings.metrics_public {
        session::identify(&app.access, &method, &headers).await?.require(Scope::Read)?;
    }
    Ok(metrics_for_anyone(State(app)).await)
}

/// `GET /metrics` at the operator's own address: without a token, so that it is answered without the database too.
pub async fn metrics_for_anyone(State(app): State<App>) -> Response {
    for connection in app.engine.connections().1 {
        telemetry::connection_state(&connection.name, connection.breaker, connection.waiting);
    }
    for (workflow, source) in app.engine.expected_sources() {
        telemetry::source_expected(workflow, &source);
    }
    telemetry::node_state(app.engine.load(), app.engine.writes_waiting(), app.engine.is_ready());
    // Without database the rest of the metrics matters most.
    if let Ok(Ok(counts)) = tokio::time::timeout(PING_TIME_MAX, listing::live_counts(app.engine.reader())).await {
        telemetry::live_runs(&counts.by_status, counts.attention);
    }
    if let Ok(Ok(open)) = tokio::time::timeout(PING_TIME_MAX, sequences::gaps(app.engine.reader())).await {
        let hub = Arc::clone(&app.hub.borrow());
        let of = |name: &str| open.iter().find(|(source, _)| source == name).map_or(0, |(_, gaps)| *gaps);
        let counting = hub.declared.iter().filter(|(_, counts)| **counts);
        telemetry::source_gaps(counting.map(|(name, _)| (name.as_str(), of(name))));
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render()).into_response()
}

/// `GET /openapi.json`
pub async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

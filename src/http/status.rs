//! How the node is: liveness, readiness, metrics, and the description of the API.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::json;
use tokio::sync::Mutex;

use super::App;
use super::access::peer::Visitor;
use super::access::session;
use super::problem::ApiError;
use super::wire::phase::Phase;
use crate::store::access::Scope;
use crate::store::events::{attention, sequences};
use crate::store::nodes::upkeep;
use crate::store::runs::listing;
use crate::telemetry;

/// The database has this long to answer a readiness check.
const PING_TIME_MAX: Duration = Duration::from_secs(1);

/// How long its answer counts.
const PING_AGE_MAX: Duration = Duration::from_millis(200);

/// The description of every route. A test holds it against the router.
pub const OPENAPI: &str = include_str!("openapi.json");

/// `GET /healthz`: the process answers. Asks nothing else, so that a database outage restarts no node.
pub async fn healthz() -> Json<serde_json::Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the node takes new work, its loops get on, and the database answers.
pub async fn readyz(State(app): State<App>) -> Result<Json<serde_json::Value>, ApiError> {
    match app.phase() {
        Phase::Serving => {}
        Phase::Starting => {
            return Err(ApiError::unavailable("the node is starting: its workflows are not deployed yet"));
        }
        Phase::Leaving => {
            return Err(ApiError::unavailable(
                "the node is shutting down: it still answers for a while, but send it no new requests",
            ));
        }
    }
    if !app.engine.is_ready() {
        return Err(ApiError::unavailable(
            "the node accepts no new work: it is starting, full, shutting down, or cut off from the database",
        ));
    }
    if let Some((stage, error)) = app.engine.keeps_failing() {
        // What the database said stays in the log: anyone may ask whether the node is ready.
        tracing::debug!(stage, error, "not ready");
        return Err(ApiError::unavailable(format!(
            "the node's stage {stage:?} keeps failing; its log says why, and stepwell_stage_failures_total counts"
        )));
    }
    if let Some((name, age)) = app.engine.hangs() {
        let seconds = age.as_secs();
        return Err(ApiError::unavailable(format!("the node's loop {name:?} has made no progress for {seconds} s")));
    }
    let ask = async {
        let ping = tokio::time::timeout(PING_TIME_MAX, listing::ping(app.engine.reader())).await;
        ping.is_ok_and(|answered| answered.is_ok())
    };
    match app.ping.answers(ask).await {
        true => match app.engine.fails_aside() {
            aside if aside.is_empty() => Ok(Json(json!({ "status": "ready" }))),
            // Runs and webhooks do not depend on it, so it takes no node away; the log says why.
            aside => Ok(Json(json!({ "status": "ready", "failing": aside }))),
        },
        false => Err(ApiError::unavailable("the database does not answer")),
    }
}

/// What the database last said. Anyone may ask whether the node is ready, so the database is asked one at a time, and not again while
/// its last answer is fresh.
#[derive(Default)]
pub(super) struct Ping(Mutex<Option<(Instant, bool)>>);

impl Ping {
    async fn answers(&self, ask: impl Future<Output = bool>) -> bool {
        let mut last = self.0.lock().await;
        if let Some((_, answered)) = last.filter(|(at, _)| at.elapsed() < PING_AGE_MAX) {
            return answered;
        }
        let answered = ask.await;
        *last = Some((Instant::now(), answered));
        answered
    }
}

/// `GET /metrics`: Prometheus text.
pub async fn metrics(
    State(app): State<App>,
    visitor: Visitor,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if !app.settings.metrics_public {
        session::identify(&app.access, &method, &headers, visitor.peer).await?.require(Scope::Read)?;
    }
    Ok(metrics_for_anyone(State(app)).await)
}

/// `GET /metrics` at the operator's own address: without a token, so that it is answered without the database too.
pub async fn metrics_for_anyone(State(app): State<App>) -> Response {
    for connection in app.engine.connections().1 {
        telemetry::connection_state(&connection.name, connection.breaker, connection.waiting);
    }
    if let Ok(Ok(paused)) = tokio::time::timeout(PING_TIME_MAX, app.engine.paused_connections()).await {
        for connection in app.engine.connections().1 {
            let is_paused = paused.iter().any(|pause| pause.connection == connection.name);
            telemetry::connection_paused(&connection.name, is_paused);
        }
    }
    for (workflow, source) in app.engine.expected_sources() {
        telemetry::source_expected(workflow, &source);
    }
    telemetry::node_state(
        app.engine.load(),
        app.engine.writes_waiting(),
        app.phase() == Phase::Serving && app.engine.is_ready(),
    );
    for (name, age) in app.engine.loop_ages() {
        telemetry::loop_age(name, age);
    }
    // Without database the rest of the metrics matters most.
    if let Ok(Ok(counts)) = tokio::time::timeout(PING_TIME_MAX, app.engine.live_counts()).await {
        telemetry::live_runs(&counts.by_status, counts.attention, counts.unacknowledged);
    }
    if let Ok(Ok(seconds)) =
        tokio::time::timeout(PING_TIME_MAX, upkeep::oldest_snapshot_seconds(app.engine.reader())).await
    {
        telemetry::oldest_snapshot(seconds);
    }
    if let Ok(Ok(open)) = tokio::time::timeout(PING_TIME_MAX, app.engine.open_proposals()).await {
        telemetry::open_proposals(open);
    }
    if let Ok(Ok(open)) = tokio::time::timeout(PING_TIME_MAX, app.engine.open_tasks()).await {
        telemetry::open_tasks(open);
    }
    if let Ok(Ok(running)) = tokio::time::timeout(PING_TIME_MAX, app.engine.running_bulk_acts()).await {
        telemetry::running_bulk_acts(running);
    }
    if let Ok(Ok(asking)) = tokio::time::timeout(PING_TIME_MAX, attention::by_source(app.engine.reader())).await {
        let hub = Arc::clone(&app.hub.borrow());
        let mut sources: BTreeMap<&str, i64> = hub.declared.keys().map(|name| (name.as_str(), 0)).collect();
        sources.insert(telemetry::OTHER_SOURCE, 0);
        for (source, events) in &asking {
            // Whoever sends with a token may call its source as it likes: no label for each.
            let known = if sources.contains_key(source.as_str()) { source } else { telemetry::OTHER_SOURCE };
            *sources.entry(known).or_default() += events;
        }
        telemetry::events_needing_attention(sources.into_iter());
    }
    if let Ok(Ok(open)) = tokio::time::timeout(PING_TIME_MAX, sequences::gaps(app.engine.reader())).await {
        let hub = Arc::clone(&app.hub.borrow());
        let of = |name: &str| open.iter().find(|(source, _)| source == name).map_or(0, |(_, gaps)| *gaps);
        let counting = hub.declared.iter().filter(|(_, counts)| **counts);
        telemetry::source_gaps(counting.map(|(name, _)| (name.as_str(), of(name))));
    }
    if let Ok(Ok(ages)) = tokio::time::timeout(PING_TIME_MAX, app.engine.topic_ages()).await {
        for (id, age) in ages {
            telemetry::topic_age(&id.source, &id.topic, age);
        }
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render()).into_response()
}

/// `GET /openapi.json`
pub async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_readiness_checks_at_once_ask_the_database_once() {
        let (ping, asked) = (Ping::default(), AtomicU32::new(0));
        let ask = || async {
            tokio::task::yield_now().await;
            asked.fetch_add(1, Ordering::Relaxed) == 0
        };
        let answers = futures::future::join_all((0..100).map(|_| ping.answers(ask()))).await;
        assert!(answers.iter().all(|answered| *answered));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}

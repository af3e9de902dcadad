//! Notification channels: what they were last told, and test messages.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::engine::{NotifyChannel, TestError};
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::problem::ApiError;
use crate::store::acts::By;

/// All channels under `notify` in `hub.yaml`.
#[derive(Serialize)]
pub struct Channels {
    items: Vec<NotifyChannel>,
}

/// `GET /api/v1/notifications`
pub async fn list(State(app): State<App>, _: Reader) -> Result<Json<Channels>, ApiError> {
    Ok(Json(Channels { items: app.engine.channels().await? }))
}

/// `POST /api/v1/notifications/{channel}/test`
pub async fn test(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(channel): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let reason = app.read_reason(&caller, &headers, body).await?;
    let actor = caller.actor();
    app.engine.test_channel(&channel, By { actor: &actor, reason: reason.as_deref() }).await?;
    Ok(StatusCode::ACCEPTED)
}

impl From<TestError> for ApiError {
    fn from(error: TestError) -> Self {
        match error {
            TestError::NoChannel(_) => Self::NotFound(error.to_string()),
            TestError::Store(error) => error.into(),
        }
    }
}

//! What needs a person, one item for each cause.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use serde_json::{Value, json};

use super::ShownError;
use crate::http::App;
use crate::http::access::session::Reader;
use crate::http::problem::ApiError;
use crate::http::query::{Page, Params};
use crate::machine::{RunId, Time};
use crate::store::runs::listing::{self, CauseGroup};

/// Runs that need a person for one cause.
#[derive(Serialize)]
pub struct Group {
    fingerprint: String,
    workflow: Value,
    attention: String,
    task: Option<String>,
    error: Option<ShownError>,
    count: i64,
    first_at: Time,
    last_at: Time,
    assignee: Option<String>,
    sample: RunId,
}

impl From<CauseGroup> for Group {
    fn from(group: CauseGroup) -> Self {
        let (namespace, name) = group.workflow;
        Self {
            fingerprint: group.fingerprint,
            workflow: json!({ "namespace": namespace, "name": name }),
            attention: group.attention,
            task: group.error.as_ref().and_then(|e| e.instance.clone()).or(group.task),
            error: group.error.map(ShownError::from),
            count: group.count,
            first_at: group.first_at,
            last_at: group.last_at,
            assignee: None,
            sample: group.sample,
        }
    }
}

/// Groups shown at most.
const GROUPS_MAX: i64 = 500;

/// `GET /api/v1/attention`
pub async fn list(State(app): State<App>, _: Reader, RawQuery(query): RawQuery) -> Result<Json<Page<Group>>, ApiError> {
    Params::read(query.as_deref(), &[])?;
    let groups = listing::causes(app.engine.reader(), GROUPS_MAX).await?;
    Ok(Json(Page { items: groups.into_iter().map(Group::from).collect(), next: None }))
}

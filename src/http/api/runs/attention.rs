//! What needs a person, one item for each cause, and who handles it.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use http::HeaderMap;
use serde::Serialize;
use serde_json::{Value, json};

use super::{ShownError, acts, bulk};
use crate::engine::runs::handling::{self, HandleError};
use crate::http::App;
use crate::http::access::session::{Caller, Operator, Reader};
use crate::http::problem::ApiError;
use crate::http::query::{Page, Params};
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::machine::{RunId, Time};
use crate::store::access::{Principal, Scope};
use crate::store::acts::By;
use crate::store::runs::handling::Handling;
use crate::store::runs::listing::{self, CauseGroup, Muted, Rule};

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
    muted: Option<Muted>,
    /// When they are retried by themselves.
    rule: Option<Rule>,
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
            assignee: group.assignee,
            muted: group.muted,
            rule: group.rule,
            sample: group.sample,
        }
    }
}

/// Groups shown at most.
const GROUPS_MAX: i64 = 500;

/// `GET /api/v1/attention`
pub async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Group>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&["assignee", "muted"]])?;
    let muted: Option<bool> = params.parsed("muted", "must be true or false")?;
    let assignee = params.text("assignee").map(|name| user(&caller, name)).transpose()?;
    let mut groups = listing::causes(app.engine.reader(), GROUPS_MAX).await?;
    groups.retain(|group| {
        muted.is_none_or(|muted| muted == group.muted.is_some())
            && match assignee.as_deref() {
                None => true,
                Some("none") => group.assignee.is_none(),
                name => group.assignee.as_deref() == name,
            }
    });
    Ok(Json(Page { items: groups.into_iter().map(Group::from).collect(), next: None }))
}

/// `POST /api/v1/attention/{fingerprint}/{act}`
pub async fn act(
    State(app): State<App>,
    Operator(caller): Operator,
    Path((fingerprint, act)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Option<Group>>, ApiError> {
    let known: &[&str] = match act.as_str() {
        "assign" => &["assignee", "reason"],
        "mute" => &["until", "reason"],
        "unmute" | "unrule" => &["reason"],
        "rule" => &["connection", "rate", "reason"],
        _ => {
            let known = "assign, mute, unmute, rule, unrule";
            return Err(ApiError::NotFound(format!("unknown act {act:?}; known are {known}")));
        }
    };
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let mut members = Members::of_body(&received.bytes, known)?;
    let reason = acts::reason(&mut members)?;
    if matches!(act.as_str(), "rule" | "unrule") {
        let reason = reason.as_deref();
        match act.as_str() {
            "rule" => {
                let connection = members
                    .text("connection")?
                    .ok_or_else(|| wrong("connection", "must be the name of a connection"))?;
                let rate = bulk::rate(&mut members)?;
                app.engine.set_rule(&fingerprint, &connection, rate, caller.identity(), reason).await?;
            }
            _ => app.engine.end_rule(&fingerprint, By { actor: &caller.actor(), reason }).await?,
        }
        return group(&app, &fingerprint).await;
    }
    let assignee = members.text("assignee")?.map(|name| user(&caller, &name)).transpose()?;
    let what = match act.as_str() {
        "assign" => Handling::Assign(assignee.as_deref()),
        "mute" => Handling::Mute(members.time("until")?),
        _ => Handling::Unmute,
    };
    let actor = caller.actor();
    handling::handle_cause(app.engine.reader(), &fingerprint, what, By { actor: &actor, reason: reason.as_deref() })
        .await?;
    group(&app, &fingerprint).await
}

/// A cause after an act; none once no run needs attention for it.
async fn group(app: &App, fingerprint: &str) -> Result<Json<Option<Group>>, ApiError> {
    let groups = listing::causes(app.engine.reader(), GROUPS_MAX).await?;
    Ok(Json(groups.into_iter().find(|group| group.fingerprint == fingerprint).map(Group::from)))
}

/// A user by name; `me` is whoever asks.
fn user(caller: &Caller, name: &str) -> Result<String, ApiError> {
    match (name, &caller.identity().principal) {
        ("me", Principal::User { .. }) => Ok(caller.name().to_owned()),
        ("me", _) => Err(wrong("assignee", "must be the name of a user: `me` is a program or a local administrator")),
        (name, _) => Ok(name.to_owned()),
    }
}

impl From<HandleError> for ApiError {
    fn from(error: HandleError) -> Self {
        match error {
            HandleError::NoCause(_) | HandleError::NoRun(_) => Self::NotFound(error.to_string()),
            HandleError::NoUser(_) => wrong("assignee", error.to_string()),
            HandleError::Past(_) => wrong("until", error.to_string()),
            HandleError::Rule(why) => Self::Unprocessable(why, Vec::new()),
            HandleError::Note => wrong("text", error.to_string()),
            HandleError::Store(error) => error.into(),
        }
    }
}

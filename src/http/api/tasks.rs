//! Steps that wait for people: the list, and the decision. The decision records the authenticated caller, whatever the
//! body says.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use crate::engine::tasks::{Completed, Task, TaskError, may_decide};
use crate::http::App;
use crate::http::access::session::{Caller, Operator, Reader};
use crate::http::api::runs::acts::reason;
use crate::http::problem::{ApiError, InputError};
use crate::http::query::{PAGING, Page, Params, cursor};
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::store::access::{self, Identity, Scope};
use crate::store::runs::tasks::{MayDecide, TaskFilter, TaskStatus};

/// `GET /api/v1/tasks`
pub async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Task>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["status", "assignee", "workflow", "run", "key"]])?;
    let status = params.text("status").unwrap_or("open");
    let status = TaskStatus::named(status).ok_or_else(|| {
        let known = TaskStatus::NAMES.map(|(name, _)| name).join(", ");
        ApiError::bad_input("?status", format!("must be one of {known}"))
    })?;
    let filter = TaskFilter {
        status,
        may_decide: assignee(&app, &caller, params.text("assignee")).await?,
        workflow: params.text("workflow").map(str::to_owned),
        run: params.parsed("run", "must be the id of a run")?,
        key: params.text("key").map(str::to_owned),
        before: params.cursor_id('k')?,
    };
    let (items, next) = app.engine.tasks(&filter, params.limit()?).await?;
    Ok(Json(Page { items, next: next.map(|next| cursor('k', &next.to_string())) }))
}

/// Resolves `assignee`: `me`, or a user by name.
async fn assignee(app: &App, caller: &Caller, name: Option<&str>) -> Result<Option<MayDecide>, ApiError> {
    Ok(match name {
        None => None,
        Some("me") => Some(may_decide(caller.identity())),
        Some(name) => Some(of_user(app, name).await?),
    })
}

/// What a user may decide. An unknown user has no scopes.
async fn of_user(app: &App, name: &str) -> Result<MayDecide, ApiError> {
    let found = access::find_user(app.engine.reader(), name).await?;
    Ok(found.as_ref().map_or_else(|| MayDecide { user: Some(name.to_owned()), roles: Vec::new() }, may_decide))
}

/// `GET /api/v1/tasks/{id}`
pub async fn show(State(app): State<App>, _: Reader, Path(id): Path<String>) -> Result<Json<Task>, ApiError> {
    let id = parsed(&id)?;
    app.engine.task(id).await?.map(Json).ok_or_else(|| TaskError::Unknown(id).into())
}

/// `POST /api/v1/tasks/{id}/complete`
pub async fn complete(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let id = parsed(&id)?;
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let mut members = Members::of_body(&received.bytes, &["answer", "reason"])?;
    let reason = reason(&mut members)?;
    let answer = members.value("answer").ok_or_else(|| wrong("answer", "is required: it is what you decide"))?;
    let person: &Identity = caller.identity();
    Ok(match app.engine.complete_task(id, answer, reason, person).await? {
        Completed::Done(task) => Json(*task).into_response(),
        Completed::Pending(task) => (StatusCode::ACCEPTED, Json(*task)).into_response(),
    })
}

fn parsed(id: &str) -> Result<Uuid, ApiError> {
    id.parse().map_err(|_| ApiError::NotFound(format!("no task {id:?}")))
}

impl From<TaskError> for ApiError {
    fn from(error: TaskError) -> Self {
        let detail = error.to_string();
        match error {
            TaskError::Unknown(_) => Self::NotFound(detail),
            TaskError::NotYou { .. } => Self::NotAssigned(detail),
            TaskError::Invalid(violations) => {
                let at =
                    |v: crate::machine::SchemaViolation| InputError::new(format!("/answer{}", v.pointer), v.message);
                Self::Unprocessable(detail, violations.into_iter().map(at).collect())
            }
            TaskError::Closed { .. } => Self::Conflict(detail),
            TaskError::Store(error) => error.into(),
        }
    }
}

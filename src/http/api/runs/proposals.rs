//! Acts that wait for a second person: the list, and the decision.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use crate::engine::runs::proposals::{Proposal, ProposalError};
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};
use crate::http::wire::body::wrong;
use crate::store::runs::proposals::ProposalFilter;

/// Valid values of `state`.
const STATES: [&str; 2] = ["open", "any"];

/// `GET /api/v1/proposals`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Proposal>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["state", "run"]])?;
    let state = params.text("state").unwrap_or("open");
    if !STATES.contains(&state) {
        return Err(ApiError::bad_input("?state", format!("must be one of {}", STATES.join(", "))));
    }
    let run = params.parsed("run", "must be the id of a run")?;
    let (limit, before) = (params.limit()?, params.cursor_id('p')?);
    let filter = ProposalFilter { run, open: state == "open", before, id: None };
    let rows = app.engine.proposals(filter, limit + 1).await?;
    Ok(Json(Page::of('p', limit, rows, |proposal| proposal.id.to_string())))
}

/// `GET /api/v1/proposals/{id}`
pub async fn show(State(app): State<App>, _: Reader, Path(id): Path<String>) -> Result<Json<Proposal>, ApiError> {
    let id = parsed(&id)?;
    app.engine.proposal(id).await?.map(Json).ok_or_else(|| ProposalError::Unknown(id).into())
}

/// `POST /api/v1/proposals/{id}/approve`
pub async fn approve(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let id = parsed(&id)?;
    let reason = app.read_reason(&caller, &headers, body).await?;
    let proposal = app.engine.approve(id, &caller.actor(), reason.as_deref()).await?;
    let status = if proposal.state == "approved" { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(proposal)).into_response())
}

/// `POST /api/v1/proposals/{id}/decline`
pub async fn decline(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Proposal>, ApiError> {
    let id = parsed(&id)?;
    let reason = app.read_reason(&caller, &headers, body).await?;
    let reason = reason.ok_or_else(|| wrong("reason", "is required: give the proposer a reason"))?;
    Ok(Json(app.engine.decline(id, &caller.actor(), Some(&reason)).await?))
}

fn parsed(id: &str) -> Result<Uuid, ApiError> {
    id.parse().map_err(|_| ApiError::NotFound(format!("no proposal {id:?}")))
}

impl From<ProposalError> for ApiError {
    fn from(error: ProposalError) -> Self {
        let detail = error.to_string();
        match error {
            ProposalError::Unknown(_) => Self::NotFound(detail),
            ProposalError::NotYou { .. } => Self::SecondPerson(detail),
            ProposalError::Closed { .. } | ProposalError::Refused { .. } => Self::Conflict(detail),
            ProposalError::Store(error) => error.into(),
        }
    }
}

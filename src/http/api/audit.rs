//! Audit data for administrators: acts outside any run's journal, and refused requests.

use axum::Json;
use axum::extract::{RawQuery, State};

use crate::http::App;
use crate::http::access::session::Administrator;
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};
use crate::store::acts::{self, ActRow, RefusalRow};

/// `GET /api/v1/audit/acts`
pub async fn acts(
    State(app): State<App>,
    _: Administrator,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<ActRow>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["subject"]])?;
    let (limit, before) = (params.limit()?, params.cursor_id('a')?);
    let rows = acts::list(app.engine.reader(), params.text("subject"), before, limit + 1).await?;
    Ok(Json(Page::of('a', limit, rows, |row| row.id.to_string())))
}

/// `GET /api/v1/audit/refusals`
pub async fn refusals(
    State(app): State<App>,
    _: Administrator,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<RefusalRow>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, before) = (params.limit()?, params.cursor_id('f')?);
    let rows = acts::refusals(app.engine.reader(), before, limit + 1).await?;
    Ok(Json(Page::of('f', limit, rows, |row| row.id.to_string())))
}

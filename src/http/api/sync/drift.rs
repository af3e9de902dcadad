//! Results of reconciliations: their counts, and the records of each.

use axum::Json;
use axum::extract::{Path, RawQuery, State};

use crate::engine::{Drift, Sweep};
use crate::http::App;
use crate::http::access::session::Reader;
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};
use crate::memory::drift::Found;

/// Most reconciliations per answer, since the records of each are counted.
const SWEEPS_MAX: i64 = 50;

/// `GET /api/v1/drift`
pub async fn list(State(app): State<App>, _: Reader, RawQuery(query): RawQuery) -> Result<Json<Page<Sweep>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, before) = (params.limit()?.min(SWEEPS_MAX), params.cursor_id('w')?);
    let asked = usize::try_from(limit + 1).unwrap_or(usize::MAX);
    Ok(Json(Page::of('w', limit, app.engine.sweeps(before, asked).await?, |sweep: &Sweep| sweep.run.to_string())))
}

/// `GET /api/v1/drift/{run}`
pub async fn show(
    State(app): State<App>,
    _: Reader,
    Path(run): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Drift>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["found"]])?;
    let only = params.text("found").map(found).transpose()?;
    let unknown = || ApiError::NotFound(format!("run {run:?} is not a reconciliation"));
    let id = run.parse().map_err(|_| unknown())?;
    let after = params.cursor('d')?.and_then(|seq| seq.parse().ok()).unwrap_or_default();
    let limit = params.limit()?;
    let rows = app.engine.drift(id, after, limit + 1).await?.ok_or_else(unknown)?;
    let mut page: Page<Drift> = Page::of('d', limit, rows, |row: &Drift| row.seq.to_string());
    page.items.retain(|row| only.is_none_or(|only| row.found == only));
    Ok(Json(page))
}

fn found(text: &str) -> Result<Found, ApiError> {
    let known = Found::ALL.into_iter().find(|known| known.as_str() == text);
    known.ok_or_else(|| {
        ApiError::bad_input("?found", format!("must be one of {}", Found::ALL.map(Found::as_str).join(", ")))
    })
}

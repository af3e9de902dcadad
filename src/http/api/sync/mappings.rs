//! The mappings that deployed workflows use.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use serde_json::Value;

use crate::engine::{MappingUser, UsedMapping};
use crate::http::App;
use crate::http::access::session::Reader;
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};

/// A mapping name, and the tables deployed under it.
#[derive(Serialize)]
pub struct MappingItem {
    name: String,
    /// Tables used by new runs come first.
    tables: Vec<Table>,
}

/// A table, and the workflows that use it.
#[derive(Serialize)]
struct Table {
    #[serde(flatten)]
    table: Value,
    workflows: Vec<MappingUser>,
}

impl From<(String, Vec<UsedMapping>)> for MappingItem {
    fn from((name, tables): (String, Vec<UsedMapping>)) -> Self {
        let tables = tables.into_iter().map(|used| Table { table: used.mapping.to_json(), workflows: used.users });
        Self { name, tables: tables.collect() }
    }
}

/// `GET /api/v1/mappings`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<MappingItem>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, after) = (params.limit()?, params.cursor('m')?);
    let page = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let found = app.engine.deployed().mappings().into_iter();
    let rows: Vec<_> = found.filter(|(name, _)| after.as_ref().is_none_or(|after| name > after)).take(page).collect();
    Ok(Json(Page::of('m', limit, rows, |(name, _)| name.clone())))
}

//! Bulk acts: one act over all runs that fit a filter, as a dry run first.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::acts::{read_act, reason};
use crate::engine::runs::bulk::{BulkAsked, BulkError, BulkItem, BulkView, Preview, Rate};
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::problem::{ApiError, InputError};
use crate::http::query::{PAGING, Page, Params, RUN_FILTERS};
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::machine::{Act, ActKind, RunId};
use crate::store::access::Scope;
use crate::store::runs::bulk::Steer;
use crate::store::runs::listing::RunFilter;

/// A call waits at most so many seconds for the runs' answers; the bulk act goes on without it.
const WAIT_SECONDS_MAX: u64 = 20;

/// Runs that an answer names for each result; `GET /api/v1/bulk/{id}` has all.
const NAMED_MAX: i64 = 1_000;

/// What a bulk act has done so far, or would do.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum BulkAnswer {
    /// A dry run.
    Preview {
        /// True.
        dry_run: bool,
        /// None.
        acted: usize,
        /// None.
        proposed: [BulkProposal; 0],
        /// None.
        failed: [BulkFailure; 0],
        /// What it would do.
        #[serde(flatten)]
        preview: Box<Preview>,
    },
    /// It has begun.
    Begun {
        /// False.
        dry_run: bool,
        /// Its runs.
        matched: i32,
        /// Runs on which the act was done or recorded.
        acted: i32,
        /// Runs for which the act was proposed: it needs a second person.
        proposed: Vec<BulkProposal>,
        /// Runs whose state forbade it, and why.
        failed: Vec<BulkFailure>,
        /// The bulk act.
        #[serde(flatten)]
        bulk: Box<BulkView>,
    },
}

/// A run for which the act was proposed.
#[derive(Debug, Serialize)]
pub struct BulkProposal {
    id: RunId,
    proposal: Option<Uuid>,
}

/// A run on which nothing was done.
#[derive(Debug, Serialize)]
pub struct BulkFailure {
    id: RunId,
    detail: String,
}

/// A call as read from its body.
struct Asked {
    act: Act,
    filter: RunFilter,
    /// The filter as it was written.
    written: Value,
    reason: Option<String>,
    dry_run: bool,
    trial: Option<i32>,
    rate: Option<Rate>,
}

/// `POST /api/v1/runs:bulk`
pub async fn begin(
    State(app): State<App>,
    Operator(caller): Operator,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<BulkAnswer>, ApiError> {
    let wait: Option<u64> =
        Params::read(query.as_deref(), &[&["wait"]])?.parsed("wait", "must be a number of seconds")?;
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let asked = read(&received.bytes)?;
    if asked.dry_run {
        let preview = Box::new(app.engine.preview_bulk(&asked.act, &asked.filter).await?);
        return Ok(Json(BulkAnswer::Preview { dry_run: true, acted: 0, proposed: [], failed: [], preview }));
    }
    // One that takes its time is not waited for unless asked.
    let usual = if asked.rate.is_some() { 0 } else { WAIT_SECONDS_MAX };
    let patience = Duration::from_secs(wait.unwrap_or(usual).min(WAIT_SECONDS_MAX));
    let asked = BulkAsked {
        id: Uuid::now_v7(),
        act: asked.act,
        filter: asked.filter,
        written: asked.written,
        reason: asked.reason,
        trial: asked.trial,
        rate: asked.rate,
    };
    let begun = app.engine.begin_bulk(&asked, caller.identity()).await?;
    let bulk = Box::new(app.engine.await_bulk(begun.id, patience).await?);
    let of = async |result| app.engine.bulk_items(bulk.id, Some(result), 0, NAMED_MAX).await;
    let proposed = of("proposed").await?.into_iter();
    let failed = of("refused").await?.into_iter();
    Ok(Json(BulkAnswer::Begun {
        dry_run: false,
        matched: bulk.counts.total,
        acted: bulk.counts.done + bulk.counts.failed_again + bulk.counts.in_progress,
        proposed: proposed.map(|item| BulkProposal { id: item.run, proposal: item.proposal }).collect(),
        failed: failed.map(|item| BulkFailure { id: item.run, detail: item.detail.unwrap_or_default() }).collect(),
        bulk,
    }))
}

/// `GET /api/v1/bulk`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<BulkView>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, before) = (params.limit()?, params.cursor_id('b')?);
    let rows = app.engine.bulk_acts(before, limit + 1).await?;
    Ok(Json(Page::of('b', limit, rows, |bulk: &BulkView| bulk.id.to_string())))
}

/// A bulk act with a page of its runs.
#[derive(Serialize)]
pub struct Shown {
    #[serde(flatten)]
    bulk: BulkView,
    #[serde(flatten)]
    page: Page<BulkItem>,
}

/// What can become of a run.
const RESULTS: [&str; 7] = ["waiting", "in_progress", "done", "failed_again", "refused", "proposed", "left"];

/// `GET /api/v1/bulk/{id}`
pub async fn show(
    State(app): State<App>,
    _: Reader,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Shown>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["result"]])?;
    let limit = params.limit()?;
    let after = params.cursor('i')?.map(|c| c.parse::<i32>()).transpose();
    let after = after.map_err(|_| ApiError::bad_input("?cursor", "must be what `next` of this list held"))?;
    let result = params.text("result");
    if result.is_some_and(|result| !RESULTS.contains(&result)) {
        return Err(ApiError::bad_input("?result", format!("must be one of {}", RESULTS.join(", "))));
    }
    let id = bulk_id(&id)?;
    let bulk = app.engine.bulk(id).await?.ok_or(BulkError::Unknown(id))?;
    let items = app.engine.bulk_items(id, result, after.unwrap_or(0), limit + 1).await?;
    let page = Page::of('i', limit, items, |item: &BulkItem| item.place.to_string());
    Ok(Json(Shown { bulk, page }))
}

/// `POST /api/v1/bulk/{id}/{act}`: pause, resume, stop.
pub async fn steer(
    State(app): State<App>,
    Operator(caller): Operator,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<BulkView>, ApiError> {
    let id = bulk_id(&id)?;
    let names = Steer::ALL.map(Steer::as_str).join(", ");
    let steer: Steer =
        name.parse().map_err(|_| ApiError::NotFound(format!("unknown act {name:?}; known are {names}")))?;
    let reason = app.read_reason(&caller, &headers, body).await?;
    Ok(Json(app.engine.steer_bulk(id, steer, caller.identity(), reason.as_deref()).await?))
}

/// The id in a path. What is no id is an id of no bulk act.
fn bulk_id(text: &str) -> Result<Uuid, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound(format!("no bulk act {text:?}")))
}

impl From<BulkError> for ApiError {
    fn from(error: BulkError) -> Self {
        let detail = error.to_string();
        match error {
            BulkError::Unknown(_) => Self::NotFound(detail),
            BulkError::Ended { .. } => Self::Conflict(detail),
            BulkError::Store(error) => error.into(),
        }
    }
}

fn read(bytes: &[u8]) -> Result<Asked, ApiError> {
    let mut known = vec!["act", "filter", "reason", "dry_run", "trial", "rate"];
    known.extend(fields_for_many());
    let mut members = Members::of_body(bytes, &known)?;
    let known = || format!("must be one of {}", ActKind::names());
    let name = members.text("act")?.ok_or_else(|| wrong("act", known()))?;
    let kind: ActKind = name.parse().map_err(|_| wrong("act", format!("{}, not {name:?}", known())))?;
    let reason = reason(&mut members)?;
    let dry_run = members.flag("dry_run")?.unwrap_or(true);
    let (trial, rate) = (trial(&mut members)?, rate(&mut members)?);
    let filter = members.value("filter").ok_or_else(|| wrong("filter", "is needed"))?;
    let written = filter.clone();
    let filter = read_filter(filter)?;
    let act = read_act(kind, &mut members)?;
    for unused in fields_for_many() {
        if members.value(unused).is_some() {
            return Err(wrong(unused, format!("is not used by {name}")));
        }
    }
    Ok(Asked { act, filter, written, reason, dry_run, trial, rate })
}

/// Everything that acts on many runs can take.
fn fields_for_many() -> BTreeSet<&'static str> {
    let all = ActKind::ALL.iter().flat_map(|kind| kind.about().fields);
    all.filter(|field| field.is_for_many()).map(|field| field.name()).collect()
}

fn trial(members: &mut Members) -> Result<Option<i32>, ApiError> {
    let value = members.value("trial").filter(|value| !value.is_null());
    let number = |value: Value| value.as_i64().and_then(|n| i32::try_from(n).ok()).filter(|n| *n > 0);
    value.map(|value| number(value).ok_or_else(|| wrong("trial", "must be a number of runs, at least 1"))).transpose()
}

pub(super) fn rate(members: &mut Members) -> Result<Option<Rate>, ApiError> {
    let rate = match members.value("rate") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64().and_then(Rate::of),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    rate.map(Some).ok_or_else(|| wrong("rate", Rate::EXPECTED))
}

/// The filter's members are the parameters of `GET /api/v1/runs`; a list stands for any of its texts.
fn read_filter(filter: Value) -> Result<RunFilter, ApiError> {
    let mut members = Members::of(filter, "/filter", &RUN_FILTERS)?;
    let mut pairs = Vec::new();
    for name in RUN_FILTERS {
        let texts = match members.value(name) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(items)) if name == "status" => items,
            Some(single) => vec![single],
        };
        for text in texts {
            let Value::String(text) = text else { return Err(wrong(&format!("filter/{name}"), "must be a text")) };
            pairs.push((name.to_owned(), text));
        }
    }
    if pairs.iter().all(|(_, text)| text.is_empty()) {
        return Err(wrong("filter", "must name at least one thing: acting on every run is not allowed"));
    }
    Params::from_pairs(pairs).run_filter().map_err(into_body_error)
}

/// What is said about `?status` is true of `/filter/status`.
fn into_body_error(error: ApiError) -> ApiError {
    match error {
        ApiError::BadRequest(detail, errors) => {
            let moved = |e: InputError| InputError { pointer: e.pointer.replacen('?', "/filter/", 1), ..e };
            ApiError::Unprocessable(detail.replacen('?', "/filter/", 1), errors.into_iter().map(moved).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Status;

    #[test]
    fn bulk_is_a_dry_run_by_default() {
        let asked = read(br#"{"act": "cancel", "filter": {"status": ["waiting", "pending"], "key": "a"}}"#).unwrap();
        assert!(asked.dry_run);
        assert_eq!(
            (asked.filter.status, asked.filter.key.as_deref()),
            (vec![Status::Waiting, Status::Pending], Some("a"))
        );
    }

    #[test]
    fn bulk_never_means_every_run() {
        for body in
            [r#"{"act": "cancel"}"#, r#"{"act": "cancel", "filter": {}}"#, r#"{"act": "cancel", "filter": {"q": ""}}"#]
        {
            assert!(matches!(read(body.as_bytes()), Err(ApiError::Unprocessable(..))), "{body}");
        }
    }

    #[test]
    fn a_mistake_in_a_bulk_filter_is_found_by_its_pointer() {
        for (filter, pointer) in [
            (r#"{"status": "done"}"#, "/filter/status"),
            (r#"{"stat": "waiting"}"#, "/filter/stat"),
            (r#"{"key": 7}"#, "/filter/key"),
        ] {
            let body = format!(r#"{{"act": "cancel", "filter": {filter}}}"#);
            let Err(ApiError::Unprocessable(_, errors)) = read(body.as_bytes()) else { panic!("{filter}") };
            assert_eq!(errors[0].pointer, pointer);
        }
    }

    #[test]
    fn trial_and_rate_are_numbers_that_mean_something() {
        let body = |more: &str| format!(r#"{{"act": "retry", "filter": {{"key": "a"}}, {more}}}"#);
        let asked = read(body(r#""trial": 5, "rate": "30/min""#).as_bytes()).unwrap();
        assert_eq!((asked.trial, asked.rate.map(Rate::per_second)), (Some(5), Some(0.5)));
        assert_eq!(read(body(r#""rate": 2"#).as_bytes()).unwrap().rate.map(Rate::per_second), Some(2.0));
        for wrong in [r#""trial": 0"#, r#""trial": "5""#, r#""trial": 1.5"#, r#""rate": 0"#, r#""rate": "fast""#] {
            assert!(matches!(read(body(wrong).as_bytes()), Err(ApiError::Unprocessable(..))), "{wrong}");
        }
    }
}

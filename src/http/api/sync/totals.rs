//! Totals of won deals and orders: sums, lines, changes since a sign-off, sign-offs. Sums and lines are also available
//! as CSV.

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate, Utc};
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::engine::sync::totals::{self, Signed, Signing, TotalsLine, TotalsSum, csv};
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::api::runs::acts::reason;
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params, cursor};
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::memory::totals::{Scope, State as LineState};
use crate::store::access;
use crate::store::sync::totals::shown::{After, Filter};
use crate::store::sync::totals::signing::{self, ChangeRow, SignOff};

/// Filters of sums and lines.
const FILTERS: [&str; 6] = ["from", "until", "currency", "company", "state", "format"];
/// Default number of days shown.
const DAYS_SHOWN: u64 = 31;

/// A page of sums, and what they cover.
#[derive(Debug, Serialize)]
pub struct Sums {
    /// First day.
    from: NaiveDate,
    /// Last day.
    until: NaiveDate,
    /// The last comparison that covers any of these days. A sign-off sends it back to confirm which figures were seen.
    as_of: Option<Uuid>,
    #[serde(flatten)]
    page: Page<TotalsSum>,
}

/// `GET /api/v1/totals`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &FILTERS, &["by"]])?;
    let filter = filter(&params)?;
    let of_period = match params.text("by") {
        None | Some("day") => false,
        Some("period") => true,
        Some(_) => return Err(ApiError::bad_input("?by", "must be day or period")),
    };
    let Scope { from, until, .. } = filter.scope;
    let pool = app.engine.reader();
    if wants_csv(&params, &headers)? {
        let sums = if of_period {
            totals::by_period(pool, &filter).await?
        } else {
            totals::by_day(pool, &filter, None, csv::ROWS_MAX + 1).await?
        };
        return file(&format!("totals-{from}-{until}.csv"), sums.len(), csv::of_sums(&sums));
    }
    let as_of = signing::as_of(pool, from, until).await?;
    let limit = params.limit()?;
    let page = if of_period {
        Page { items: totals::by_period(pool, &filter).await?, next: None }
    } else {
        let after = params.cursor('m')?.map(|text| after_sum(&text)).transpose()?;
        let rows = totals::by_day(pool, &filter, after.as_ref(), limit + 1).await?;
        Page::of('m', limit, rows, place_of)
    };
    Ok(Json(Sums { from, until, as_of, page }).into_response())
}

/// `GET /api/v1/totals/lines`
pub async fn lines(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &FILTERS])?;
    let filter = filter(&params)?;
    let pool = app.engine.reader();
    if wants_csv(&params, &headers)? {
        let Scope { from, until, .. } = filter.scope;
        let lines = totals::lines(pool, &filter, None, csv::ROWS_MAX + 1).await?;
        let text = csv::of_lines(lines.iter().map(|(_, line)| line));
        return file(&format!("totals-lines-{from}-{until}.csv"), lines.len(), text);
    }
    let limit = params.limit()?;
    let after = params.cursor('g')?.map(|text| After::of_token(&text).ok_or_else(no_cursor)).transpose()?;
    let mut rows = totals::lines(pool, &filter, after.as_ref(), limit + 1).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|(after, _)| cursor('g', &after.to_token()));
    Ok(Json(Page { items: rows.into_iter().map(|(_, line)| line).collect::<Vec<TotalsLine>>(), next }).into_response())
}

/// `GET /api/v1/totals/changes`
pub async fn changes(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<ChangeRow>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["from", "until", "marked"]])?;
    let Scope { from, until, .. } = scope(&params)?;
    let only_marked: Option<bool> = params.parsed("marked", "must be true or false")?;
    let (limit, before) = (params.limit()?, params.cursor_id('h')?);
    let rows =
        signing::changes(app.engine.reader(), (from, until), only_marked.unwrap_or(true), before, limit + 1).await?;
    Ok(Json(Page::of('h', limit, rows, |row| row.id.to_string())))
}

/// `GET /api/v1/totals/sign-offs`
pub async fn sign_offs(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<SignOff>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["from", "until"]])?;
    let Scope { from, until, .. } = scope(&params)?;
    let (limit, before) = (params.limit()?, params.cursor_id('o')?);
    let rows = signing::list(app.engine.reader(), (from, until), before, limit + 1).await?;
    Ok(Json(Page::of('o', limit, rows, |row| row.id.to_string())))
}

/// `POST /api/v1/totals/sign-offs`
pub async fn sign(
    State(app): State<App>,
    Operator(caller): Operator,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    expect_json(&headers)?;
    let received = app.read_act(&caller, access::Scope::Operate, &headers, body).await?;
    let known = ["from", "until", "currency", "company", "seen", "reason"];
    let mut members = Members::of_body(&received.bytes, &known)?;
    let mut date = |name: &str| -> Result<NaiveDate, ApiError> {
        let text = members.text(name)?;
        text.and_then(|text| text.parse().ok()).ok_or_else(|| wrong(name, "must be a date such as 2026-11-30"))
    };
    let (from, until) = (date("from")?, date("until")?);
    totals::check_period(from, until).map_err(|why| wrong("until", why))?;
    let seen = members
        .text("seen")?
        .map(|text| text.parse().map_err(|_| wrong("seen", "must be the `as_of` value of an earlier response")));
    let scope = Scope { from, until, currency: members.text("currency")?, company: members.text("company")? };
    let signing = Signing { scope, seen: seen.transpose()?, reason: reason(&mut members)? };
    match app.engine.sign_totals(&signing, &caller.actor()).await? {
        Signed::Done(done) => {
            let location = [(LOCATION, format!("/api/v1/totals/sign-offs?from={from}&until={until}"))];
            Ok((StatusCode::CREATED, location, Json(*done)).into_response())
        }
        Signed::NeedsReason(why) => Err(wrong("reason", format!("is required, because {why}"))),
        Signed::Refused(why) | Signed::Stale(why) => Err(ApiError::Conflict(format!("not signed off: {why}"))),
    }
}

fn filter(params: &Params) -> Result<Filter, ApiError> {
    let known = LineState::ALL.map(LineState::as_str).join(", ");
    let state = params.text("state").map(|text| {
        LineState::named(text).ok_or_else(|| ApiError::bad_input("?state", format!("must be one of {known}")))
    });
    Ok(Filter { state: state.transpose()?, scope: scope(params)? })
}

/// Reads days, currency and company; default: the last month up to today.
fn scope(params: &Params) -> Result<Scope, ApiError> {
    let expected = "must be a date such as 2026-11-30";
    let until: Option<NaiveDate> = params.parsed("until", expected)?;
    let from: Option<NaiveDate> = params.parsed("from", expected)?;
    let until = until.unwrap_or_else(|| Utc::now().date_naive().max(from.unwrap_or_default()));
    let from = from.or_else(|| until.checked_sub_days(Days::new(DAYS_SHOWN - 1))).unwrap_or(until);
    totals::check_period(from, until).map_err(|why| ApiError::bad_input("?from", why))?;
    let text = |name: &str| params.text(name).map(str::to_owned);
    Ok(Scope { from, until, currency: text("currency"), company: text("company") })
}

/// Whether to answer in CSV: `?format=csv`, or an `Accept` header that starts with it.
fn wants_csv(params: &Params, headers: &HeaderMap) -> Result<bool, ApiError> {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    match params.text("format") {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        None => Ok(accept.trim_start().starts_with("text/csv")),
        Some(_) => Err(ApiError::bad_input("?format", "must be json or csv")),
    }
}

/// Returns a CSV download; an error if it would be incomplete, because it would be mistaken for the whole.
fn file(name: &str, rows: usize, text: String) -> Result<Response, ApiError> {
    if i64::try_from(rows).is_ok_and(|rows| rows > csv::ROWS_MAX) {
        let why = format!("has more than {} rows: ask for fewer days, or for JSON page by page", csv::ROWS_MAX);
        return Err(ApiError::bad_input("?from", why));
    }
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, text).into_response())
}

/// Cursor of a sum, such as `2026-11-20|EUR|2`.
fn place_of(sum: &TotalsSum) -> String {
    let day = sum.day.map(|day| day.to_string()).unwrap_or_default();
    format!("{day}|{}|{}", sum.currency, sum.company.as_deref().unwrap_or_default())
}

fn no_cursor() -> ApiError {
    ApiError::bad_input("?cursor", "must be the `next` value of this list")
}

fn after_sum(text: &str) -> Result<(NaiveDate, String, String), ApiError> {
    let mut parts = text.splitn(3, '|');
    let day = parts.next().and_then(|day| day.parse().ok()).ok_or_else(no_cursor)?;
    let (Some(currency), Some(company)) = (parts.next(), parts.next()) else { return Err(no_cursor()) };
    Ok((day, currency.to_owned(), company.to_owned()))
}

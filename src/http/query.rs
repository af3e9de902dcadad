//! Query parameters: those that a route knows, each once; cursors; filters of lists.

use std::str::FromStr;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Datelike as _;
use http::Uri;
use percent_encoding::percent_decode;
use serde::Serialize;
use uuid::Uuid;

use super::problem::{ApiError, InputError};
use crate::machine::{Attention, Status, Time};
use crate::store::runs::listing::{Order, RunFilter};

/// Refuses an address that says what no name, no filter and no text in the database can be: a zero byte, or what is not UTF-8.
///
/// # Errors
/// 400 that says whether path or query is wrong.
pub fn check_address(uri: &Uri) -> Result<(), ApiError> {
    for (place, text) in [("path", Some(uri.path())), ("query", uri.query())] {
        check_encoded(text.unwrap_or_default().as_bytes())
            .map_err(|what| ApiError::BadRequest(format!("the {place} of the address {what}"), Vec::new()))?;
    }
    Ok(())
}

/// What is wrong with percent-encoded text.
///
/// # Errors
/// It contains a zero byte, or is not UTF-8.
pub fn check_encoded(text: &[u8]) -> Result<(), &'static str> {
    match percent_decode(text).decode_utf8() {
        Err(_) => Err("is not UTF-8"),
        Ok(text) if text.contains('\0') => Err("contains a zero byte"),
        Ok(_) => Ok(()),
    }
}

/// The middleware of [`check_address`] for programs; pages have one that answers with a page.
pub async fn sound_address(request: Request, next: Next) -> Response {
    match check_address(request.uri()) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

/// Items of a page unless the caller says otherwise.
const LIMIT_DEFAULT: i64 = 50;

/// No page is longer.
const LIMIT_MAX: i64 = 500;

/// No filter text is longer.
const TEXT_BYTES_MAX: usize = 512;

/// Names of the parameters of every list.
pub const PAGING: [&str; 2] = ["limit", "cursor"];

/// Names of the filters of `GET /api/v1/runs`.
pub const RUN_FILTERS: [&str; 11] = [
    "workflow",
    "version",
    "status",
    "attention",
    "fingerprint",
    "unacknowledged",
    "key",
    "event",
    "q",
    "since",
    "until",
];

/// The parameters of one request.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the query of a request. Only `status` may be given more than once.
    ///
    /// # Errors
    /// 400 that names what is unknown, twice there, or too long.
    pub fn read(query: Option<&str>, known: &[&[&str]]) -> Result<Self, ApiError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut errors = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().take(64) {
            let problem = if !known.iter().any(|names| names.contains(&name.as_str())) {
                format!("unknown; known are {}", known.concat().join(", "))
            } else if name != "status" && pairs.iter().any(|(n, _)| *n == name) {
                "given twice".to_owned()
            } else if value.len() > TEXT_BYTES_MAX || value.contains('\0') {
                format!("longer than {TEXT_BYTES_MAX} bytes, or with a zero byte")
            } else {
                pairs.push((name, value));
                continue;
            };
            errors.push(InputError::new(format!("?{name}"), problem));
        }
        if errors.is_empty() {
            Ok(Self(pairs))
        } else {
            Err(ApiError::BadRequest("the query is invalid".into(), errors))
        }
    }

    /// A parameter's text; an empty one counts as not given.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// # Errors
    /// 400 with `expected` if it is not one.
    pub fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, ApiError> {
        let parse = |text: &str| text.parse().map_err(|_| ApiError::bad_input(&format!("?{name}"), expected));
        self.text(name).map(parse).transpose()
    }

    /// Why something is done, where the body is something else or there is none.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.text("reason").map(super::api::runs::acts::clean_reason).filter(|text| !text.is_empty())
    }

    /// # Errors
    /// 400 if it is not a time.
    pub fn time(&self, name: &str) -> Result<Option<Time>, ApiError> {
        let expected = "must be an RFC 3339 time such as 2026-11-20T16:42:07Z (write + as %2B)";
        let time = self.parsed::<chrono::DateTime<chrono::FixedOffset>>(name, expected)?.map(|t| t.to_utc());
        match time {
            // RFC 3339 has years of four digits; Postgres knows fewer years than chrono.
            Some(time) if !(0..=9_999).contains(&time.year()) => {
                Err(ApiError::bad_input(&format!("?{name}"), expected))
            }
            time => Ok(time),
        }
    }

    /// # Errors
    /// 400 if it is not between 1 and 500.
    pub fn limit(&self) -> Result<i64, ApiError> {
        let expected = format!("must be a number from 1 to {LIMIT_MAX}");
        match self.parsed("limit", &expected)? {
            None => Ok(LIMIT_DEFAULT),
            Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
            Some(_) => Err(ApiError::bad_input("?limit", expected)),
        }
    }

    /// # Errors
    /// 400 for an order that there is none of.
    pub fn order(&self) -> Result<Order, ApiError> {
        match self.text("sort") {
            None | Some("-created_at") => Ok(Order::Newest),
            Some("created_at") => Ok(Order::Oldest),
            Some(_) => Err(ApiError::bad_input("?sort", "must be created_at or -created_at")),
        }
    }

    /// What `next` of the page before held.
    ///
    /// # Errors
    /// 400 for a cursor of another list, or not from here.
    pub fn cursor(&self, list: char) -> Result<Option<String>, ApiError> {
        let Some(text) = self.text("cursor") else { return Ok(None) };
        let decoded = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        decoded
            .filter(|d| !d.contains('\0'))
            .and_then(|d| d.strip_prefix(list).map(str::to_owned))
            .map(Some)
            .ok_or_else(|| ApiError::bad_input("?cursor", "must be the `next` value of this list"))
    }

    /// A cursor that holds an id.
    ///
    /// # Errors
    /// As [`Self::cursor`].
    pub fn cursor_id(&self, list: char) -> Result<Option<Uuid>, ApiError> {
        let parse = |text: String| {
            text.parse().map_err(|_| ApiError::bad_input("?cursor", "must be the `next` value of this list"))
        };
        self.cursor(list)?.map(parse).transpose()
    }

    /// The filter of `GET /api/v1/runs`.
    ///
    /// # Errors
    /// 400 that names the first parameter that cannot be understood.
    pub fn run_filter(&self) -> Result<RunFilter, ApiError> {
        let attention = self.text("attention").map(attention).transpose()?;
        Ok(RunFilter {
            workflow: self.text("workflow").map(str::to_owned),
            version: self.text("version").map(str::to_owned),
            status: self.statuses()?,
            attention,
            fingerprint: self.text("fingerprint").map(str::to_owned),
            unacknowledged: match self.text("unacknowledged") {
                None => false,
                Some("true") => true,
                Some(_) => return Err(ApiError::bad_input("?unacknowledged", "must be true, or left out")),
            },
            key: self.text("key").map(str::to_owned),
            event: self.parsed("event", "must be the id of a received event")?,
            q: self.text("q").map(str::to_owned),
            since: self.time("since")?,
            until: self.time("until")?,
            order: self.order()?,
        })
    }

    /// `status=waiting,running` or `status=waiting&status=running`.
    fn statuses(&self) -> Result<Vec<Status>, ApiError> {
        let named = self.0.iter().filter(|(n, _)| n == "status").flat_map(|(_, v)| v.split(','));
        named
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse().map_err(|_| ApiError::bad_input("?status", format!("{text:?} is not a status of a run")))
            })
            .collect()
    }

    /// Parameters made of a bulk filter's members, so that both are understood alike.
    #[must_use]
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

/// `any`, `none`, or one reason.
fn attention(text: &str) -> Result<String, ApiError> {
    let reasons = [Attention::Faulted, Attention::CompensationStuck, Attention::Poison, Attention::UnknownOutcome];
    let known: Vec<&str> = ["any", "none"].into_iter().chain(reasons.map(Attention::as_str)).collect();
    match text {
        "true" => Ok("any".to_owned()),
        "false" => Ok("none".to_owned()),
        _ if known.contains(&text) => Ok(text.to_owned()),
        _ => Err(ApiError::bad_input("?attention", format!("must be one of {}", known.join(", ")))),
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// For `?cursor=`; null on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of `limit + 1` rows asked for; `key` of the last item shown becomes the cursor.
    pub fn of<R: Into<T>>(list: char, limit: i64, mut rows: Vec<R>, key: impl Fn(&R) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| cursor(list, &key(last)));
        Self { items: rows.into_iter().map(Into::into).collect(), next }
    }
}

/// What `next` holds.
pub(super) fn cursor(list: char, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Result<RunFilter, ApiError> {
        Params::read(Some(query), &[&RUN_FILTERS, &PAGING, &["sort"]])?.run_filter()
    }

    #[test]
    fn every_filter_of_the_contract_is_understood() {
        let found = filter(
            "workflow=crm-erp/closed-won&version=1.0.0&status=waiting,faulted&status=running&attention=any&key=006%2F1\
             &event=0190a5b0-0000-7000-8000-000000000000&q=006&since=2026-11-20T16:42:07%2B01:00&until=2026-11-21T00:00:00Z\
             &sort=created_at",
        )
        .unwrap();
        assert_eq!(found.status, [Status::Waiting, Status::Faulted, Status::Running]);
        assert_eq!((found.key.as_deref(), found.order), (Some("006/1"), Order::Oldest));
        assert_eq!(found.since.unwrap().to_rfc3339(), "2026-11-20T15:42:07+00:00");
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (query, pointer) in [
            ("statuss=waiting", "?statuss"),
            ("status=done", "?status"),
            ("since=yesterday", "?since"),
            ("event=7", "?event"),
            ("attention=maybe", "?attention"),
            ("unacknowledged=no", "?unacknowledged"),
            ("sort=key", "?sort"),
            ("key=a&key=b", "?key"),
            ("q=a%00b", "?q"),
            ("since=%2B99999-01-01T00:00:00Z", "?since"),
            ("until=-9999-01-01T00:00:00Z", "?until"),
        ] {
            let Err(ApiError::BadRequest(_, errors)) = filter(query) else { panic!("{query} was taken") };
            assert_eq!(errors[0].pointer, pointer, "{query}");
        }
    }

    #[test]
    fn an_address_is_utf_8_without_a_zero_byte() {
        for sound in ["/runs/a%20b?q=%C3%BC", "/%25%32%30?", "/a?b=%", "/a?x=%2500"] {
            assert!(check_address(&sound.parse().unwrap()).is_ok(), "{sound}");
        }
        for unsound in ["/runs/%00", "/runs/%ff", "/runs?q=a%00", "/runs?%00=1", "/runs?q=%ED%A0%80"] {
            let refused = check_address(&unsound.parse().unwrap());
            assert!(matches!(refused, Err(ApiError::BadRequest(..))), "{unsound}");
        }
        let query = format!("cursor={}", URL_SAFE_NO_PAD.encode("w\0"));
        assert!(Params::read(Some(&query), &[&PAGING]).unwrap().cursor('w').is_err());
    }

    #[test]
    fn limits_have_bounds() {
        let limit = |query: &str| Params::read(Some(query), &[&PAGING]).unwrap().limit();
        assert_eq!((limit("").unwrap(), limit("limit=500").unwrap()), (50, 500));
        for query in ["limit=0", "limit=501", "limit=-1", "limit=many"] {
            assert!(limit(query).is_err(), "{query}");
        }
    }

    #[test]
    fn a_cursor_leads_on_in_its_own_list_only() {
        let page: Page<Uuid> = Page::of('r', 2, vec![Uuid::nil(), Uuid::max(), Uuid::nil()], Uuid::to_string);
        let query = format!("cursor={}", page.next.unwrap());
        let params = Params::read(Some(&query), &[&PAGING]).unwrap();
        assert_eq!(params.cursor_id('r').unwrap(), Some(Uuid::max()));
        assert!(params.cursor_id('e').is_err());
        let last: Page<Uuid> = Page::of('r', 2, vec![Uuid::nil(), Uuid::max()], Uuid::to_string);
        assert_eq!((last.items.len(), last.next), (2, None));
    }
}

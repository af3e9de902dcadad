//! Reading bodies: bounded in bytes, in time, and in memory over all requests together; JSON without surprises.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::{ApiError, InputError};

/// A sender that is slower than this holds no place here.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Memory for the bodies of a group of routes. Slow senders hold only what they sent.
#[derive(Clone)]
pub struct Budget {
    free: Arc<Semaphore>,
    body_bytes_max: usize,
    time_max: Duration,
}

/// A body, and its share of the budget until it is dropped.
pub struct Received {
    /// As sent.
    pub bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// Room for bodies of `total_bytes` together, each at most `body_bytes_max`.
    #[must_use]
    pub fn new(total_bytes: usize, body_bytes_max: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(total_bytes.max(body_bytes_max))),
            body_bytes_max,
            time_max: BODY_TIME_MAX,
        }
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    /// 408, 413, 415 for a compressed body, 503 while there is no room, 400 if the sender breaks off.
    pub async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Received, ApiError> {
        refuse_compressed(headers)?;
        let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
        if announced.is_some_and(|length| length > self.body_bytes_max as u64) {
            return Err(ApiError::TooLarge(self.body_bytes_max));
        }
        tokio::time::timeout(self.time_max, self.collect(body)).await.map_err(|_| ApiError::Timeout)?
    }

    async fn collect(&self, body: Body) -> Result<Received, ApiError> {
        let mut stream = body.into_data_stream();
        let mut bytes = BytesMut::new();
        let mut share: Option<OwnedSemaphorePermit> = None;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| ApiError::BadRequest("the body broke off".into(), Vec::new()))?;
            if bytes.len() + chunk.len() > self.body_bytes_max {
                return Err(ApiError::TooLarge(self.body_bytes_max));
            }
            let more = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
            let more = Arc::clone(&self.free)
                .try_acquire_many_owned(more)
                .map_err(|_| ApiError::unavailable("too many large bodies at once"))?;
            match &mut share {
                Some(share) => share.merge(more),
                None => share = Some(more),
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Received { bytes: bytes.freeze(), _share: share })
    }
}

/// What is small on the wire must not become large here.
fn refuse_compressed(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(
            ApiError::UnsupportedMediaType("compressed bodies are not taken; send it without Content-Encoding".into()),
        ),
        _ => Ok(()),
    }
}

/// The media type of a request, in lower case and without parameters.
#[must_use]
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// # Errors
/// 415 where the body says that it is not JSON.
pub fn expect_json(headers: &HeaderMap) -> Result<(), ApiError> {
    match media_type(headers) {
        Some(kind) if kind != "application/json" && !kind.ends_with("+json") => {
            Err(ApiError::UnsupportedMediaType(format!("send application/json, not {kind}")))
        }
        _ => Ok(()),
    }
}

/// JSON as the hub's one strict reader takes it.
///
/// # Errors
/// 400 with the reason.
pub fn json(bytes: &[u8]) -> Result<Value, ApiError> {
    crate::hub::json::read(bytes).map_err(|bad| {
        let detail = format!("the body is not JSON that is taken: {bad}");
        ApiError::BadRequest(detail, vec![InputError::new(bad.pointer, bad.message)])
    })
}

/// The members of a JSON object, each taken out at most once; names that nobody expects are refused.
#[derive(Debug)]
pub struct Members(Map<String, Value>);

impl Members {
    /// An empty body has no members.
    ///
    /// # Errors
    /// 400 for what is no JSON object, 422 that names each unknown member.
    pub fn of_body(bytes: &[u8], known: &[&str]) -> Result<Self, ApiError> {
        let value = if bytes.is_empty() { Value::Object(Map::new()) } else { json(bytes)? };
        Self::of(value, "", known)
    }

    /// The members of an object that stands at `pointer`.
    ///
    /// # Errors
    /// As [`Self::of_body`].
    pub fn of(value: Value, pointer: &str, known: &[&str]) -> Result<Self, ApiError> {
        let Value::Object(map) = value else {
            return Err(ApiError::BadRequest(
                "a JSON object is needed".into(),
                vec![InputError::new(pointer, "must be an object")],
            ));
        };
        let unknown: Vec<InputError> = map
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| InputError::new(format!("{pointer}/{}", escaped(name)), unknown_member(known)))
            .collect();
        if unknown.is_empty() {
            Ok(Self(map))
        } else {
            Err(ApiError::Unprocessable("the body has members that mean nothing here".into(), unknown))
        }
    }

    /// Any value; null counts as a value.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// # Errors
    /// 422 if it is not text.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "must be a text")),
        }
    }

    /// # Errors
    /// 422 if it is neither true nor false.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(wrong(name, "must be true or false")),
        }
    }
}

/// 422 at one member of the body.
#[must_use]
pub fn wrong(name: &str, message: impl Into<String>) -> ApiError {
    let message = message.into();
    ApiError::Unprocessable(format!("{name} {message}"), vec![InputError::new(format!("/{name}"), message)])
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unknown_member(known: &[&str]) -> String {
    if known.is_empty() {
        "nothing is expected here".into()
    } else {
        format!("unknown; known are {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Budget {
        Budget::new(64, 16)
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_with_and_without_a_length() {
        let long = || Body::from(vec![b' '; 17]);
        let endless = Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from("x"))));
        let mut announced = HeaderMap::new();
        announced.insert(CONTENT_LENGTH, 17.into());
        for (headers, body) in [(HeaderMap::new(), long()), (announced, Body::empty()), (HeaderMap::new(), endless)] {
            assert!(matches!(budget().read(&headers, body).await, Err(ApiError::TooLarge(16))));
        }
        assert_eq!(budget().read(&HeaderMap::new(), Body::from("{}")).await.ok().unwrap().bytes, "{}");
    }

    #[tokio::test]
    async fn a_sender_that_stops_half_way_is_not_waited_for() {
        let stuck = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let hasty = Budget { time_max: Duration::from_millis(1), ..budget() };
        assert!(matches!(hasty.read(&HeaderMap::new(), stuck).await, Err(ApiError::Timeout)));
    }

    #[tokio::test]
    async fn bodies_share_one_budget_and_give_it_back() {
        let budget = Budget::new(20, 16);
        let first = budget.read(&HeaderMap::new(), Body::from(vec![b'x'; 16])).await.ok().unwrap();
        let second = budget.read(&HeaderMap::new(), Body::from(vec![b'x'; 16])).await;
        assert!(matches!(second, Err(ApiError::Unavailable(..))));
        drop(first);
        assert!(budget.read(&HeaderMap::new(), Body::from(vec![b'x'; 16])).await.is_ok());
    }

    #[tokio::test]
    async fn a_compressed_body_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(matches!(budget().read(&headers, Body::empty()).await, Err(ApiError::UnsupportedMediaType(_))));
    }

    #[test]
    fn unknown_members_are_named_by_pointer() {
        let Err(ApiError::Unprocessable(_, errors)) = Members::of_body(br#"{"reason": "x", "a/b": 1}"#, &["reason"])
        else {
            panic!("a/b was not refused")
        };
        assert_eq!(errors, [InputError::new("/a~1b", "unknown; known are reason")]);
        assert!(Members::of_body(b"", &[]).is_ok());
        assert!(matches!(Members::of_body(b"[]", &[]), Err(ApiError::BadRequest(..))));
    }

    #[test]
    fn null_is_a_value_and_absence_is_not() {
        let mut members = Members::of_body(br#"{"input": null}"#, &["input", "output"]).unwrap();
        assert_eq!((members.value("input"), members.value("output")), (Some(Value::Null), None));
    }
}

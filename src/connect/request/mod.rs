//! Builds the outgoing request (headers and body) from the request that a workflow describes.

pub(super) mod hosts;
pub(super) mod prepared;
pub(super) mod reach;
pub(super) mod target;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;
use url::form_urlencoded;

use super::answer::redact::Hidden;
use super::problem::Problem;
use super::{Prepared, Secrets};
use crate::machine::CallRequest;
use crate::redact::{Known, Redactor};

/// Headers that belong to the HTTP message itself; only the client may set them.
const FRAMING: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
];

/// A request ready to be sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    /// Secrets in the request.
    pub(super) hidden: Hidden,
    /// Masks those secrets in the answer; set by [`Self::seal`].
    pub(super) redactor: Redactor,
}

impl Outgoing {
    /// Completes the request: from here on, everything secret in it is masked in the answer.
    pub(super) fn seal(&mut self, known: &Known) {
        self.redactor = self.hidden.redactor(known);
    }
}

/// Builds the request without credentials. Resolves secrets now, so each attempt sees their current values.
pub(super) fn build(
    connection: &Prepared,
    secrets: &Secrets,
    request: &CallRequest,
    mut url: Url,
) -> Result<Outgoing, Box<Problem>> {
    let method = method(&request.method)?;
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    let mut hidden = Hidden::default();
    let mut headers = connection.headers.clone();
    add_secret_headers(connection, secrets, &mut headers, &mut hidden)?;
    for (name, value) in &request.headers {
        headers.insert(header_name(name)?, header_value(name, value)?);
    }
    add_if_absent(&mut headers, &connection.idempotency_header, &request.idempotency_key)?;
    add_if_absent(&mut headers, &TRACEPARENT, &request.traceparent)?;
    let body = body(request.body.as_ref(), &mut headers)?;
    Ok(Outgoing { method, url, headers, body, hidden, redactor: Redactor::default() })
}

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

fn method(name: &str) -> Result<Method, Box<Problem>> {
    match Method::from_bytes(name.as_bytes()) {
        Ok(method) if method != Method::CONNECT && method != Method::TRACE => Ok(method),
        _ => {
            Err(Problem::configuration("Invalid method", format!("{name:?} is not an HTTP method that can be called")))
        }
    }
}

/// Parses a header name that definitions and connections may set.
pub(super) fn header_name(name: &str) -> Result<HeaderName, Box<Problem>> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        Problem::configuration(
            "Invalid header",
            format!("header name {name:?} has characters that HTTP does not allow"),
        )
    })?;
    if FRAMING.contains(&parsed.as_str()) {
        let detail =
            format!("header {name} belongs to the HTTP client and cannot be set by a workflow or a connection");
        return Err(Problem::configuration("Invalid header", detail));
    }
    Ok(parsed)
}

/// Parses a header value. Errors name only the header, since the value may be a secret.
pub(super) fn header_value(name: &str, value: &str) -> Result<HeaderValue, Box<Problem>> {
    HeaderValue::from_str(value).map_err(|_| {
        let detail =
            format!("the value of header {name} has a line break or another character that HTTP does not allow");
        Problem::configuration("Invalid header", detail)
    })
}

fn add_if_absent(headers: &mut HeaderMap, name: &HeaderName, value: &str) -> Result<(), Box<Problem>> {
    if !value.is_empty() && !headers.contains_key(name) {
        headers.insert(name.clone(), header_value(name.as_str(), value)?);
    }
    Ok(())
}

fn add_secret_headers(
    connection: &Prepared,
    secrets: &Secrets,
    headers: &mut HeaderMap,
    hidden: &mut Hidden,
) -> Result<(), Box<Problem>> {
    for (name, secret) in &connection.secret_headers {
        let secret = secrets.resolve(secret).map_err(|e| Problem::secret(&e))?;
        hidden.add(secret.expose());
        let mut value = header_value(name.as_str(), secret.expose())?;
        value.set_sensitive(true);
        headers.insert(name.clone(), value);
    }
    Ok(())
}

/// Encodes the body for its content type, JSON by default. `null` means no body.
fn body(body: Option<&Value>, headers: &mut HeaderMap) -> Result<Option<Bytes>, Box<Problem>> {
    let Some(body) = body.filter(|body| !body.is_null()) else { return Ok(None) };
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some(content_type) = content_type else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return Ok(Some(json(body)));
    };
    match (body, essence(content_type).as_str()) {
        (_, essence) if is_json(essence) => Ok(Some(json(body))),
        (Value::String(text), _) => Ok(Some(Bytes::copy_from_slice(text.as_bytes()))),
        (Value::Object(fields), "application/x-www-form-urlencoded") => form(fields).map(Some),
        (_, essence) => {
            let detail = format!("a body of content type {essence} must be a string; only JSON and forms are encoded");
            Err(Problem::configuration("Invalid body", detail))
        }
    }
}

fn json(body: &Value) -> Bytes {
    serde_json::to_vec(body).expect("a JSON value serializes, its keys are strings").into()
}

fn form(fields: &serde_json::Map<String, Value>) -> Result<Bytes, Box<Problem>> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for item in items {
            match item {
                Value::Null => {}
                Value::String(text) => drop(form.append_pair(name, text)),
                Value::Bool(_) | Value::Number(_) => drop(form.append_pair(name, &item.to_string())),
                Value::Array(_) | Value::Object(_) => {
                    let detail =
                        format!("form field {name:?} is an object or a nested array; a form takes flat values");
                    return Err(Problem::configuration("Invalid body", detail));
                }
            }
        }
    }
    Ok(form.finish().into())
}

/// Returns `type/subtype` of a content type, in lower case and without parameters.
pub(super) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a `type/subtype` means JSON.
pub(super) fn is_json(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn encode(value: Value, content_type: Option<&str>) -> Result<String, Box<Problem>> {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, content_type.parse().expect("a value"));
        }
        body(Some(&value), &mut headers).map(|b| String::from_utf8(b.unwrap_or_default().to_vec()).expect("text"))
    }

    #[test]
    fn the_content_type_decides_how_a_body_is_encoded() {
        assert_eq!(encode(json!({"a": "ü"}), None).expect("ok"), r#"{"a":"ü"}"#);
        assert_eq!(encode(json!("<a/>"), Some("application/xml")).expect("ok"), "<a/>");
        assert_eq!(encode(json!("a"), Some("application/json; charset=utf-8")).expect("ok"), "\"a\"");
        assert_eq!(encode(json!("a"), Some("application/vnd.api+json")).expect("ok"), "\"a\"");
        let fields = json!({"a": "x y&z", "n": 1.50, "t": true, "gone": null, "many": ["1", 2]});
        let number: Value = serde_json::from_str("1.50").expect("a number");
        let fields = {
            let mut f = fields;
            f["n"] = number;
            f
        };
        assert_eq!(
            encode(fields, Some("application/x-www-form-urlencoded")).expect("ok"),
            "a=x+y%26z&n=1.50&t=true&many=1&many=2"
        );
        assert_eq!(encode(json!("a=1"), Some("application/x-www-form-urlencoded")).expect("ok"), "a=1");
        assert_eq!(encode(Value::Null, None).expect("ok"), "");
        assert!(encode(json!({"a": 1}), Some("text/plain")).is_err());
        assert!(encode(json!({"a": {"b": 1}}), Some("application/x-www-form-urlencoded")).is_err());
    }

    #[test]
    fn headers_that_frame_or_break_the_message_are_refused() {
        for name in ["Host", "content-length", "Transfer-Encoding", "a b", "", "x\r\ny"] {
            assert!(header_name(name).is_err(), "{name:?}");
        }
        for value in ["a\r\nX-Evil: 1", "a\nb", "a\0b", "a\u{7f}"] {
            let problem = header_value("X-Note", value).expect_err("refused");
            assert!(!format!("{problem:?}").contains("Evil"));
        }
        assert!(header_value("X-Note", "Brückner").is_ok());
    }
}

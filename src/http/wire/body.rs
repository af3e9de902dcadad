//! Strict parsing of JSON bodies. For reading them see [`super::budget`].

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use crate::http::problem::{ApiError, InputError};
use crate::machine::Time;

/// Media type of a request, in lower case and without parameters.
#[must_use]
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// Checks the content type.
///
/// # Errors
/// 415 if the body is declared as something other than JSON.
pub fn expect_json(headers: &HeaderMap) -> Result<(), ApiError> {
    match media_type(headers) {
        Some(kind) if kind != "application/json" && !kind.ends_with("+json") => {
            Err(ApiError::UnsupportedMediaType(format!("send application/json, not {kind}")))
        }
        _ => Ok(()),
    }
}

/// Parses JSON with the hub's strict reader.
///
/// # Errors
/// 400 with the reason.
pub fn json(bytes: &[u8]) -> Result<Value, ApiError> {
    crate::hub::json::read(bytes).map_err(|bad| {
        let detail = format!("the body is not valid JSON: {bad}");
        ApiError::BadRequest(detail, vec![InputError::new(bad.pointer, bad.message)])
    })
}

/// Members of a JSON object. Each can be taken out once; unknown names are refused.
#[derive(Debug)]
pub struct Members(Map<String, Value>);

impl Members {
    /// Parses a body; an empty one has no members.
    ///
    /// # Errors
    /// 400 if it is not a JSON object; 422 with each unknown member.
    pub fn of_body(bytes: &[u8], known: &[&str]) -> Result<Self, ApiError> {
        let value = if bytes.is_empty() { Value::Object(Map::new()) } else { json(bytes)? };
        Self::of(value, "", known)
    }

    /// Reads the members of the object at `pointer`.
    ///
    /// # Errors
    /// As [`Self::of_body`].
    pub fn of(value: Value, pointer: &str, known: &[&str]) -> Result<Self, ApiError> {
        let Value::Object(map) = value else {
            return Err(ApiError::BadRequest(
                "a JSON object is required".into(),
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
            Err(ApiError::Unprocessable("the body has unknown members".into(), unknown))
        }
    }

    /// Takes any value, including null.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// Takes a string.
    ///
    /// # Errors
    /// 422 if it is something else.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "must be a text")),
        }
    }

    /// Takes a time.
    ///
    /// # Errors
    /// 422 if it is not an RFC 3339 time with offset.
    pub fn time(&mut self, name: &str) -> Result<Option<Time>, ApiError> {
        let moment = |text: String| {
            text.parse().map_err(|_| wrong(name, "must be a time with its offset, such as 2026-12-01T06:00:00Z"))
        };
        self.text(name)?.map(moment).transpose()
    }

    /// Takes a boolean.
    ///
    /// # Errors
    /// 422 if it is something else.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(wrong(name, "must be true or false")),
        }
    }
}

/// 422 about one member of the body.
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
        "no members are allowed here".into()
    } else {
        format!("unknown; known are {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

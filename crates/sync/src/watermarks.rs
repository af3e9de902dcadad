//! Watermarks: named positions up to which a reconciliation or a batch has read, usually the newest change it has seen.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refusal, body};
use stepwell_text::canonical;

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 200;

/// Longest value as JSON, in bytes.
const VALUE_BYTES_MAX: usize = 4 << 10;

/// An operation on watermarks.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `read`
    Read(Read),
    /// `write`
    Write(Write),
}

/// `{name}` returns `{value}`, which is null before the first `write`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Name of the watermark.
    pub name: String,
}

/// `{name, value, was?}` returns `{value}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Name of the watermark.
    pub name: String,
    /// The new value.
    pub value: Value,
    /// Writes only if this is the current value, so that only one of two concurrent readers moves the watermark.
    #[serde(default, deserialize_with = "given")]
    pub was: Option<Value>,
}

/// Distinguishes an explicit null from an absent member.
fn given<'d, D: serde::Deserializer<'d>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Operation {
    /// Parses the operation `name` from its body.
    ///
    /// # Errors
    /// The operation does not exist, or its body is invalid.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        match name {
            "read" => body::<Read>("watermarks/read", bytes)
                .and_then(|read| check(&read.name, None).map(|()| Self::Read(read))),
            "write" => body::<Write>("watermarks/write", bytes)
                .and_then(|write| check(&write.name, Some(&write.value)).map(|()| Self::Write(write))),
            other => Err(Refusal::unknown(&format!("watermarks/{other}"))),
        }
    }
}

fn check(name: &str, value: Option<&Value>) -> Result<(), Refusal> {
    let bad = |why: String| Err(Refusal::new(StatusCode::BAD_REQUEST, why));
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.contains('\0') {
        return bad(format!("the name of a watermark has 1 to {NAME_CHARS_MAX} characters"));
    }
    let text = value.map(Value::to_string).unwrap_or_default();
    if text.len() > VALUE_BYTES_MAX || text.contains("\\u0000") {
        return bad(format!("the watermark {name:?} may have at most {VALUE_BYTES_MAX} bytes of JSON, without NUL"));
    }
    Ok(())
}

/// Checks that a watermark may be written.
///
/// # Errors
/// The current value is not the expected one.
pub fn write(current: Option<&Value>, write: &Write) -> Result<(), Refusal> {
    let current = current.unwrap_or(&Value::Null);
    match &write.was {
        Some(was) if !canonical::same(was, current) && !canonical::same(&write.value, current) => {
            let detail =
                format!("the watermark {:?} is {current}, not {was}: it was changed in the meantime", write.name);
            Err(Refusal::new(StatusCode::CONFLICT, detail))
        }
        _ => Ok(()),
    }
}

/// Returns the answer to `read` and `write`.
#[must_use]
pub fn answer(value: Option<&Value>) -> Value {
    json!({ "value": value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(name: &str, body: &Value) -> Result<Operation, Refusal> {
        Operation::parse(name, body.to_string().as_bytes())
    }

    fn written(value: Value, was: Option<Value>) -> Write {
        Write { name: "items".into(), value, was }
    }

    #[test]
    fn of_two_writers_that_saw_the_same_one_moves_the_watermark() {
        let (first, second) = (written(json!(2), Some(json!(1))), written(json!(3), Some(json!(1))));
        assert_eq!(write(Some(&json!(1)), &first), Ok(()));
        let refusal = write(Some(&json!(2)), &second).expect_err("moved already");
        assert_eq!(refusal.status, StatusCode::CONFLICT);
        assert!(refusal.detail.contains("is 2, not 1"), "{refusal}");
    }

    #[test]
    fn a_write_that_is_repeated_after_a_lost_answer_is_done() {
        let again = written(json!(2), Some(json!(1)));
        assert_eq!(write(Some(&json!(2)), &again), Ok(()));
    }

    #[test]
    fn a_null_that_was_expected_is_no_unconditional_write() {
        let Ok(Operation::Write(first)) = parsed("write", &json!({"name": "items", "value": 1, "was": null})) else {
            panic!("not read")
        };
        assert_eq!(write(None, &first), Ok(()));
        assert!(write(Some(&json!(7)), &first).is_err());
    }

    #[test]
    fn an_invalid_value_is_refused_with_the_reason() {
        for (name, body) in [
            ("read", json!({})),
            ("read", json!({"name": ""})),
            ("read", json!({"name": "a", "other": 1})),
            ("write", json!({"name": "a"})),
            ("write", json!({"name": "a", "value": "x".repeat(5_000)})),
            ("write", json!({"name": "a", "value": "\0"})),
        ] {
            let refusal = parsed(name, &body).expect_err("bad");
            assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{body}");
        }
        assert_eq!(parsed("drop", &json!({})).expect_err("unknown").status, StatusCode::NOT_FOUND);
    }
}

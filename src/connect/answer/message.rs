//! Extracts the target's own error message from the shapes that targets commonly use.

use serde_json::Value;

/// Longest message copied into an error's detail.
const MESSAGE_CHARS_MAX: usize = 300;

/// Most errors quoted from one answer.
const ERRORS_MAX: usize = 3;

/// Returns the target's message, or `None` if the body has none.
pub(super) fn target_message(body: &Value) -> Option<String> {
    let message = match body {
        Value::Array(errors) => list(errors),
        Value::Object(_) => object(body),
        Value::String(text) => text_of(text),
        _ => None,
    }?;
    Some(shorten(&message))
}

fn object(body: &Value) -> Option<String> {
    // NetSuite and others put the useful text into a list and a generic one into `title`.
    for name in ["o:errorDetails", "errors", "details"] {
        if let Some(message) = body.get(name).and_then(Value::as_array).and_then(|errors| list(errors)) {
            return Some(message);
        }
    }
    match body.get("error") {
        Some(Value::Object(_)) => return body.get("error").and_then(one),
        Some(Value::String(code)) => {
            return Some(match first(body, &["error_description", "message"]) {
                Some(description) => format!("{description} ({code})"),
                None => code.clone(),
            });
        }
        _ => {}
    }
    one(body)
}

fn list(errors: &[Value]) -> Option<String> {
    let messages: Vec<String> = errors.iter().filter_map(one).take(ERRORS_MAX).collect();
    if messages.is_empty() {
        return None;
    }
    let more =
        if errors.len() > ERRORS_MAX { format!("; and {} more", errors.len() - ERRORS_MAX) } else { String::new() };
    Some(messages.join("; ") + &more)
}

fn one(error: &Value) -> Option<String> {
    if let Value::String(text) = error {
        return text_of(text);
    }
    let message = first(error, &["detail", "message", "error_description", "errorMessage", "title"]);
    let code = first(error, &["o:errorCode", "errorCode", "statusCode", "code"]);
    match (message, code) {
        (Some(message), Some(code)) => Some(format!("{message} ({code})")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

fn first<'a>(object: &'a Value, names: &[&str]) -> Option<&'a str> {
    names.iter().filter_map(|name| object.get(name)?.as_str()).find(|text| !text.trim().is_empty())
}

fn text_of(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Collapses whitespace and control characters, and truncates.
fn shorten(text: &str) -> String {
    let mut line = String::new();
    for (count, word) in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).enumerate()
    {
        if count > 0 {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > MESSAGE_CHARS_MAX * 4 {
            break;
        }
    }
    match line.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_known_shapes_give_the_targets_own_words() {
        let cases = [
            (
                json!({"title": "Bad Request", "o:errorDetails": [{"detail": "Already there.", "o:errorCode": "USER_ERROR"}]}),
                "Already there. (USER_ERROR)",
            ),
            (
                json!([{"message": "No such column", "errorCode": "INVALID_FIELD"}, {"message": "b", "errorCode": "B"}]),
                "No such column (INVALID_FIELD); b (B)",
            ),
            (
                json!({"error": "invalid_grant", "error_description": "authentication failure"}),
                "authentication failure (invalid_grant)",
            ),
            (
                json!({"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": "too many"}}),
                "too many (SSS_REQUEST_LIMIT_EXCEEDED)",
            ),
            (json!({"title": "Conflict", "detail": "the order is closed"}), "the order is closed"),
            (json!("<html>\n <b>503</b>\r\n</html>"), "<html> <b>503</b> </html>"),
        ];
        for (body, expected) in cases {
            assert_eq!(target_message(&body).as_deref(), Some(expected));
        }
        for silent in [json!(null), json!({}), json!([]), json!(""), json!(7), json!({"a": 1})] {
            assert_eq!(target_message(&silent), None, "{silent}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let message = target_message(&json!("ü".repeat(5_000))).expect("text");
        assert_eq!(message.chars().count(), 303);
    }
}

//! Which headers of a delivery are kept with the event: those that hold no credentials.

use http::HeaderMap;

/// No more headers are kept.
const COUNT_MAX: usize = 100;

/// Longest value that is kept.
const VALUE_CHARS_MAX: usize = 2_000;

/// Names that contain one of these may hold credentials or signatures.
const CREDENTIAL_PARTS: [&str; 10] =
    ["authorization", "signature", "hmac", "secret", "token", "cookie", "api-key", "apikey", "password", "credential"];

/// Headers as received, without credentials, signatures and names that are Stepwell's own.
pub(super) fn recorded(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| !CREDENTIAL_PARTS.iter().any(|part| name.as_str().contains(part)))
        // By these Stepwell itself says who replayed an event: no sender says so.
        .filter(|(name, _)| !name.as_str().starts_with("stepwell-"))
        .take(COUNT_MAX)
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), text.chars().filter(|c| *c != '\0').take(VALUE_CHARS_MAX).collect())
        })
        .collect()
}

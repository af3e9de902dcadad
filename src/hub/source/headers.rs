//! Selects the headers to keep with an event: those without credentials.

use http::HeaderMap;

/// Most headers kept.
const COUNT_MAX: usize = 100;

/// Longest value kept.
const VALUE_CHARS_MAX: usize = 2_000;

/// A header whose name contains one of these may hold a credential or signature.
const CREDENTIAL_PARTS: [&str; 10] =
    ["authorization", "signature", "hmac", "secret", "token", "cookie", "api-key", "apikey", "password", "credential"];

/// Returns the received headers without credentials, signatures and Stepwell's own names.
pub(super) fn recorded(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| !CREDENTIAL_PARTS.iter().any(|part| name.as_str().contains(part)))
        // With these, Stepwell records who replayed an event; a sender must not set them.
        .filter(|(name, _)| !name.as_str().starts_with("stepwell-"))
        .take(COUNT_MAX)
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), text.chars().filter(|c| *c != '\0').take(VALUE_CHARS_MAX).collect())
        })
        .collect()
}

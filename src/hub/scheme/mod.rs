//! Signature schemes: how a source proves that a body is its own. One file each.
//!
//! A scheme sees the raw bytes and never parses them. It compares in constant time and says why it refuses without
//! saying what it expected.

mod github;
mod standard_webhooks;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use http::{HeaderMap, Method, Uri};
use sha2::Sha256;

/// What arrived, unparsed.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// As received.
    pub method: &'a Method,
    /// As received; some schemes sign it.
    pub uri: &'a Uri,
    /// As received.
    pub headers: &'a HeaderMap,
    /// As received, byte for byte.
    pub body: &'a Bytes,
    /// When.
    pub now: DateTime<Utc>,
}

/// What a verified delivery says about itself in its headers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// The sender's id of the event, if its scheme has one.
    pub event_id: Option<String>,
    /// When it was sent, if its scheme says so.
    pub sent_at: Option<DateTime<Utc>>,
}

/// Why a signature does not count. Safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Missing, malformed or wrong.
    #[error("{0}")]
    Bad(String),
    /// Signed too long ago, or in the future.
    #[error("{0}")]
    Stale(String),
}

/// The schemes that a source can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Standard Webhooks and Svix.
    StandardWebhooks,
    /// `X-Hub-Signature-256`.
    GitHub,
}

impl Scheme {
    /// Names in `hub.yaml`.
    pub const NAMES: [(&'static str, Self); 2] =
        [("standard-webhooks", Self::StandardWebhooks), ("github", Self::GitHub)];

    /// Checks what can be checked of a secret before the first delivery.
    ///
    /// # Errors
    /// What is wrong with it; never the secret.
    pub fn check_secret(self, secret: &str) -> Result<(), String> {
        match self {
            Self::StandardWebhooks => standard_webhooks::key(secret).map(drop),
            Self::GitHub => Ok(()),
        }
    }

    /// Verifies a delivery: one of the secrets must have signed it.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn verify(self, delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
        match self {
            Self::StandardWebhooks => standard_webhooks::verify(delivery, secrets),
            Self::GitHub => github::verify(delivery, secrets),
        }
    }
}

/// The value of a header that must be there once and be text.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, SignatureError> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(http::HeaderValue::to_str), values.next()) {
        (Some(Ok(value)), None) => Ok(value),
        (None, _) => Err(SignatureError::Bad(format!("header {name} is missing"))),
        _ => Err(SignatureError::Bad(format!("header {name} is there more than once or is no text"))),
    }
}

/// Whether `signature` is the HMAC-SHA256 of the parts, in constant time.
fn is_signed(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests;

//! Signature schemes: how a source proves that a body is its own. One file each.
//!
//! A scheme works on the raw bytes and never parses them. It compares in constant time and explains a refusal without
//! revealing the expected value.

mod credentials;
mod github;
mod hmac;
mod hubspot;
mod mac;
pub(super) mod settings;
mod shopify;
mod standard_webhooks;
mod stripe;
mod time;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method};

pub use credentials::TokenPlace;
pub use hmac::{Hmac, Part, Timestamp};
pub use mac::{Algorithm, Encoding};
pub use time::Unit;

/// A delivery as received, unparsed.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// HTTP method.
    pub method: &'a Method,
    /// Full public URL with query; some schemes sign it.
    pub url: &'a str,
    /// Headers as received.
    pub headers: &'a HeaderMap,
    /// Body, byte for byte.
    pub body: &'a Bytes,
    /// Time of arrival.
    pub now: DateTime<Utc>,
}

/// Facts from the headers of a verified delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// The sender's event id, if the scheme has one.
    pub event_id: Option<String>,
    /// When it was sent, if the scheme says so.
    pub sent_at: Option<DateTime<Utc>>,
}

/// Why a signature is refused. Safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Missing, malformed or wrong.
    #[error("{0}")]
    Bad(String),
    /// Signed too long ago, or in the future.
    #[error("{0}")]
    Stale(String),
}

/// Signature schemes for sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// Standard Webhooks and Svix.
    StandardWebhooks,
    /// `X-Hub-Signature-256`.
    GitHub,
    /// `Stripe-Signature`.
    Stripe,
    /// `X-Shopify-Hmac-SHA256`.
    Shopify,
    /// `X-HubSpot-Signature-v3`.
    HubSpotV3,
    /// An HMAC described in `hub.yaml`.
    Hmac(Box<Hmac>),
    /// User name and password.
    Basic {
        /// User name.
        username: String,
    },
    /// A token.
    Bearer(TokenPlace),
}

impl Scheme {
    /// Checks the format of a secret before the first delivery.
    ///
    /// # Errors
    /// What is wrong with it; never the secret itself.
    pub fn check_secret(&self, secret: &str) -> Result<(), String> {
        match self {
            _ if secret.trim().is_empty() => Err("it is empty".to_owned()),
            Self::StandardWebhooks => standard_webhooks::key(secret).map(drop),
            _ => Ok(()),
        }
    }

    /// Verifies a delivery against the secrets; one match is enough.
    ///
    /// # Errors
    /// Why the delivery is refused.
    pub fn verify(&self, delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
        match self {
            Self::StandardWebhooks => standard_webhooks::verify(delivery, secrets),
            Self::GitHub => github::verify(delivery, secrets),
            Self::Stripe => stripe::verify(delivery, secrets),
            Self::Shopify => shopify::verify(delivery, secrets),
            Self::HubSpotV3 => hubspot::verify(delivery, secrets),
            Self::Hmac(rules) => rules.verify(delivery, secrets),
            Self::Basic { username } => credentials::basic(delivery, username, secrets),
            Self::Bearer(place) => credentials::bearer(delivery, place, secrets),
        }
    }

    /// Whether the id in [`Verified`] is signed. If not, anyone who has seen a delivery can replay it under another id.
    #[must_use]
    pub fn signs_id(&self) -> bool {
        match self {
            Self::StandardWebhooks => true,
            Self::Hmac(rules) => rules.id.is_some() && rules.signed.contains(&Part::Id),
            Self::GitHub | Self::Stripe | Self::Shopify | Self::HubSpotV3 | Self::Basic { .. } | Self::Bearer(_) => {
                false
            }
        }
    }

    /// A header to leave out of the stored event because it holds a credential, although its name does not suggest
    /// that; in lower case.
    #[must_use]
    pub fn credential_header(&self) -> Option<&str> {
        match self {
            Self::Hmac(rules) => Some(&rules.header),
            Self::Bearer(TokenPlace::Header(name)) => Some(name),
            _ => None,
        }
    }
}

/// Returns a header that must occur exactly once and be text.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, SignatureError> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(http::HeaderValue::to_str), values.next()) {
        (Some(Ok(value)), None) => Ok(value),
        (None, _) => Err(SignatureError::Bad(format!("header {name} is missing"))),
        _ => Err(SignatureError::Bad(format!("header {name} occurs more than once or is not text"))),
    }
}

/// Returns a header that may occur once.
fn optional_header(headers: &HeaderMap, name: &str) -> Result<Option<String>, SignatureError> {
    if headers.contains_key(name) { header(headers, name).map(|value| Some(value.to_owned())) } else { Ok(None) }
}

/// Secrets used as keys without decoding.
fn bytes_of<'s>(secrets: &[&'s str]) -> Vec<&'s [u8]> {
    secrets.iter().map(|secret| secret.as_bytes()).collect()
}

#[cfg(test)]
mod tests;

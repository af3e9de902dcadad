//! Standard Webhooks, and Svix, which is the same under other header names.
//!
//! Signed is `id.timestamp.body`. A delivery may carry several signatures and a source may have several secrets, so that
//! keys can be rotated: one match is enough.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, TimeDelta};
use http::HeaderMap;

use super::{Delivery, SignatureError, Verified, header, is_signed};

/// How old, or how far in the future, a delivery may be.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// No delivery needs more signatures; more would only make us compute.
const SIGNATURES_MAX: usize = 16;

/// Keys are written with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn verify(delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
    let prefix = prefix(delivery.headers);
    let id = header(delivery.headers, &format!("{prefix}-id"))?;
    let timestamp = header(delivery.headers, &format!("{prefix}-timestamp"))?;
    let signatures = header(delivery.headers, &format!("{prefix}-signature"))?;
    let sent_at = timestamp
        .parse::<i64>()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| SignatureError::Bad(format!("header {prefix}-timestamp is no time in seconds")))?;
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", delivery.body];
    if !any_matches(signatures, secrets, &parts) {
        return Err(SignatureError::Bad(format!("no signature in header {prefix}-signature fits the body")));
    }
    // Age comes after the signature: who cannot sign learns nothing about our clock.
    if (delivery.now - sent_at).abs() > TOLERANCE {
        return Err(SignatureError::Stale(format!("header {prefix}-timestamp is more than 5 minutes away from now")));
    }
    Ok(Verified { event_id: Some(id.to_owned()), sent_at: Some(sent_at) })
}

fn prefix(headers: &HeaderMap) -> &'static str {
    if headers.contains_key("webhook-id") || !headers.contains_key("svix-id") { "webhook" } else { "svix" }
}

fn any_matches(signatures: &str, secrets: &[&str], parts: &[&[u8]]) -> bool {
    let keys: Vec<Vec<u8>> = secrets.iter().filter_map(|secret| key(secret).ok()).collect();
    signatures
        .split(' ')
        .take(SIGNATURES_MAX)
        .filter_map(|signature| BASE64.decode(signature.strip_prefix("v1,")?).ok())
        .any(|signature| keys.iter().any(|key| is_signed(key, parts, &signature)))
}

/// The key in a secret: base64, perhaps after `whsec_`.
pub(super) fn key(secret: &str) -> Result<Vec<u8>, String> {
    let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
    match BASE64.decode(encoded) {
        Ok(key) if !key.is_empty() => Ok(key),
        _ => Err("a standard-webhooks secret must be base64, perhaps after whsec_".to_owned()),
    }
}

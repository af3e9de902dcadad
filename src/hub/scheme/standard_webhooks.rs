//! Standard Webhooks, and Svix, which differs only in its header names.
//!
//! The signature covers `id.timestamp.body`. A delivery may carry several signatures and a source may have several
//! secrets, so that keys can be rotated: one match is enough. `v1` is an HMAC; `v1a` is Ed25519, with the public key
//! after `whpk_`.

use base64::Engine as _;
use http::HeaderMap;
use ring::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};

use super::mac::{Algorithm, BASE64, Encoding, SIGNATURES_MAX, is_signed};
use super::time::{TOLERANCE, Unit, check_age};
use super::{Delivery, SignatureError, Verified, header};

/// Prefix of a public key.
const PUBLIC: &str = "whpk_";

pub(super) fn verify(delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
    let prefix = prefix(delivery.headers);
    let id = header(delivery.headers, &format!("{prefix}-id"))?;
    let time_header = format!("{prefix}-timestamp");
    let timestamp = header(delivery.headers, &time_header)?;
    let signatures = header(delivery.headers, &format!("{prefix}-signature"))?;
    let sent_at = Unit::Seconds.read(timestamp, &time_header)?;
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", delivery.body];
    if !any_matches(signatures, secrets, &parts) {
        return Err(SignatureError::Bad(format!("no signature in header {prefix}-signature matches the body")));
    }
    check_age(delivery.now, sent_at, TOLERANCE, &time_header)?;
    Ok(Verified { event_id: Some(id.to_owned()), sent_at: Some(sent_at) })
}

fn prefix(headers: &HeaderMap) -> &'static str {
    if headers.contains_key("webhook-id") || !headers.contains_key("svix-id") { "webhook" } else { "svix" }
}

fn any_matches(signatures: &str, secrets: &[&str], parts: &[&[u8]]) -> bool {
    let (public, shared): (Vec<&str>, Vec<&str>) = secrets.iter().partition(|secret| secret.starts_with(PUBLIC));
    let of_kind = |version: &str| -> Vec<Vec<u8>> {
        let all = signatures.split(' ').take(SIGNATURES_MAX);
        all.filter_map(|signature| Encoding::Base64.decode(signature.strip_prefix(version)?)).collect()
    };
    let keys: Vec<Vec<u8>> = shared.iter().filter_map(|secret| key(secret).ok()).collect();
    let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    if is_signed(Algorithm::Sha256, &keys, parts, &of_kind("v1,")) {
        return true;
    }
    let keys: Vec<Vec<u8>> = public.iter().filter_map(|secret| key(secret).ok()).collect();
    if keys.is_empty() {
        return false;
    }
    let (message, signatures) = (parts.concat(), of_kind("v1a,"));
    keys.iter().any(|key| {
        let key = UnparsedPublicKey::new(&ED25519, key);
        signatures.iter().any(|signature| key.verify(&message, signature).is_ok())
    })
}

/// Decodes the key in a secret: base64, optionally after `whsec_`; or a public key after `whpk_`.
pub(super) fn key(secret: &str) -> Result<Vec<u8>, String> {
    if let Some(encoded) = secret.strip_prefix(PUBLIC) {
        return match BASE64.decode(encoded) {
            Ok(key) if key.len() == ED25519_PUBLIC_KEY_LEN => Ok(key),
            _ => Err("after whpk_ an Ed25519 public key is expected: 32 bytes in base64".to_owned()),
        };
    }
    match BASE64.decode(secret.strip_prefix("whsec_").unwrap_or(secret)) {
        Ok(key) if !key.is_empty() => Ok(key),
        _ => Err("a standard-webhooks secret must be base64, perhaps after whsec_".to_owned()),
    }
}

//! GitHub: `X-Hub-Signature-256: sha256=HEX` over the body.
//!
//! The delivery id is not signed and there is no time: an eavesdropper can send a body again under a new id. Use it where
//! the workflow's key makes a repeat harmless.

use super::{Delivery, SignatureError, Verified, header, is_signed};

const SIGNATURE: &str = "x-hub-signature-256";
const DELIVERY: &str = "x-github-delivery";

pub(super) fn verify(delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
    let signature = header(delivery.headers, SIGNATURE)?
        .strip_prefix("sha256=")
        .and_then(|text| hex::decode(text).ok())
        .ok_or_else(|| SignatureError::Bad(format!("header {SIGNATURE} is not sha256= and hex digits")))?;
    if !secrets.iter().any(|secret| is_signed(secret.as_bytes(), &[delivery.body], &signature)) {
        return Err(SignatureError::Bad(format!("header {SIGNATURE} does not fit the body")));
    }
    let event_id = match delivery.headers.contains_key(DELIVERY) {
        true => Some(header(delivery.headers, DELIVERY)?.to_owned()),
        false => None,
    };
    Ok(Verified { event_id, sent_at: None })
}

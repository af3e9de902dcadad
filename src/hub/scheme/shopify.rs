//! Shopify: `X-Shopify-Hmac-SHA256` over the body, base64.
//!
//! Neither the ids nor a time is signed: an eavesdropper can replay a body under a new id. Use it where the workflow's
//! key makes a repeat harmless.

use super::mac::{Algorithm, Encoding, is_signed};
use super::{Delivery, SignatureError, Verified, bytes_of, header, optional_header};

const SIGNATURE: &str = "x-shopify-hmac-sha256";
const DELIVERY: &str = "x-shopify-webhook-id";

pub(super) fn verify(delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
    let signature = Encoding::Base64
        .decode(header(delivery.headers, SIGNATURE)?)
        .ok_or_else(|| SignatureError::Bad(format!("header {SIGNATURE} is not base64")))?;
    if !is_signed(Algorithm::Sha256, &bytes_of(secrets), &[delivery.body], &[signature]) {
        return Err(SignatureError::Bad(format!("header {SIGNATURE} does not match the body")));
    }
    Ok(Verified { event_id: optional_header(delivery.headers, DELIVERY)?, sent_at: None })
}

//! GitHub: `X-Hub-Signature-256: sha256=HEX` over the body.
//!
//! Neither the delivery id nor a time is signed: an eavesdropper can replay a body under a new id. Use it where the
//! workflow's key makes a repeat harmless.

use super::mac::{Algorithm, Encoding, is_signed};
use super::{Delivery, SignatureError, Verified, bytes_of, header, optional_header};

const SIGNATURE: &str = "x-hub-signature-256";
const DELIVERY: &str = "x-github-delivery";

pub(super) fn verify(delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
    let signature = header(delivery.headers, SIGNATURE)?
        .strip_prefix("sha256=")
        .and_then(|text| Encoding::Hex.decode(text))
        .ok_or_else(|| SignatureError::Bad(format!("header {SIGNATURE} is not sha256= and hex digits")))?;
    if !is_signed(Algorithm::Sha256, &bytes_of(secrets), &[delivery.body], &[signature]) {
        return Err(SignatureError::Bad(format!("header {SIGNATURE} does not match the body")));
    }
    Ok(Verified { event_id: optional_header(delivery.headers, DELIVERY)?, sent_at: None })
}

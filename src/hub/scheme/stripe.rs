//! Stripe: `Stripe-Signature: t=SECONDS,v1=HEX[,v1=HEX]` over `t.body`.
//!
//! The secret is used as written, including `whsec_`. The event id is in the body.

use super::mac::{Algorithm, Encoding, SIGNATURES_MAX, is_signed};
use super::time::{TOLERANCE, Unit, check_age};
use super::{Delivery, SignatureError, Verified, bytes_of, header};

const SIGNATURE: &str = "stripe-signature";

pub(super) fn verify(delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
    let items: Vec<(&str, &str)> =
        header(delivery.headers, SIGNATURE)?.split(',').filter_map(|item| item.trim().split_once('=')).collect();
    let mut times = items.iter().filter(|(name, _)| *name == "t").map(|(_, value)| *value);
    let (Some(timestamp), None) = (times.next(), times.next()) else {
        return Err(SignatureError::Bad(format!("header {SIGNATURE} does not have one t=")));
    };
    let sent_at = Unit::Seconds.read(timestamp, SIGNATURE)?;
    let signatures: Vec<Vec<u8>> = items
        .iter()
        .filter(|(name, _)| *name == "v1")
        .take(SIGNATURES_MAX)
        .filter_map(|(_, value)| Encoding::Hex.decode(value))
        .collect();
    let parts = [timestamp.as_bytes(), b".", delivery.body];
    if !is_signed(Algorithm::Sha256, &bytes_of(secrets), &parts, &signatures) {
        return Err(SignatureError::Bad(format!("no v1= in header {SIGNATURE} matches the body")));
    }
    check_age(delivery.now, sent_at, TOLERANCE, SIGNATURE)?;
    Ok(Verified { event_id: None, sent_at: Some(sent_at) })
}

//! HubSpot v3: `X-HubSpot-Signature-v3` over method, URL, body and `X-HubSpot-Request-Timestamp`, base64.
//!
//! HubSpot signs the URL that it called: behind a proxy, that is the public one.

use std::borrow::Cow;

use super::mac::{Algorithm, Encoding, is_signed};
use super::time::{TOLERANCE, Unit, check_age};
use super::{Delivery, SignatureError, Verified, bytes_of, header};

const SIGNATURE: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";

/// Escapes that HubSpot decodes in the URL before signing.
const DECODED: [(&str, char); 12] = [
    ("3A", ':'),
    ("2F", '/'),
    ("3F", '?'),
    ("40", '@'),
    ("21", '!'),
    ("24", '$'),
    ("27", '\''),
    ("28", '('),
    ("29", ')'),
    ("2A", '*'),
    ("2C", ','),
    ("3B", ';'),
];

pub(super) fn verify(delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
    let timestamp = header(delivery.headers, TIMESTAMP)?;
    let sent_at = Unit::Milliseconds.read(timestamp, TIMESTAMP)?;
    let signature = Encoding::Base64
        .decode(header(delivery.headers, SIGNATURE)?)
        .ok_or_else(|| SignatureError::Bad(format!("header {SIGNATURE} is not base64")))?;
    let url = decoded(delivery.url);
    let parts = [delivery.method.as_str().as_bytes(), url.as_bytes(), delivery.body, timestamp.as_bytes()];
    if !is_signed(Algorithm::Sha256, &bytes_of(secrets), &parts, &[signature]) {
        return Err(SignatureError::Bad(format!(
            "header {SIGNATURE} does not match the method, URL, body and timestamp"
        )));
    }
    check_age(delivery.now, sent_at, TOLERANCE, TIMESTAMP)?;
    Ok(Verified { event_id: None, sent_at: Some(sent_at) })
}

fn decoded(url: &str) -> Cow<'_, str> {
    let mut pieces = url.split('%');
    let first = pieces.next().unwrap_or_default();
    if first.len() == url.len() {
        return Cow::Borrowed(url);
    }
    let mut plain = String::with_capacity(url.len());
    plain.push_str(first);
    for piece in pieces {
        let known = DECODED.iter().find(|(code, _)| piece.get(..2).is_some_and(|c| c.eq_ignore_ascii_case(code)));
        match known {
            Some((_, character)) => {
                plain.push(*character);
                plain.push_str(&piece[2..]);
            }
            None => {
                plain.push('%');
                plain.push_str(piece);
            }
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hubspot_lists_is_decoded() {
        assert_eq!(decoded("https://h/a%2fb?c=%40d%20%E2%82%AC%"), "https://h/a/b?c=@d%20%E2%82%AC%");
        assert_eq!(decoded("https://h/a"), "https://h/a");
    }
}

//! A sender's custom HMAC: `hub.yaml` says which header it is in, how it is encoded, and what it signs.

use chrono::TimeDelta;

use super::mac::{Algorithm, Encoding, SIGNATURES_MAX, is_signed};
use super::time::{Unit, check_age};
use super::{Delivery, SignatureError, Verified, bytes_of, header, optional_header};

/// `hmac:` of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hmac {
    /// Header of the signature, in lower case.
    pub header: String,
    /// Text before each signature in the header.
    pub prefix: String,
    /// Encoding of the signature.
    pub encoding: Encoding,
    /// Hash of the HMAC.
    pub algorithm: Algorithm,
    /// What is signed.
    pub signed: Vec<Part>,
    /// Where the signing time is.
    pub timestamp: Option<Timestamp>,
    /// Header of the event id, in lower case.
    pub id: Option<String>,
}

/// The header that says when a delivery was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    /// Name in lower case.
    pub header: String,
    /// Unit of its value.
    pub unit: Unit,
    /// Largest accepted difference from now, past or future.
    pub tolerance: TimeDelta,
}

/// A piece of the signed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// Value of the timestamp header.
    Timestamp,
    /// Value of the id header.
    Id,
    /// HTTP method, in upper case.
    Method,
    /// Public URL.
    Url,
    /// Raw bytes of the body.
    Body,
}

const PLACES: [(&str, Part); 5] = [
    ("{timestamp}", Part::Timestamp),
    ("{id}", Part::Id),
    ("{method}", Part::Method),
    ("{url}", Part::Url),
    ("{body}", Part::Body),
];

/// Parses a template such as `{timestamp}.{body}`.
///
/// # Errors
/// An unknown placeholder.
pub(super) fn template(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, place) = rest.split_at(at);
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        let found = PLACES.iter().find_map(|(name, part)| Some((place.strip_prefix(name)?, part.clone())));
        let Some((after, part)) = found else {
            let known = PLACES.map(|(name, _)| name).join(", ");
            let named = place.split_inclusive('}').next().unwrap_or(place);
            return Err(format!("{named:?} is not one of {known}"));
        };
        parts.push(part);
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

impl Hmac {
    pub(super) fn verify(&self, delivery: Delivery<'_>, secrets: &[&str]) -> Result<Verified, SignatureError> {
        let signatures = self.signatures(header(delivery.headers, &self.header)?);
        let id = match &self.id {
            Some(name) => optional_header(delivery.headers, name)?,
            None => None,
        };
        let time = match &self.timestamp {
            Some(rule) => {
                let text = header(delivery.headers, &rule.header)?;
                Some((rule, text, rule.unit.read(text, &rule.header)?))
            }
            None => None,
        };
        let parts = self.signed.iter().map(|part| match part {
            Part::Text(text) => Some(text.as_bytes()),
            Part::Timestamp => time.as_ref().map(|(_, text, _)| text.as_bytes()),
            Part::Id => id.as_deref().map(str::as_bytes),
            Part::Method => Some(delivery.method.as_str().as_bytes()),
            Part::Url => Some(delivery.url.as_bytes()),
            Part::Body => Some(delivery.body.as_ref()),
        });
        let parts: Option<Vec<&[u8]>> = parts.collect();
        let parts = parts.ok_or_else(|| SignatureError::Bad("a header that is signed is missing".to_owned()))?;
        if !is_signed(self.algorithm, &bytes_of(secrets), &parts, &signatures) {
            return Err(SignatureError::Bad(format!("no signature in header {} matches the delivery", self.header)));
        }
        if let Some((rule, _, sent_at)) = time {
            check_age(delivery.now, sent_at, rule.tolerance, &rule.header)?;
        }
        Ok(Verified { event_id: id, sent_at: time.map(|(_, _, sent_at)| sent_at) })
    }

    /// Splits the header into signatures: senders include several while a key is rotated.
    fn signatures(&self, value: &str) -> Vec<Vec<u8>> {
        let by_comma = !self.prefix.contains(',');
        value
            .split(|c: char| c == ' ' || (by_comma && c == ','))
            .filter(|piece| !piece.is_empty())
            .take(SIGNATURES_MAX)
            .filter_map(|piece| self.encoding.decode(piece.strip_prefix(&self.prefix)?))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_a_text_with_places() {
        let parts = template("v0:{timestamp}.{body}").expect("sound");
        let text = |t: &str| Part::Text(t.to_owned());
        assert_eq!(parts, [text("v0:"), Part::Timestamp, text("."), Part::Body]);
        assert_eq!(template("").expect("sound"), []);
        for bad in ["{time}", "{", "a{body", "{ body }"] {
            assert!(template(bad).is_err(), "{bad}");
        }
    }
}

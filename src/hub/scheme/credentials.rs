//! Senders that send a password or a token instead of a signature: `basic` and `bearer`. Use them over TLS only.
//!
//! Anyone who sees one delivery can forge others, so prefer a signature if the sender supports one.

use base64::Engine as _;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::mac::BASE64;
use super::{Delivery, SignatureError, Verified, header};

/// Where a delivery carries its token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TokenPlace {
    /// `Authorization: Bearer TOKEN`.
    #[default]
    Authorization,
    /// A header that contains nothing else; name in lower case.
    Header(String),
    /// A query parameter, for senders that can be given only a URL.
    Query(String),
}

pub(super) fn basic(delivery: Delivery<'_>, username: &str, secrets: &[&str]) -> Result<Verified, SignatureError> {
    let value = header(delivery.headers, "authorization")?;
    let sent = authorization(value, "basic")
        .and_then(|encoded| BASE64.decode(encoded).ok())
        .ok_or_else(|| SignatureError::Bad("header authorization is not Basic and base64".to_owned()))?;
    let known: Vec<Vec<u8>> = secrets.iter().map(|secret| format!("{username}:{secret}").into_bytes()).collect();
    let known: Vec<&[u8]> = known.iter().map(Vec::as_slice).collect();
    accepted(&sent, &known, "user name or password")
}

pub(super) fn bearer(delivery: Delivery<'_>, place: &TokenPlace, secrets: &[&str]) -> Result<Verified, SignatureError> {
    let known = super::bytes_of(secrets);
    match place {
        TokenPlace::Authorization => {
            let token = authorization(header(delivery.headers, "authorization")?, "bearer")
                .ok_or_else(|| SignatureError::Bad("header authorization is not `Bearer TOKEN`".to_owned()))?;
            accepted(token.as_bytes(), &known, "token")
        }
        TokenPlace::Header(name) => accepted(header(delivery.headers, name)?.as_bytes(), &known, "token"),
        TokenPlace::Query(name) => {
            let query = delivery.url.split_once('?').map_or("", |(_, query)| query);
            let mut values = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
            match (values.next(), values.next()) {
                (Some((_, token)), None) => accepted(token.as_bytes(), &known, "token"),
                _ => Err(SignatureError::Bad(format!("the URL does not have one parameter {name}"))),
            }
        }
    }
}

fn authorization<'v>(value: &'v str, scheme: &str) -> Option<&'v str> {
    let (sent, rest) = value.split_once(' ')?;
    sent.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// Compares hashes, which have a fixed length, so that timing reveals nothing about the secret's length.
fn accepted(sent: &[u8], known: &[&[u8]], what: &str) -> Result<Verified, SignatureError> {
    let sent = Sha256::digest(sent);
    match known.iter().any(|known| bool::from(sent.ct_eq(&Sha256::digest(known)))) {
        true => Ok(Verified::default()),
        false => Err(SignatureError::Bad(format!("the {what} is wrong"))),
    }
}

//! Comparing signatures: HMAC over the parts of what was signed, in constant time.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::hmac;
use subtle::ConstantTimeEq;

/// Senders write base64 with or without padding.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// No delivery needs more signatures; more would only make us compute.
pub(super) const SIGNATURES_MAX: usize = 16;

/// The hash of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// Old senders know nothing else.
    Sha1,
    /// The usual one.
    #[default]
    Sha256,
    /// The longer one.
    Sha512,
}

impl Algorithm {
    fn of_ring(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Hexadecimal digits, in either case.
    #[default]
    Hex,
    /// With or without padding.
    Base64,
}

impl Encoding {
    pub(super) fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hex => hex::decode(text).ok(),
            Self::Base64 => BASE64.decode(text).ok(),
        }
    }
}

/// Whether one of the signatures is that of the parts, made with one of the keys.
pub(super) fn is_signed(algorithm: Algorithm, keys: &[&[u8]], parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
    keys.iter().any(|key| {
        let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm.of_ring(), key));
        parts.iter().for_each(|part| context.update(part));
        let tag = context.sign();
        signatures.iter().any(|signature| bool::from(tag.as_ref().ct_eq(signature)))
    })
}

//! Verifies HMAC signatures over the signed parts, in constant time.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::hmac;
use subtle::ConstantTimeEq;

/// Accepts base64 with and without padding, because senders write both.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Most signatures checked per delivery, to bound the work.
pub(super) const SIGNATURES_MAX: usize = 16;

/// Hash of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// SHA-1, for old senders that support nothing else.
    Sha1,
    /// SHA-256, the usual choice.
    #[default]
    Sha256,
    /// SHA-512.
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

/// Encoding of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Hexadecimal digits in either case.
    #[default]
    Hex,
    /// Base64, with or without padding.
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

/// Whether one of the signatures matches the parts under one of the keys.
pub(super) fn is_signed(algorithm: Algorithm, keys: &[&[u8]], parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
    keys.iter().any(|key| {
        let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm.of_ring(), key));
        parts.iter().for_each(|part| context.update(part));
        let tag = context.sign();
        signatures.iter().any(|signature| bool::from(tag.as_ref().ct_eq(signature)))
    })
}

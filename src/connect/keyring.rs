//! Encryption keys for values that are stored but must never be shown: the OAuth tokens that all nodes share.
//!
//! AES-256-GCM. The first key encrypts and every key decrypts, so keys can be rotated without losing a row. Each
//! ciphertext is bound to a context: a value copied into another row does not decrypt there.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

use super::Secret;

/// The environment variable that holds the keys.
pub const KEYS_VARIABLE: &str = "STEPWELL_ENCRYPTION_KEYS";

const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;

/// Version byte at the start of every ciphertext.
const FORMAT: u8 = 1;

/// Offset of the nonce, then of the ciphertext.
const NONCE_AT: usize = 1 + KEY_ID_BYTES;
const TEXT_AT: usize = NONCE_AT + NONCE_LEN;

/// All keys; the first one encrypts. Cheap to clone.
#[derive(Clone, Default)]
pub struct Keyring(Arc<[Key]>);

struct Key {
    id: [u8; KEY_ID_BYTES],
    key: LessSafeKey,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} keys)", self.0.len())
    }
}

/// A key is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{KEYS_VARIABLE}: key {number} is not 32 bytes in base64; `openssl rand -base64 32` creates one, and commas separate several"
)]
pub struct BadKeys {
    /// Position of the key, counted from 1.
    pub number: usize,
}

/// Why a value cannot be encrypted or decrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// No keys are configured.
    #[error("{KEYS_VARIABLE} is not set; `openssl rand -base64 32` creates a key")]
    NoKeys,
    /// The value was encrypted with a key that is not configured.
    #[error("it is encrypted with key {0}, which is not in {KEYS_VARIABLE}: add that key")]
    UnknownKey(String),
    /// The ciphertext was changed or belongs to another context.
    #[error("it does not decrypt with key {0}: it was changed, or copied from another row")]
    Altered(String),
    /// The bytes were not written by this program.
    #[error("its format is not supported by this version of Stepwell")]
    UnknownFormat,
}

impl Keyring {
    /// Reads the keys from [`KEYS_VARIABLE`]; an unset variable gives an empty keyring.
    ///
    /// # Errors
    /// A key is malformed.
    pub fn from_environment() -> Result<Self, BadKeys> {
        std::env::var(KEYS_VARIABLE).map_or_else(|_| Ok(Self::default()), |text| Self::parse(&text))
    }

    /// Parses base64 keys separated by commas; the first one encrypts.
    ///
    /// # Errors
    /// A key is malformed.
    pub fn parse(text: &str) -> Result<Self, BadKeys> {
        let given = text.split(',').map(str::trim).filter(|key| !key.is_empty());
        let keys = given.enumerate().map(|(n, key)| Key::parse(key).ok_or(BadKeys { number: n + 1 }));
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Encrypts with the first key.
    ///
    /// # Errors
    /// There is no key.
    pub fn seal(&self, value: &Secret, context: &[u8]) -> Result<Vec<u8>, KeyringError> {
        let key = self.0.first().ok_or(KeyringError::NoKeys)?;
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut text = value.expose().as_bytes().to_vec();
        key.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut text)
            .map_err(|_| KeyringError::UnknownFormat)?;
        Ok([&[FORMAT], key.id.as_slice(), &nonce, &text].concat())
    }

    /// Decrypts a value that was sealed for this context.
    ///
    /// # Errors
    /// The key is missing, or the bytes or the context differ from what was sealed.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Secret, KeyringError> {
        if self.is_empty() {
            return Err(KeyringError::NoKeys);
        }
        let id = key_id(sealed)?;
        let Some(key) = self.0.iter().find(|key| key.id == id) else {
            return Err(KeyringError::UnknownKey(hex::encode(id)));
        };
        let altered = || KeyringError::Altered(hex::encode(id));
        let nonce = Nonce::try_assume_unique_for_key(&sealed[NONCE_AT..TEXT_AT]).map_err(|_| altered())?;
        let mut text = sealed[TEXT_AT..].to_vec();
        let opened = key.key.open_in_place(nonce, Aad::from(context), &mut text).map_err(|_| altered())?;
        String::from_utf8(opened.to_vec()).map(Secret::from).map_err(|_| altered())
    }

    /// Whether a value is encrypted with the first key, so that older keys are not needed for it.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        key_id(sealed).is_ok_and(|id| self.0.first().is_some_and(|key| key.id == id))
    }
}

fn key_id(sealed: &[u8]) -> Result<[u8; KEY_ID_BYTES], KeyringError> {
    match sealed {
        [FORMAT, rest @ ..] if sealed.len() >= TEXT_AT => {
            rest[..KEY_ID_BYTES].try_into().map_err(|_| KeyringError::UnknownFormat)
        }
        _ => Err(KeyringError::UnknownFormat),
    }
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text).ok().filter(|bytes| bytes.len() == KEY_BYTES)?;
        let digest = Sha256::new_with_prefix(b"stepwell encryption key").chain_update(&bytes).finalize();
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).ok()?);
        Some(Self { id: digest[..KEY_ID_BYTES].try_into().ok()?, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn keyring(text: &str) -> Keyring {
        Keyring::parse(text).expect("keys")
    }

    fn secret() -> Secret {
        Secret::from("refresh-token-canary".to_owned())
    }

    #[test]
    fn the_first_key_encrypts_and_every_key_decrypts() {
        let sealed = keyring(OLD).seal(&secret(), b"row").expect("sealed");
        assert!(!String::from_utf8_lossy(&sealed).contains("canary"));
        let both = keyring(&format!("{NEW}, {OLD}"));
        assert_eq!(both.open(&sealed, b"row").expect("opened"), secret());
        assert!(!both.is_current(&sealed));
        let again = both.seal(&secret(), b"row").expect("sealed");
        assert!(both.is_current(&again) && again != both.seal(&secret(), b"row").expect("sealed"));
        assert_eq!(keyring(NEW).open(&again, b"row").expect("opened"), secret());
        assert!(matches!(keyring(NEW).open(&sealed, b"row"), Err(KeyringError::UnknownKey(_))));
    }

    #[test]
    fn what_was_changed_or_copied_to_another_row_does_not_decrypt() {
        let keys = keyring(OLD);
        let sealed = keys.seal(&secret(), b"row").expect("sealed");
        assert!(matches!(keys.open(&sealed, b"other row"), Err(KeyringError::Altered(_))));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open(&changed, b"row").is_err(), "byte {at}");
            assert!(keys.open(&sealed[..at], b"row").is_err(), "{at} bytes");
        }
    }

    #[test]
    fn a_bad_key_is_named_by_its_number_and_not_shown() {
        let error = Keyring::parse(&format!("{OLD},c2hvcnQ=")).expect_err("too short").to_string();
        assert!(error.contains("key 2") && !error.contains("c2hvcnQ"), "{error}");
        assert!(Keyring::parse("").expect("none").is_empty());
        assert!(Keyring::default().seal(&secret(), b"").is_err());
        assert!(!format!("{:?}", keyring(OLD)).contains("AAAA"));
    }
}

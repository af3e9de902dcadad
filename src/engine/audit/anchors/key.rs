//! The key that signs anchors. The database never sees it: write access to the database does not allow making an anchor.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// The variable that holds the key.
pub const KEY_VARIABLE: &str = "STEPWELL_AUDIT_KEY";

/// The variable that names a file with the key.
pub const KEY_FILE_VARIABLE: &str = "STEPWELL_AUDIT_KEY_FILE";

/// The key. Cheap to clone.
#[derive(Clone)]
pub struct AuditKey(Arc<Ed25519KeyPair>);

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditKey({})", self.public())
    }
}

/// A key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Not what `openssl rand -base64 32` gives.
    #[error("{KEY_VARIABLE} is not 32 bytes in base64; `openssl rand -base64 32` creates a key")]
    NotAKey,
    /// The file cannot be read.
    #[error("{KEY_FILE_VARIABLE} names {path}, which cannot be read: {why}")]
    NoFile {
        /// As the variable says.
        path: String,
        /// What the system says.
        why: String,
    },
}

impl AuditKey {
    /// The key of [`KEY_VARIABLE`], or of the file that [`KEY_FILE_VARIABLE`] names; none if neither is set.
    ///
    /// # Errors
    /// It is not a key, or the file cannot be read.
    pub fn from_environment() -> Result<Option<Self>, BadKey> {
        if let Ok(text) = std::env::var(KEY_VARIABLE) {
            return Self::parse(&text).map(Some);
        }
        let Ok(path) = std::env::var(KEY_FILE_VARIABLE) else { return Ok(None) };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map(Some),
            Err(why) => Err(BadKey::NoFile { path, why: why.to_string() }),
        }
    }

    /// A key of 32 bytes in base64.
    ///
    /// # Errors
    /// It is not one.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let seed = BASE64_STANDARD.decode(text.trim()).map_err(|_| BadKey::NotAKey)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| BadKey::NotAKey)?;
        Ok(Self(Arc::new(pair)))
    }

    /// The public half, in base64: it verifies signatures but cannot create them.
    #[must_use]
    pub fn public(&self) -> String {
        BASE64_STANDARD.encode(self.0.public_key())
    }

    /// Signs a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> String {
        BASE64_STANDARD.encode(self.0.sign(message))
    }
}

/// Whether a signature is that of a message under a public key, both in base64.
#[must_use]
pub fn is_signed(public: &str, message: &[u8], signature: &str) -> bool {
    let (Ok(public), Ok(signature)) = (BASE64_STANDARD.decode(public), BASE64_STANDARD.decode(signature)) else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, public).verify(message, &signature).is_ok()
}

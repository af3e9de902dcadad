//! The interface to the storage that all nodes share for tokens obtained with refresh tokens. The engine implements it
//! over Postgres.
//!
//! Tokens pass through it encrypted. A holder owns the row until its hold expires by the database's clock; after that,
//! its writes are refused.

use std::time::Duration;

use futures::future::BoxFuture;
use uuid::Uuid;

use crate::machine::Time;

/// Identifies a row: a hash of the client and the configured refresh token. Policies configured with the same refresh
/// token share a row; configuring a new one starts a new row.
pub type TokenId = [u8; 32];

/// A request for a usable token, or for the right to obtain one.
#[derive(Debug, Clone, Copy)]
pub struct TokenClaim<'a> {
    /// The row.
    pub id: &'a TokenId,
    /// Connection that makes the call; informational.
    pub connection: &'a str,
    /// The configured refresh token, encrypted; used to create the row.
    pub first: &'a [u8],
    /// Generation whose access token is no longer usable.
    pub stale: Option<i64>,
    /// Unique id of this claim, which will own the row.
    pub holder: Uuid,
    /// How long to hold the row.
    pub hold: Duration,
}

/// A stored row; tokens are encrypted.
#[derive(Debug, Clone)]
pub struct StoredTokens {
    /// Increases with each change of the tokens.
    pub generation: i64,
    /// Newest refresh token.
    pub refresh_token: Vec<u8>,
    /// Refresh token before the newest.
    pub previous_token: Option<Vec<u8>>,
    /// Access token that calls carry.
    pub access_token: Option<Vec<u8>>,
    /// Remaining lifetime of the access token; `None`: usable until a call is refused.
    pub usable_seconds: Option<f64>,
    /// When an earlier request was sent whose result was never recorded.
    pub lost_at: Option<Time>,
    /// Why the provider no longer accepts the refresh token.
    pub problem: Option<String>,
}

impl StoredTokens {
    /// Whether calls may carry the access token. `stale` is the generation whose access token is no longer usable.
    #[must_use]
    pub fn is_usable(&self, stale: Option<i64>) -> bool {
        self.access_token.is_some()
            && stale.is_none_or(|stale| self.generation > stale)
            && self.usable_seconds.is_none_or(|seconds| seconds > 0.0)
    }
}

/// The result of a claim.
#[derive(Debug)]
pub enum Claimed {
    /// The row has a usable access token.
    Usable(StoredTokens),
    /// The caller holds the row: it must ask the provider and report the result.
    Held(StoredTokens),
    /// Another holder is asking the provider.
    Busy,
    /// The provider refused the stored tokens for good, with this message.
    Refused(String),
}

/// New tokens, encrypted.
#[derive(Debug, Clone)]
pub struct NewTokens {
    /// `None` if the provider keeps the old one.
    pub refresh_token: Option<Vec<u8>>,
    /// `None` if the provider returned no usable one.
    pub access_token: Option<Vec<u8>>,
    /// Lifetime of the access token; `None`: usable until a call is refused.
    pub usable_seconds: Option<f64>,
}

/// How a token request without a result ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// The provider did nothing.
    NotDone,
    /// The provider may have replaced the refresh token.
    PerhapsDone,
}

/// Shared storage for tokens. Errors are messages that say why the database failed.
pub trait TokenVault: Send + Sync + std::fmt::Debug {
    /// Returns usable tokens, or holds the row for the caller.
    fn claim<'a>(&'a self, claim: TokenClaim<'a>) -> BoxFuture<'a, Result<Claimed, String>>;
    /// Stores new tokens, keeps the previous refresh token and ends the hold. Returns false if the caller no longer
    /// holds the row.
    fn save<'a>(&'a self, id: &'a TokenId, holder: Uuid, new: &'a NewTokens) -> BoxFuture<'a, Result<bool, String>>;
    /// Records that the provider no longer accepts the tokens, and ends the hold.
    fn refuse<'a>(&'a self, id: &'a TokenId, holder: Uuid, problem: &'a str) -> BoxFuture<'a, Result<(), String>>;
    /// Ends the hold without new tokens.
    fn release<'a>(&'a self, id: &'a TokenId, holder: Uuid, how: Unanswered) -> BoxFuture<'a, Result<(), String>>;
}

//! Where tokens that come of a refresh token are kept for all nodes: the interface, which the engine implements over Postgres.
//!
//! Tokens cross it encrypted. A holder has the row to itself until its hold ends by the database's clock; whatever a former
//! holder still wants to write is refused.

use std::time::Duration;

use futures::future::BoxFuture;
use uuid::Uuid;

use crate::machine::Time;

/// Names a row: a hash of the client and of the first refresh token, as configured. Everything that is configured with the same
/// token shares a row, and another first token begins another one.
pub type TokenId = [u8; 32];

/// What a node asks for.
#[derive(Debug, Clone, Copy)]
pub struct TokenClaim<'a> {
    /// Which row.
    pub id: &'a TokenId,
    /// Whose call it is; for people only.
    pub connection: &'a str,
    /// The first refresh token, encrypted: if there is no row yet.
    pub first: &'a [u8],
    /// The generation whose access token is of no use any more.
    pub stale: Option<i64>,
    /// Who will hold the row.
    pub holder: Uuid,
    /// For how long.
    pub hold: Duration,
}

/// A row: what is stored, encrypted.
#[derive(Debug, Clone)]
pub struct StoredTokens {
    /// Counts the changes of the tokens.
    pub generation: i64,
    /// The newest.
    pub refresh_token: Vec<u8>,
    /// The one before it.
    pub previous_token: Option<Vec<u8>>,
    /// What calls carry.
    pub access_token: Option<Vec<u8>>,
    /// For how much longer they may; none: until one is refused.
    pub usable_seconds: Option<f64>,
    /// When an earlier request was sent whose answer nobody recorded.
    pub lost_at: Option<Time>,
    /// Why the provider accepts the tokens no more.
    pub problem: Option<String>,
}

impl StoredTokens {
    /// Whether calls may carry the access token; `stale` is the generation whose token is of no use any more.
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
    /// There is an access token to use.
    Usable(StoredTokens),
    /// The row is held: ask the provider, then say its result.
    Held(StoredTokens),
    /// Another holder asks the provider now.
    Busy,
    /// The provider refused the stored tokens for good, and this is what it said.
    Refused(String),
}

/// New tokens, encrypted.
#[derive(Debug, Clone)]
pub struct NewTokens {
    /// None: the provider keeps the old one.
    pub refresh_token: Option<Vec<u8>>,
    /// None: the provider gave none that can be used.
    pub access_token: Option<Vec<u8>>,
    /// For how long it may be used; none: until a call finds it refused.
    pub usable_seconds: Option<f64>,
}

/// How a request ended that brought no tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// The provider did nothing.
    NotDone,
    /// It may have replaced the refresh token.
    PerhapsDone,
}

/// Where tokens are kept for all nodes. Errors say why the database did not answer.
pub trait TokenVault: Send + Sync + std::fmt::Debug {
    /// Gives the tokens, or holds the row.
    fn claim<'a>(&'a self, claim: TokenClaim<'a>) -> BoxFuture<'a, Result<Claimed, String>>;
    /// Keeps new tokens, and the refresh token before them, and ends the hold. False: someone else holds the row by now.
    fn save<'a>(&'a self, id: &'a TokenId, holder: Uuid, new: &'a NewTokens) -> BoxFuture<'a, Result<bool, String>>;
    /// Notes that the provider does not accept the tokens any more, and ends the hold.
    fn refuse<'a>(&'a self, id: &'a TokenId, holder: Uuid, problem: &'a str) -> BoxFuture<'a, Result<(), String>>;
    /// Ends the hold without new tokens.
    fn release<'a>(&'a self, id: &'a TokenId, holder: Uuid, how: Unanswered) -> BoxFuture<'a, Result<(), String>>;
}

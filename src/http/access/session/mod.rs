//! Authentication: bearer tokens for programs, a cookie session for people, and `AtTerminal` for the command line in
//! its own process.
//!
//! A handler declares what it requires by its extractor: [`Reader`], [`Operator`], [`Deployer`], or [`Caller`] with
//! [`Caller::require`]. Pages that redirect to the login take `Result<Reader, ApiError>`.
//!
//! A browser sends the cookie from any site's page. So a cookie-authenticated request that changes something must come
//! from our own origin ([`same_origin`]), and every form carries [`Caller::csrf_token`], which its handler passes to
//! [`Caller::check_csrf`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};
use sqlx::PgPool;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

pub use super::cookies::Cookies;
use super::lookups::{Lookups, Presented};
use super::peer::{Peer, Visitor};
use super::refusals::Attempt;
use crate::http::problem::ApiError;
use crate::machine::Actor;
use crate::store::access::{self, Hash, Identity, Scope, TOKEN_PREFIX};

/// How long a session lasts.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(12);

/// How long a token lookup is cached. Together with the intervals in [`super::revocation`], a revoked token stops
/// working within five seconds.
pub(super) const CACHE_LIFETIME: Duration = Duration::from_secs(2);

/// Most cached tokens. Beyond it, tokens only cost lookups.
const CACHE_ENTRIES_MAX: usize = 4096;

/// Longest secret that is looked up; ours have 47 characters.
const SECRET_BYTES_MAX: usize = 128;

/// Authenticates callers. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    pub(super) pool: PgPool,
    lookups: Lookups,
    cookies: Cookies,
    cache: Arc<Mutex<HashMap<Hash, (Instant, Identity)>>>,
}

impl Access {
    /// Looks up credentials through this pool.
    #[must_use]
    pub fn new(pool: PgPool, cookies: Cookies) -> Self {
        Self { lookups: Lookups::start(pool.clone()), pool, cookies, cache: Arc::default() }
    }

    /// How browsers keep sessions.
    #[must_use]
    pub fn cookies(&self) -> Cookies {
        self.cookies
    }

    /// Authenticates an API token.
    ///
    /// # Errors
    /// 401 if it is invalid; 429 if the peer presents too many at once; 503 without database.
    pub async fn by_token(&self, token: &str, peer: Peer) -> Result<Caller, ApiError> {
        let refused =
            || ApiError::Refused(Attempt::Token, "the bearer token is unknown, expired or revoked".to_owned());
        if !token.starts_with(TOKEN_PREFIX) || token.len() > SECRET_BYTES_MAX {
            return Err(refused());
        }
        let hash = access::secret_hash(token);
        let (checked_at, identity) = match self.cached(&hash) {
            Some(cached) => cached,
            None => {
                let asked_at = Instant::now();
                let identity = self.lookups.find(Presented::Token(hash), peer).await?.ok_or_else(refused)?;
                self.remember(hash, asked_at, &identity);
                (asked_at, identity)
            }
        };
        Ok(Caller { identity, credential: Credential::Token(hash), checked_at, environment: None })
    }

    /// Authenticates a session cookie.
    ///
    /// # Errors
    /// 401 if it is invalid; 429 if the peer presents too many at once; 503 without database.
    pub async fn by_session(&self, secret: &str, peer: Peer) -> Result<Caller, ApiError> {
        let refused =
            || ApiError::Refused(Attempt::Session, "the session is unknown or has ended; sign in again".to_owned());
        if secret.len() > SECRET_BYTES_MAX {
            return Err(refused());
        }
        // Not cached: signing out must take effect at once.
        let checked_at = Instant::now();
        let presented = Presented::Session(access::secret_hash(secret));
        let identity = self.lookups.find(presented, peer).await?.ok_or_else(refused)?;
        Ok(Caller { identity, credential: Credential::Session(secret.to_owned()), checked_at, environment: None })
    }

    fn cached(&self, hash: &Hash) -> Option<(Instant, Identity)> {
        let cache = self.cache.lock().expect("nothing panics while it holds the cache");
        cache.get(hash).filter(|(at, _)| at.elapsed() < CACHE_LIFETIME).cloned()
    }

    /// Caches valid tokens only, so strangers cannot fill the cache.
    fn remember(&self, hash: Hash, asked_at: Instant, identity: &Identity) {
        let mut cache = self.cache.lock().expect("nothing panics while it holds the cache");
        if cache.len() >= CACHE_ENTRIES_MAX {
            cache.clear();
        }
        cache.insert(hash, (asked_at, identity.clone()));
    }
}

/// How a caller authenticated.
#[derive(Clone)]
pub(super) enum Credential {
    /// Hash of an API token.
    Token(Hash),
    /// Secret of a browser session.
    Session(String),
    /// Not at all: the call was made in this process ([`AtTerminal`]).
    Terminal,
}

/// Marks API calls of the command line without a token: whoever can open the database may make them in their own
/// process. It is a request extension, which only code in this process can add; nothing in a request from the network
/// becomes one.
#[derive(Clone)]
pub(crate) struct AtTerminal(pub(crate) Identity);

/// An authenticated caller.
#[derive(Clone)]
pub struct Caller {
    pub(super) identity: Identity,
    pub(super) credential: Credential,
    /// When the credential was last looked up in the database.
    pub(super) checked_at: Instant,
    /// Environment shown on the caller's pages; `None` outside of pages.
    pub(crate) environment: Option<String>,
}

impl Caller {
    fn at_terminal(identity: Identity) -> Self {
        Self { identity, credential: Credential::Terminal, checked_at: Instant::now(), environment: None }
    }

    /// Name of the token or user.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// Identity as stored in the database.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether the scopes include this one, directly or not.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.identity.allows(scope)
    }

    /// The caller's name in the journal: see [`Identity::actor`].
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.identity.actor()
    }

    fn session(&self) -> Option<&str> {
        match &self.credential {
            Credential::Token(_) | Credential::Terminal => None,
            Credential::Session(secret) => Some(secret),
        }
    }

    /// # Errors
    /// 403 that names the missing scope.
    pub fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.allows(scope) { Ok(()) } else { Err(ApiError::MissingScope(scope, self.actor().0)) }
    }

    /// Value of the hidden field `csrf` in this session's forms. Empty for tokens, which need none.
    #[must_use]
    pub fn csrf_token(&self) -> String {
        self.session().map(|secret| URL_SAFE_NO_PAD.encode(csrf(secret))).unwrap_or_default()
    }

    /// Checks the `csrf` field of a form.
    ///
    /// # Errors
    /// 403 if it does not belong to this session.
    pub fn check_csrf(&self, presented: &str) -> Result<(), ApiError> {
        if self.session().is_none() || bool::from(self.csrf_token().as_bytes().ct_eq(presented.as_bytes())) {
            return Ok(());
        }
        Err(ApiError::CrossSite("the form has expired or is not from Stepwell; reload the page".into()))
    }

    /// The session's secret, to end the session.
    #[must_use]
    pub fn session_secret(&self) -> Option<&str> {
        self.session()
    }
}

fn csrf(secret: &str) -> Hash {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
    mac.update(b"stepwell csrf v1");
    mac.finalize().into_bytes().into()
}

/// Returns the token after `Authorization: Bearer`.
///
/// # Errors
/// 401 if there is an `Authorization` of another kind.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .and_then(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()));
    let refused = || ApiError::Refused(Attempt::Token, "`Authorization` must be `Bearer TOKEN`".to_owned());
    token.map(Some).ok_or_else(refused)
}

/// Whether the browser says that the request comes from one of our pages.
///
/// `Sec-Fetch-Site` decides if present; otherwise `Origin` must name the requested host. A request with neither is
/// refused: every browser sends one of them with a request that changes something.
#[must_use]
pub fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    match (text(ORIGIN.as_str()), text(HOST.as_str())) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, authority)| authority == host),
        _ => false,
    }
}

/// Authenticates the caller of a request. For sessions, also checks that a request that changes something is
/// same-origin.
///
/// # Errors
/// 401; 403 for a cross-site request; 429 if the peer presents too many credentials at once; 503 without database.
pub async fn identify(access: &Access, method: &Method, headers: &HeaderMap, peer: Peer) -> Result<Caller, ApiError> {
    if let Some(token) = bearer(headers)? {
        return access.by_token(token, peer).await;
    }
    let Some(secret) = access.cookies.find(headers) else {
        return Err(ApiError::Unauthorized("send `Authorization: Bearer TOKEN`, or sign in".into()));
    };
    if !method.is_safe() && !same_origin(headers) {
        return Err(ApiError::CrossSite("a session's request must come from Stepwell's own page".into()));
    }
    access.by_session(secret, peer).await
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Access: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if let Some(AtTerminal(identity)) = parts.extensions.get::<AtTerminal>() {
            return Ok(Self::at_terminal(identity.clone()));
        }
        let visitor = Visitor::of(parts);
        let caller = identify(&Access::from_ref(state), &parts.method, &parts.headers, visitor.peer).await?;
        visitor.prove();
        Ok(caller)
    }
}

macro_rules! scoped {
    ($($(#[$doc:meta])* $name:ident: $scope:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub Caller);

        impl<S> FromRequestParts<S> for $name
        where
            S: Send + Sync,
            Access: FromRef<S>,
        {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
                let caller = Caller::from_request_parts(parts, state).await?;
                caller.require(Scope::$scope)?;
                Ok(Self(caller))
            }
        }
    )*};
}

scoped! {
    /// A caller with the scope `read`.
    Reader: Read;
    /// A caller with the scope `operate`.
    Operator: Operate;
    /// A caller with the scope `deploy`.
    Deployer: Deploy;
    /// A caller with the scope `admin`.
    Administrator: Admin;
}

#[cfg(test)]
mod tests;

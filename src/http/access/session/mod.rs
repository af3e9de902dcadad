//! Who asks: bearer tokens for programs, a cookie session for people, and `AtTerminal` for the command line in its own process.
//!
//! A handler says what it needs by the extractor it takes: [`Reader`], [`Operator`], [`Deployer`], or [`Caller`] and
//! [`Caller::require`]. Handlers of pages that redirect to the login take `Result<Reader, ApiError>`.
//!
//! A browser sends the cookie for any site's page. So a request that changes something and is authenticated by
//! cookie must come from our own origin ([`same_origin`]), and every form carries [`Caller::csrf_token`] beside,
//! which its handler gives to [`Caller::check_csrf`].

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

/// A token that was looked up is not looked up again for this long. With what a stream or a slow body may take until it is
/// looked at again ([`super::revocation`]) a revoked one works for less than five seconds.
pub(super) const CACHE_LIFETIME: Duration = Duration::from_secs(2);

/// Bound of the cache: more live tokens than this only cost lookups.
const CACHE_ENTRIES_MAX: usize = 4096;

/// Longest secret that is looked at; ours have 47 characters.
const SECRET_BYTES_MAX: usize = 128;

/// Finds out who presents a secret. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    pub(super) pool: PgPool,
    lookups: Lookups,
    cookies: Cookies,
    cache: Arc<Mutex<HashMap<Hash, (Instant, Identity)>>>,
}

impl Access {
    /// Looks secrets up through this pool.
    #[must_use]
    pub fn new(pool: PgPool, cookies: Cookies) -> Self {
        Self { lookups: Lookups::start(pool.clone()), pool, cookies, cache: Arc::default() }
    }

    /// How sessions are kept by browsers.
    #[must_use]
    pub fn cookies(&self) -> Cookies {
        self.cookies
    }

    /// Whose API token this is that a peer presents.
    ///
    /// # Errors
    /// 401 if it is nobody's; 429 if the peer presents too many at once; 503 without database.
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

    /// Whose session cookie this is that a peer presents.
    ///
    /// # Errors
    /// 401 if it is nobody's; 429 if the peer presents too many at once; 503 without database.
    pub async fn by_session(&self, secret: &str, peer: Peer) -> Result<Caller, ApiError> {
        let refused =
            || ApiError::Refused(Attempt::Session, "the session is unknown or has ended; sign in again".to_owned());
        if secret.len() > SECRET_BYTES_MAX {
            return Err(refused());
        }
        // Not cached: signing out must hold at once.
        let checked_at = Instant::now();
        let presented = Presented::Session(access::secret_hash(secret));
        let identity = self.lookups.find(presented, peer).await?.ok_or_else(refused)?;
        Ok(Caller { identity, credential: Credential::Session(secret.to_owned()), checked_at, environment: None })
    }

    fn cached(&self, hash: &Hash) -> Option<(Instant, Identity)> {
        let cache = self.cache.lock().expect("nothing panics while it holds the cache");
        cache.get(hash).filter(|(at, _)| at.elapsed() < CACHE_LIFETIME).cloned()
    }

    /// Only valid tokens are remembered, so strangers cannot fill the cache.
    fn remember(&self, hash: Hash, asked_at: Instant, identity: &Identity) {
        let mut cache = self.cache.lock().expect("nothing panics while it holds the cache");
        if cache.len() >= CACHE_ENTRIES_MAX {
            cache.clear();
        }
        cache.insert(hash, (asked_at, identity.clone()));
    }
}

/// What a caller presented.
#[derive(Clone)]
pub(super) enum Credential {
    /// Hash of an API token.
    Token(Hash),
    /// Secret of a browser session.
    Session(String),
    /// Nothing: the call was made in this process ([`AtTerminal`]).
    Terminal,
}

/// Whoever can open the database and calls the API in their own process: the command line without a token. It is an extension of
/// a request, and only code of this process can add one: no header, cookie or body of a request from the network becomes one.
#[derive(Clone)]
pub(crate) struct AtTerminal(pub(crate) Identity);

/// Who asks, by token or by session.
#[derive(Clone)]
pub struct Caller {
    pub(super) identity: Identity,
    pub(super) credential: Credential,
    /// When the database was last asked about the credential.
    pub(super) checked_at: Instant,
    /// Which environment the pages are about that the caller sees; none outside of them.
    pub(crate) environment: Option<String>,
}

impl Caller {
    fn at_terminal(identity: Identity) -> Self {
        Self { identity, credential: Credential::Terminal, checked_at: Instant::now(), environment: None }
    }

    /// Name of the token or of the user.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// Who it is, as the database knows them.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether the scopes include this one, directly or not.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.identity.allows(scope)
    }

    /// As the journal names it: see [`Identity::actor`].
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

    /// What each form of this session's pages carries in a hidden field `csrf`. Empty for tokens, which need none.
    #[must_use]
    pub fn csrf_token(&self) -> String {
        self.session().map(|secret| URL_SAFE_NO_PAD.encode(csrf(secret))).unwrap_or_default()
    }

    /// Checks what a form carried.
    ///
    /// # Errors
    /// 403 if it does not belong to this session.
    pub fn check_csrf(&self, presented: &str) -> Result<(), ApiError> {
        if self.session().is_none() || bool::from(self.csrf_token().as_bytes().ct_eq(presented.as_bytes())) {
            return Ok(());
        }
        Err(ApiError::CrossSite("the form has expired or is not from Stepwell; reload the page".into()))
    }

    /// The session's secret, to end it.
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

/// The text after `Authorization: Bearer`.
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

/// Whether a browser says that the request comes from a page of ours.
///
/// `Sec-Fetch-Site` decides where it is sent; else `Origin` must name the host that was asked. A request with neither is
/// refused: every browser sends one of them with what changes something.
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

/// Finds the caller of a request, and for sessions that the request may change something.
///
/// # Errors
/// 401, 403 for a cross-site request, 429 if its peer presents too much at once, 503 without database.
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

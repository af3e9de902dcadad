//! Authenticates requests: turns a policy into headers, and renews credentials that a target rejects.
//!
//! Tokens and challenges live in memory, except tokens obtained with a refresh token, which all nodes share.
//! Credentials are renewed at most once per attempt.

mod ask;
mod digest;
mod jwt;
mod oauth1;
mod stored;
mod tokens;
pub mod vault;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::keyring::Keyring;
use super::problem::Problem;
use super::request::prepared::Prepared;
use super::request::reach::Reach;
use super::request::{Outgoing, essence, header_value};
use super::wire::exchange::Clients;
use super::{Secret, Secrets};
use crate::dsl::authentication::{self, Authentication, OAuth1, OAuth2, Origin};
use crate::redact::Known;
use digest::Challenges;
use tokens::{Source, Token, Tokens};
use vault::{TokenId, TokenVault};

/// What a token request needs to be sent.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) clients: Arc<Clients>,
    pub(super) body_bytes_max: usize,
    pub(super) timeout: Duration,
    /// Where the credentials may be sent.
    pub(super) reach: Reach,
    /// Known secrets; granted tokens are added.
    pub(super) known: Known,
}

/// State kept between calls.
#[derive(Debug, Default)]
pub(super) struct Authenticator {
    tokens: Tokens,
    challenges: Challenges,
}

/// A policy with its secrets resolved.
#[derive(Debug)]
pub(super) enum Credentials {
    None,
    Basic { username: Secret, password: Secret },
    Bearer(Secret),
    Digest { username: Secret, password: Secret },
    Token { token: Token, source: Arc<Source> },
    OAuth1(OAuth1<Secret>),
}

impl Credentials {
    /// Returns the access token, or `None` if the policy uses none.
    pub(super) fn token(&self) -> Option<&Secret> {
        match self {
            Self::Bearer(token) | Self::Token { token: Token { value: token, .. }, .. } => Some(token),
            Self::None | Self::Basic { .. } | Self::Digest { .. } | Self::OAuth1(_) => None,
        }
    }
}

/// A policy resolved as far as possible without a request.
enum Settled {
    Ready(Credentials),
    /// A token has to be requested.
    Asking(Box<OAuth2<Secret>>),
}

impl Authenticator {
    /// Makes all nodes share the tokens obtained with refresh tokens.
    pub(super) fn share(&self, vault: Arc<dyn TokenVault>, keyring: Keyring) {
        self.tokens.share(vault, keyring);
    }

    /// Waits for token requests in flight.
    pub(super) async fn finish(&self, within: Duration) {
        self.tokens.finish(within).await;
    }

    /// Replaces the token of the given generation, whether or not a call needs one.
    pub(super) async fn replace(
        &self,
        wire: &Wire,
        connection: &Prepared,
        secrets: &Secrets,
        generation: i64,
    ) -> Result<(), Box<Problem>> {
        let Settled::Asking(settings) = settle(secrets, connection.authentication.as_ref())? else { return Ok(()) };
        let source = self.tokens.source(&connection.name, connection.base.as_ref(), *settings);
        source.token_after(wire, u64::try_from(generation).ok()).await.map(drop)
    }

    /// Returns the credentials of a call. Requests a token if no usable one is known.
    pub(super) async fn obtain(
        &self,
        wire: &Wire,
        connection: &Prepared,
        secrets: &Secrets,
        policy: Option<&Authentication>,
    ) -> Result<Credentials, Box<Problem>> {
        match settle(secrets, policy)? {
            Settled::Ready(credentials) => Ok(credentials),
            Settled::Asking(settings) => {
                let source = self.tokens.source(&connection.name, connection.base.as_ref(), *settings);
                Ok(Credentials::Token { token: source.token(wire, None).await?, source })
            }
        }
    }

    /// Returns an access token for APIs that expect it in their own header; never the refused one.
    pub(super) async fn access_token(
        &self,
        wire: &Wire,
        connection: &Prepared,
        secrets: &Secrets,
        refused: Option<&Credentials>,
    ) -> Result<Credentials, Box<Problem>> {
        if let Some(Credentials::Token { token, source }) = refused {
            let token = source.token(wire, Some(token)).await?;
            return Ok(Credentials::Token { token, source: Arc::clone(source) });
        }
        self.obtain(wire, connection, secrets, connection.authentication.as_ref()).await
    }

    /// Like [`Self::obtain`], without any request: a call that needs a token goes without.
    pub(super) fn obtain_offline(
        secrets: &Secrets,
        policy: Option<&Authentication>,
    ) -> Result<Credentials, Box<Problem>> {
        match settle(secrets, policy)? {
            Settled::Ready(credentials) => Ok(credentials),
            Settled::Asking(_) => Ok(Credentials::None),
        }
    }

    /// Returns new credentials after the target refused these, or `None` if there are no others.
    pub(super) async fn renew(
        &self,
        wire: &Wire,
        refused: &Credentials,
        sent: &Outgoing,
        challenges: &[String],
    ) -> Result<Option<Credentials>, Box<Problem>> {
        match refused {
            Credentials::Token { token, source } => {
                let token = source.token(wire, Some(token)).await?;
                Ok(Some(Credentials::Token { token, source: Arc::clone(source) }))
            }
            Credentials::Digest { username, password } => {
                let known = self.challenges.keep(&sent.url, username, challenges);
                let (username, password) = (username.clone(), password.clone());
                Ok(known.then_some(Credentials::Digest { username, password }))
            }
            _ => Ok(None),
        }
    }

    /// Returns the `Authorization` header of an otherwise complete request, and marks its secrets for masking.
    pub(super) fn header(&self, with: &Credentials, to: &mut Outgoing) -> Result<Option<HeaderValue>, Box<Problem>> {
        let text = match with {
            Credentials::None => return Ok(None),
            Credentials::Bearer(token) | Credentials::Token { token: Token { value: token, .. }, .. } => {
                to.hidden.add(token.expose());
                format!("Bearer {}", token.expose())
            }
            Credentials::Basic { username, password } => {
                let pair = BASE64_STANDARD.encode(format!("{}:{}", username.expose(), password.expose()));
                to.hidden.add(password.expose());
                to.hidden.add(&pair);
                format!("Basic {pair}")
            }
            Credentials::Digest { username, password } => {
                to.hidden.add(password.expose());
                let answer = self.challenges.answer((username, password), &to.method, &to.url, to.body.as_deref());
                let Some(answer) = answer else { return Ok(None) };
                answer
            }
            Credentials::OAuth1(oauth1) => sign(oauth1, to),
        };
        let mut value = header_value("Authorization", &text)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// Returns the row in which all nodes keep the tokens of a policy; `None` if they are not shared or a secret is
/// missing.
pub(super) fn shared_row(secrets: &Secrets, policy: Option<&Authentication>) -> Option<TokenId> {
    match settle(secrets, policy).ok()? {
        Settled::Asking(settings) if settings.grant == authentication::Grant::RefreshToken => {
            stored::token_id(&settings)
        }
        _ => None,
    }
}

fn sign(with: &OAuth1<Secret>, to: &mut Outgoing) -> String {
    for secret in [&with.consumer_key, &with.consumer_secret, &with.token, &with.token_secret] {
        to.hidden.add(secret.expose());
    }
    let content_type = to.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_form = essence(content_type) == "application/x-www-form-urlencoded";
    let once = oauth1::Once {
        nonce: uuid::Uuid::new_v4().simple().to_string(),
        timestamp: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
    };
    oauth1::header(with, &to.method, &to.url, to.body.as_deref().filter(|_| is_form), &once)
}

fn settle(secrets: &Secrets, policy: Option<&Authentication>) -> Result<Settled, Box<Problem>> {
    let fill = |template: &_| secrets.fill(template).map_err(|e| Problem::secret(&e));
    let from_secret;
    let policy = match policy {
        Some(Authentication::FromSecret { kind, secret }) => {
            from_secret = read_secret(secrets, kind, secret)?;
            Some(&from_secret)
        }
        policy => policy,
    };
    Ok(Settled::Ready(match policy {
        None => Credentials::None,
        Some(Authentication::Basic { username, password }) => {
            Credentials::Basic { username: fill(username)?, password: fill(password)? }
        }
        Some(Authentication::Digest { username, password }) => {
            Credentials::Digest { username: fill(username)?, password: fill(password)? }
        }
        Some(Authentication::Bearer { token }) => Credentials::Bearer(fill(token)?),
        Some(Authentication::OAuth1(oauth1)) => Credentials::OAuth1(oauth1.try_map(fill)?),
        Some(Authentication::OAuth2(oauth2)) => return Ok(Settled::Asking(Box::new(oauth2.try_map(fill)?))),
        Some(Authentication::FromSecret { secret, .. }) => return Err(unusable(secret, "it names another secret")),
    }))
}

/// Reads a policy from a secret that holds its settings as JSON.
fn read_secret(secrets: &Secrets, kind: &str, name: &str) -> Result<Authentication, Box<Problem>> {
    let text = secrets.resolve(name).map_err(|e| Problem::secret(&e))?;
    let settings: Value = serde_json::from_str(text.expose()).map_err(|_| unusable(name, "it is not a JSON object"))?;
    note_settings(&secrets.known(), &settings);
    let reading = authentication::read(&json!({ kind: settings }), Origin::Secret);
    let why = || reading.flaws.iter().map(|flaw| flaw.message.as_str()).collect::<Vec<_>>().join("; ");
    reading.policy.ok_or_else(|| unusable(name, &why()))
}

/// Registers the parts of the settings that are secret by themselves.
fn note_settings(known: &Known, settings: &Value) {
    const NAMES: [&str; 7] = ["password", "secret", "token", "assertion", "key", "consumerSecret", "tokenSecret"];
    for (name, value) in settings.as_object().into_iter().flatten() {
        match value {
            Value::String(text) if NAMES.contains(&name.as_str()) => known.note(text),
            value => note_settings(known, value),
        }
    }
}

fn unusable(secret: &str, why: &str) -> Box<Problem> {
    let variable = super::secret_variable(secret);
    let detail = format!("secret {secret} holds no settings of an authentication: {why}; correct {variable}");
    Problem::configuration("Unusable secret", detail)
}

/// Names of the secrets that a call and its connection refer to, whether or not they are sent.
pub(super) fn named(policy: Option<&Authentication>, connection: &Prepared) -> Vec<String> {
    let policies = policy.into_iter().chain(&connection.authentication);
    let mut names: Vec<String> = policies.flat_map(Authentication::secrets).collect();
    names.sort_unstable();
    names.dedup();
    names
}

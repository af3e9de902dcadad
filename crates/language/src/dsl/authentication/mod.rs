//! Authentication policies: one shape for definitions, `hub.yaml` and secrets that hold whole policies.
//!
//! Texts are [`SecretTemplate`]s until a call is made; only then they become values, and those are never recorded.

mod read;
mod reader;

use std::convert::Infallible;
use std::sync::Arc;

use super::definition::SecretTemplate;
pub use read::read;
pub(super) use reader::secret_name;
pub use reader::{Flaw, FlawPlace, Origin, Reading};

/// How a call proves who calls.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// `basic`
    Basic {
        /// User name.
        username: SecretTemplate,
        /// Password.
        password: SecretTemplate,
    },
    /// `bearer`
    Bearer {
        /// The token.
        token: SecretTemplate,
    },
    /// `digest`
    Digest {
        /// User name.
        username: SecretTemplate,
        /// Password.
        password: SecretTemplate,
    },
    /// `oauth2` and `oidc`
    OAuth2(Arc<OAuth2<SecretTemplate>>),
    /// `oauth1`: of connections only.
    OAuth1(Arc<OAuth1<SecretTemplate>>),
    /// `KIND: { use: SECRET }`: the secret holds the settings as a JSON object.
    FromSecret {
        /// `basic`, `oauth2`, ...
        kind: String,
        /// Its name.
        secret: String,
    },
}

/// An authentication that a definition brings along, and the namespace that decides which secrets it may use.
#[derive(Debug, Clone)]
pub struct OwnAuthentication {
    /// The definition's.
    pub namespace: String,
    /// How the call proves who calls.
    pub policy: Authentication,
}

impl Authentication {
    /// The names of the secrets that it uses.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut note = |template: &SecretTemplate| {
            if let SecretTemplate::Secret(name) = template {
                names.push(name.clone());
            }
            Ok::<(), Infallible>(())
        };
        let Ok(()) = match self {
            Self::Basic { username, password } | Self::Digest { username, password } => {
                note(username).and_then(|()| note(password))
            }
            Self::Bearer { token } => note(token),
            Self::OAuth2(oauth2) => oauth2.try_map(note).map(|_| ()),
            Self::OAuth1(oauth1) => oauth1.try_map(note).map(|_| ()),
            Self::FromSecret { secret, .. } => note(&SecretTemplate::Secret(secret.clone())),
        };
        names
    }
}

/// `oauth2` and `oidc`. `T` is a template, or the value that it became.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OAuth2<T> {
    /// Where tokens come from; none: the connection's base URL.
    pub authority: Option<T>,
    /// Where the token endpoint is.
    pub endpoint: TokenEndpoint,
    /// What is shown for a token.
    pub grant: Grant,
    /// Who asks.
    pub client: Client<T>,
    /// How the request is written.
    pub encoding: TokenEncoding,
    /// Who may have issued the token; empty: anyone.
    pub issuers: Vec<T>,
    /// Asked for.
    pub scopes: Vec<T>,
    /// Asked for.
    pub audiences: Vec<T>,
    /// Of the user; with `jwt-bearer` the assertion's subject.
    pub username: Option<T>,
    /// Of the user.
    pub password: Option<T>,
    /// On behalf of whom; with `refresh_token` the first refresh token.
    pub subject: Option<ActorToken<T>>,
    /// Who acts.
    pub actor: Option<ActorToken<T>>,
}

/// Where the token endpoint is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TokenEndpoint {
    /// Below the authority.
    Path(String),
    /// Named by the authority's `/.well-known/openid-configuration`.
    Discovered,
}

/// `grant`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grant {
    /// `client_credentials`
    ClientCredentials,
    /// `password`
    Password,
    /// `refresh_token`
    RefreshToken,
    /// `urn:ietf:params:oauth:grant-type:token-exchange`
    TokenExchange,
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer`
    JwtBearer,
}

/// `client`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client<T> {
    /// `id`
    pub id: Option<T>,
    /// `secret`
    pub secret: Option<T>,
    /// `assertion`, or `key` to sign one with.
    pub assertion: Option<Assertion<T>>,
    /// `authentication`
    pub method: ClientMethod,
}

/// `client.authentication`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientMethod {
    /// `client_secret_basic`
    SecretBasic,
    /// `client_secret_post`
    SecretPost,
    /// `client_secret_jwt`
    SecretJwt,
    /// `private_key_jwt`
    PrivateKeyJwt,
    /// `none`
    None,
}

/// A signed statement about the client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Assertion<T> {
    /// Signed by someone else.
    Ready(T),
    /// Signed by us, afresh for each request.
    Signed(SigningKey<T>),
}

/// What assertions are signed with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SigningKey<T> {
    /// `key`: PEM.
    pub key: T,
    /// `keyId`
    pub key_id: Option<T>,
    /// `algorithm`
    pub algorithm: SigningAlgorithm,
    /// `audience`; none: the token endpoint.
    pub audience: Option<T>,
}

/// `algorithm` of an assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// RSA, PKCS#1 padding.
    Rs256,
    /// RSA, PSS padding.
    Ps256,
    /// ECDSA over P-256.
    Es256,
}

/// `request.encoding`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenEncoding {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
}

/// `subject` and `actor`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActorToken<T> {
    /// The token.
    pub token: T,
    /// Its type, a URN.
    pub kind: T,
}

/// `oauth1`: OAuth 1.0a with HMAC-SHA256.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OAuth1<T> {
    /// `consumerKey`
    pub consumer_key: T,
    /// `consumerSecret`
    pub consumer_secret: T,
    /// `token`
    pub token: T,
    /// `tokenSecret`
    pub token_secret: T,
    /// `realm`: the account, for NetSuite.
    pub realm: Option<T>,
}

impl<T> OAuth2<T> {
    /// The same with every text replaced.
    ///
    /// # Errors
    /// The first that `fill` reports.
    pub fn try_map<U, E>(&self, mut fill: impl FnMut(&T) -> Result<U, E>) -> Result<OAuth2<U>, E> {
        let fill = &mut fill;
        Ok(OAuth2 {
            authority: option(self.authority.as_ref(), fill)?,
            endpoint: self.endpoint.clone(),
            grant: self.grant,
            client: self.client.try_map(fill)?,
            encoding: self.encoding,
            issuers: self.issuers.iter().map(&mut *fill).collect::<Result<_, _>>()?,
            scopes: self.scopes.iter().map(&mut *fill).collect::<Result<_, _>>()?,
            audiences: self.audiences.iter().map(&mut *fill).collect::<Result<_, _>>()?,
            username: option(self.username.as_ref(), fill)?,
            password: option(self.password.as_ref(), fill)?,
            subject: self.subject.as_ref().map(|token| token.try_map(fill)).transpose()?,
            actor: self.actor.as_ref().map(|token| token.try_map(fill)).transpose()?,
        })
    }
}

impl<T> Client<T> {
    fn try_map<U, E>(&self, fill: &mut impl FnMut(&T) -> Result<U, E>) -> Result<Client<U>, E> {
        let assertion = match &self.assertion {
            None => None,
            Some(Assertion::Ready(text)) => Some(Assertion::Ready(fill(text)?)),
            Some(Assertion::Signed(with)) => Some(Assertion::Signed(SigningKey {
                key: fill(&with.key)?,
                key_id: option(with.key_id.as_ref(), fill)?,
                algorithm: with.algorithm,
                audience: option(with.audience.as_ref(), fill)?,
            })),
        };
        Ok(Client {
            id: option(self.id.as_ref(), fill)?,
            secret: option(self.secret.as_ref(), fill)?,
            assertion,
            method: self.method,
        })
    }
}

impl<T> ActorToken<T> {
    fn try_map<U, E>(&self, fill: &mut impl FnMut(&T) -> Result<U, E>) -> Result<ActorToken<U>, E> {
        Ok(ActorToken { token: fill(&self.token)?, kind: fill(&self.kind)? })
    }
}

impl<T> OAuth1<T> {
    /// The same with every text replaced.
    ///
    /// # Errors
    /// The first that `fill` reports.
    pub fn try_map<U, E>(&self, mut fill: impl FnMut(&T) -> Result<U, E>) -> Result<OAuth1<U>, E> {
        Ok(OAuth1 {
            consumer_key: fill(&self.consumer_key)?,
            consumer_secret: fill(&self.consumer_secret)?,
            token: fill(&self.token)?,
            token_secret: fill(&self.token_secret)?,
            realm: option(self.realm.as_ref(), &mut fill)?,
        })
    }
}

fn option<T, U, E>(text: Option<&T>, fill: &mut impl FnMut(&T) -> Result<U, E>) -> Result<Option<U>, E> {
    text.map(fill).transpose()
}

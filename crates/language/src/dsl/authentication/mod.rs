//! Authentication policies, in one shape for definitions, `hub.yaml` and secrets that contain whole policies.
//!
//! Texts stay [`SecretTemplate`]s until a call is made. Only then are they resolved, and the resolved values are never
//! recorded.

mod read;
mod reader;

use std::convert::Infallible;
use std::sync::Arc;

use super::definition::SecretTemplate;
pub use read::read;
pub(super) use reader::secret_name;
pub use reader::{Flaw, FlawPlace, Origin, Reading};

/// How a request authenticates.
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
        /// The bearer token.
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
    /// `oauth1`: allowed in connections only.
    OAuth1(Arc<OAuth1<SecretTemplate>>),
    /// `KIND: { use: SECRET }`: the secret contains the settings as a JSON object.
    FromSecret {
        /// The kind of policy: `basic`, `oauth2`, ...
        kind: String,
        /// The name of the secret.
        secret: String,
    },
}

/// A policy from a definition, with the namespace that decides which secrets it may use.
#[derive(Debug, Clone)]
pub struct OwnAuthentication {
    /// Namespace of the definition.
    pub namespace: String,
    /// The policy.
    pub policy: Authentication,
}

impl Authentication {
    /// Returns the names of the secrets that this policy refers to.
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

/// `oauth2` and `oidc`. `T` is [`SecretTemplate`] before a call and the resolved text during it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OAuth2<T> {
    /// Base URL of the authorization server; `None`: the connection's base URL.
    pub authority: Option<T>,
    /// How the token endpoint is found.
    pub endpoint: TokenEndpoint,
    /// The OAuth grant.
    pub grant: Grant,
    /// The client and how it authenticates.
    pub client: Client<T>,
    /// Content type of the token request.
    pub encoding: TokenEncoding,
    /// Issuers that a token may name in `iss`; empty: any issuer.
    pub issuers: Vec<T>,
    /// Scopes to request.
    pub scopes: Vec<T>,
    /// Audiences to request.
    pub audiences: Vec<T>,
    /// The user's name for the grant `password`; with `jwt-bearer` the assertion's subject.
    pub username: Option<T>,
    /// The user's password for the grant `password`.
    pub password: Option<T>,
    /// The subject token of a token exchange; with `refresh_token` the first refresh token.
    pub subject: Option<ActorToken<T>>,
    /// The actor token of a token exchange.
    pub actor: Option<ActorToken<T>>,
}

/// How the token endpoint is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TokenEndpoint {
    /// A path below the authority.
    Path(String),
    /// Read from the authority's `/.well-known/openid-configuration`.
    Discovered,
}

/// `grant`: the OAuth grant type.
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

/// `client`: the OAuth client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client<T> {
    /// The client ID.
    pub id: Option<T>,
    /// The client secret.
    pub secret: Option<T>,
    /// The client assertion, or the key that signs one.
    pub assertion: Option<Assertion<T>>,
    /// How the client authenticates at the token endpoint.
    pub method: ClientMethod,
}

/// `client.authentication`: the values are those of OpenID Connect Core 1.0, section 9.
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

/// A signed JWT that authenticates the client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Assertion<T> {
    /// A JWT signed elsewhere.
    Ready(T),
    /// A JWT that Stepwell signs anew for each token request.
    Signed(SigningKey<T>),
}

/// The key that signs client assertions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SigningKey<T> {
    /// The private key as PEM.
    pub key: T,
    /// The `kid` of the JWT header.
    pub key_id: Option<T>,
    /// The signing algorithm.
    pub algorithm: SigningAlgorithm,
    /// The `aud` claim; `None`: the token endpoint.
    pub audience: Option<T>,
}

/// `algorithm`: how an assertion is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// RSA with PKCS#1 v1.5 padding.
    Rs256,
    /// RSA with PSS padding.
    Ps256,
    /// ECDSA over P-256.
    Es256,
}

/// `request.encoding`: the content type of a token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenEncoding {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
}

/// `subject` and `actor`: a security token of RFC 8693.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActorToken<T> {
    /// The token.
    pub token: T,
    /// The token type, a URN of RFC 8693.
    pub kind: T,
}

/// `oauth1`: OAuth 1.0a with HMAC-SHA256.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OAuth1<T> {
    /// The consumer key.
    pub consumer_key: T,
    /// The consumer secret.
    pub consumer_secret: T,
    /// The token ID.
    pub token: T,
    /// The token secret.
    pub token_secret: T,
    /// The realm; for NetSuite the account ID.
    pub realm: Option<T>,
}

impl<T> OAuth2<T> {
    /// Replaces every text with what `fill` returns for it.
    ///
    /// # Errors
    /// The first error of `fill`.
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
    /// Replaces every text with what `fill` returns for it.
    ///
    /// # Errors
    /// The first error of `fill`.
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

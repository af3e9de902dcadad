//! Who may do what: scopes, and the owner of a secret. The tables are `users`, `tokens` and `sessions` (with login
//! links).
//!
//! A secret leaves this module once, when it is created. The database stores only its SHA-256, which suffices because
//! every secret has 256 random bits. Only the database's clock decides what has expired. A lookup joins the secret with
//! the user and token behind it, so a session ends with them and has their current scopes.

mod name;
mod sessions;
#[cfg(test)]
mod tests;
mod tokens;
mod users;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::StoreError;
use crate::machine::{Actor, UnknownName};

pub use name::{BadName, Name};
pub use sessions::{
    SessionRow, create_login_link, create_session, delete_session, end_session, end_sessions_of, find_session,
    find_sessions, redeem_login_link, sessions, sweep_expired,
};
#[cfg(test)]
pub use tokens::create_token;
pub use tokens::{NewToken, TokenRow, find_token, find_tokens, issue_token, revoke_token, tokens};
#[cfg(test)]
pub use users::fixture_user;
pub use users::{
    Changed, Created, Ended, LastAdmin, UserChange, UserRow, change_user, create_user, find_user, user, users,
};

/// Prefix of every API token, so that secret scanners find leaked ones.
pub const TOKEN_PREFIX: &str = "swt_";

/// A permission of a token or session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Read everything.
    Read,
    /// Start runs and act on them.
    Operate,
    /// Deploy definitions.
    Deploy,
    /// Everything.
    Admin,
}

impl Scope {
    /// All scopes, weakest first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Operate, Self::Deploy, Self::Admin];

    /// Name of the scope in the API, the database and the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Deploy => "deploy",
            Self::Admin => "admin",
        }
    }

    /// The scopes that grant this one, each on its own.
    fn granted_by(self) -> &'static [Self] {
        match self {
            Self::Read => &[Self::Read, Self::Operate, Self::Deploy, Self::Admin],
            Self::Operate => &[Self::Operate, Self::Admin],
            Self::Deploy => &[Self::Deploy, Self::Admin],
            Self::Admin => &[Self::Admin],
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Scope {
    type Err = UnknownName;

    fn from_str(s: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == s);
        found.ok_or_else(|| UnknownName::of(s, &Self::ALL.map(Self::as_str)))
    }
}

/// What a valid secret belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// A person with a row in `users`.
    User {
        /// Id of the user.
        id: Uuid,
    },
    /// An API token.
    Token {
        /// Id of the token.
        id: Uuid,
        /// Id of the user it belongs to; `None` for a program's token.
        owner: Option<Uuid>,
    },
    /// Anyone who can open the database: the command line without a token.
    Local,
}

/// The person or program that presented a valid secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What the secret belongs to.
    pub principal: Principal,
    /// Name of the user, the token, or the operating system user.
    pub name: String,
    /// Scopes as granted; use [`Self::allows`] to check one.
    pub scopes: Vec<Scope>,
}

impl Identity {
    /// Identity of the command line on a machine that can open the database.
    #[must_use]
    pub fn local(name: impl Into<String>, scopes: &[Scope]) -> Self {
        Self { principal: Principal::Local, name: name.into(), scopes: scopes.to_vec() }
    }

    /// Whether the granted scopes include this one, directly or indirectly.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        allows(&self.scopes, scope)
    }

    /// Returns the actor as journal and audit name it: `user:ada`, `token:ci`, `local:root@host`. The prefix is never
    /// user input and no name contains a colon, so an actor cannot be forged. A user's token acts as that user.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let kind = match self.principal {
            Principal::User { .. } | Principal::Token { owner: Some(_), .. } => "user",
            Principal::Token { owner: None, .. } => "token",
            Principal::Local => "local",
        };
        Actor(format!("{kind}:{}", self.name))
    }
}

fn allows(scopes: &[Scope], scope: Scope) -> bool {
    scope.granted_by().iter().any(|granting| scopes.contains(granting))
}

/// A user who is neither disabled nor deleted, as a query joins it to a secret.
struct LiveUser {
    id: Uuid,
    name: String,
    scopes: Vec<Scope>,
}

impl LiveUser {
    /// Returns `None` if the outer join found no such user.
    fn read(id: Option<Uuid>, name: Option<String>, scopes: Option<Vec<String>>) -> Result<Option<Self>, StoreError> {
        let (Some(id), Some(name), Some(scopes)) = (id, name, scopes) else { return Ok(None) };
        Ok(Some(Self { id, name, scopes: read_scopes(&scopes, "users")? }))
    }

    fn identity(self) -> Identity {
        Identity { principal: Principal::User { id: self.id }, name: self.name, scopes: self.scopes }
    }
}

/// A token that is neither revoked nor expired.
struct LiveToken {
    id: Uuid,
    name: String,
    scopes: Vec<String>,
    user_id: Option<Uuid>,
}

impl LiveToken {
    /// Returns `None` if the token belongs to a user who may no longer sign in. A user's token is limited to the scopes
    /// of its user.
    fn identity(self, owner: Option<LiveUser>) -> Result<Option<Identity>, StoreError> {
        let scopes = read_scopes(&self.scopes, "tokens")?;
        let principal = Principal::Token { id: self.id, owner: self.user_id };
        Ok(match (self.user_id, owner) {
            (None, _) => Some(Identity { principal, name: self.name, scopes }),
            (Some(_), None) => None,
            (Some(_), Some(user)) => {
                let both = |scope: &Scope| allows(&scopes, *scope) && allows(&user.scopes, *scope);
                Some(Identity { principal, name: user.name, scopes: Scope::ALL.into_iter().filter(both).collect() })
            }
        })
    }
}

fn read_scopes(scopes: &[String], table: &'static str) -> Result<Vec<Scope>, StoreError> {
    let scopes = scopes.iter().map(|s| s.parse()).collect::<Result<_, UnknownName>>();
    scopes.map_err(|e| StoreError::Unreadable { table, why: e.to_string() })
}

/// SHA-256 of a secret, as the database stores it.
pub type Hash = [u8; 32];

/// Identities by the hash of their secret. A row that cannot be decoded is an error of that hash only.
pub type Found = Vec<(Hash, Result<Identity, StoreError>)>;

/// Keeps the rows that belong to an identity.
fn found(rows: impl Iterator<Item = (Vec<u8>, Result<Option<Identity>, StoreError>)>) -> Found {
    rows.filter_map(|(hash, identity)| Some((hash.try_into().ok()?, identity.transpose()?))).collect()
}

/// Returns the hash of a secret.
#[must_use]
pub fn secret_hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

fn new_secret(prefix: &str) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

fn names(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
}

//! Who may do what: API tokens, one-time login links, browser sessions, users.
//!
//! A secret leaves this module once, when it is made. The database holds SHA-256 of it, which is enough: every secret
//! is 256 random bits. Only the database's clock decides what has expired.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use super::StoreError;
use crate::machine::{Time, UnknownName};

/// What every API token begins with, so that secret scanners know one.
pub const TOKEN_PREFIX: &str = "swt_";

/// One thing that a token or session may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// See everything.
    Read,
    /// Start runs and act on them.
    Operate,
    /// Deploy definitions.
    Deploy,
    /// All of it.
    Admin,
}

impl Scope {
    /// All of them, least first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Operate, Self::Deploy, Self::Admin];

    /// As in API, database and command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Deploy => "deploy",
            Self::Admin => "admin",
        }
    }

    /// The scopes of which any one suffices for this one.
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
        Self::ALL.into_iter().find(|scope| scope.as_str() == s).ok_or_else(|| UnknownName(s.to_owned()))
    }
}

/// Who presented a valid secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name of the token or of the user.
    pub name: String,
    /// As granted; use [`Self::allows`].
    pub scopes: Vec<Scope>,
}

impl Identity {
    /// Whether the granted scopes include this one, directly or not.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        scope.granted_by().iter().any(|granting| self.scopes.contains(granting))
    }

    fn read(name: String, scopes: &[String], table: &'static str) -> Result<Self, StoreError> {
        let scopes = scopes.iter().map(|s| s.parse()).collect::<Result<_, UnknownName>>();
        Ok(Self { name, scopes: scopes.map_err(|e| StoreError::Unreadable { table, why: e.to_string() })? })
    }
}

/// A token as listed: everything but the secret.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TokenRow {
    /// UUIDv7.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// As granted.
    pub scopes: Vec<String>,
    /// Made.
    pub created_at: Time,
    /// Refused from then on.
    pub expires_at: Option<Time>,
    /// Refused since then.
    pub revoked_at: Option<Time>,
}

/// SHA-256 of a secret: what the database knows of it.
#[must_use]
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn new_secret(prefix: &str) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

fn names(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
}

/// Makes an API token; the text is shown once and never again.
///
/// # Errors
/// The database is away.
pub async fn create_token(
    pool: &PgPool,
    name: &str,
    scopes: &[Scope],
    lifetime: Option<Duration>,
) -> Result<(Uuid, String), StoreError> {
    let (id, secret) = (Uuid::now_v7(), new_secret(TOKEN_PREFIX));
    sqlx::query!(
        "insert into tokens (id, name, hash, scopes, expires_at)
         values ($1, $2, $3, $4, now() + make_interval(secs => $5))",
        id,
        name,
        &secret_hash(&secret)[..],
        &names(scopes),
        lifetime.map(|l| l.as_secs_f64()) as Option<f64>,
    )
    .execute(pool)
    .await?;
    Ok((id, secret))
}

/// Tokens, newest first.
///
/// # Errors
/// The database is away.
pub async fn tokens(pool: &PgPool, limit: i64) -> Result<Vec<TokenRow>, StoreError> {
    Ok(sqlx::query_as!(
        TokenRow,
        "select id, name, scopes, created_at, expires_at, revoked_at from tokens order by id desc limit $1",
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Ends a token. False if there is none with this id, or it was revoked before. Nodes notice within 5 seconds.
///
/// # Errors
/// The database is away.
pub async fn revoke_token(pool: &PgPool, id: Uuid) -> Result<bool, StoreError> {
    let done = sqlx::query!("update tokens set revoked_at = now() where id = $1 and revoked_at is null", id)
        .execute(pool)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whose token hashes to this, if it is neither revoked nor expired.
///
/// # Errors
/// The database is away.
pub async fn find_token(pool: &PgPool, hash: &[u8; 32]) -> Result<Option<Identity>, StoreError> {
    let row = sqlx::query!(
        "select name, scopes from tokens
         where hash = $1 and revoked_at is null and (expires_at is null or expires_at > now()) limit 1",
        &hash[..]
    )
    .fetch_optional(pool)
    .await?;
    row.map(|r| Identity::read(r.name, &r.scopes, "tokens")).transpose()
}

/// Makes a secret that [`redeem_login_link`] takes once: the `TOKEN` of `/login?token=TOKEN`.
///
/// # Errors
/// The database is away.
pub async fn create_login_link(
    pool: &PgPool,
    user: &str,
    scopes: &[Scope],
    lifetime: Duration,
) -> Result<String, StoreError> {
    let secret = new_secret("");
    sqlx::query!(
        "insert into login_links (hash, user_name, scopes, expires_at)
         values ($1, $2, $3, now() + make_interval(secs => $4))",
        &secret_hash(&secret)[..],
        user,
        &names(scopes),
        lifetime.as_secs_f64(),
    )
    .execute(pool)
    .await?;
    Ok(secret)
}

/// Uses up a login link. Of any number of calls at once, one gets the identity.
///
/// # Errors
/// The database is away.
pub async fn redeem_login_link(pool: &PgPool, secret: &str) -> Result<Option<Identity>, StoreError> {
    let row = sqlx::query!(
        "update login_links set used_at = now()
         where hash = $1 and used_at is null and expires_at > now()
         returning user_name, scopes",
        &secret_hash(secret)[..]
    )
    .fetch_optional(pool)
    .await?;
    row.map(|r| Identity::read(r.user_name, &r.scopes, "login_links")).transpose()
}

/// Begins a browser session and returns the cookie's value.
///
/// # Errors
/// The database is away.
pub async fn create_session(pool: &PgPool, identity: &Identity, lifetime: Duration) -> Result<String, StoreError> {
    let secret = new_secret("");
    sqlx::query!(
        "insert into sessions (hash, user_name, scopes, expires_at)
         values ($1, $2, $3, now() + make_interval(secs => $4))",
        &secret_hash(&secret)[..],
        identity.name,
        &names(&identity.scopes),
        lifetime.as_secs_f64(),
    )
    .execute(pool)
    .await?;
    Ok(secret)
}

/// Whose session hashes to this, if it has not expired.
///
/// # Errors
/// The database is away.
pub async fn find_session(pool: &PgPool, hash: &[u8; 32]) -> Result<Option<Identity>, StoreError> {
    let row = sqlx::query!(
        "select user_name, scopes from sessions where hash = $1 and expires_at > now() limit 1",
        &hash[..]
    )
    .fetch_optional(pool)
    .await?;
    row.map(|r| Identity::read(r.user_name, &r.scopes, "sessions")).transpose()
}

/// Ends a session.
///
/// # Errors
/// The database is away.
pub async fn delete_session(pool: &PgPool, secret: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from sessions where hash = $1", &secret_hash(secret)[..]).execute(pool).await?;
    Ok(())
}

/// Removes at most a thousand sessions and a thousand login links that have expired.
///
/// # Errors
/// The database is away.
pub async fn sweep_expired(pool: &PgPool) -> Result<u64, StoreError> {
    let sessions = sqlx::query!(
        "delete from sessions where hash in (select hash from sessions where expires_at < now() limit 1000)"
    )
    .execute(pool)
    .await?;
    let links = sqlx::query!(
        "delete from login_links where hash in (select hash from login_links where expires_at < now() limit 1000)"
    )
    .execute(pool)
    .await?;
    Ok(sessions.rows_affected() + links.rows_affected())
}

/// Creates a user. False if the name is taken. `password` is a PHC string (argon2), never the password itself.
///
/// # Errors
/// The database is away.
pub async fn create_user(
    pool: &PgPool,
    name: &str,
    scopes: &[Scope],
    password: Option<&str>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into users (id, name, scopes, password) values ($1, $2, $3, $4) on conflict (name) do nothing",
        Uuid::now_v7(),
        name,
        &names(scopes),
        password,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A user and the PHC string of the password, if the user has one.
///
/// # Errors
/// The database is away.
pub async fn find_user(pool: &PgPool, name: &str) -> Result<Option<(Identity, Option<String>)>, StoreError> {
    let row = sqlx::query!("select name, scopes, password from users where name = $1 limit 1", name)
        .fetch_optional(pool)
        .await?;
    row.map(|r| Ok((Identity::read(r.name, &r.scopes, "users")?, r.password))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[sqlx::test]
    async fn a_token_is_found_until_it_is_revoked(pool: PgPool) {
        let (id, secret) = create_token(&pool, "ci", &[Scope::Operate], None).await.unwrap();
        assert!(secret.starts_with(TOKEN_PREFIX) && secret.len() == 47, "{secret}");
        let found = find_token(&pool, &secret_hash(&secret)).await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.allows(Scope::Read)), ("ci", true));
        assert!(!found.allows(Scope::Deploy));
        assert!(revoke_token(&pool, id).await.unwrap());
        assert!(!revoke_token(&pool, id).await.unwrap());
        assert_eq!(find_token(&pool, &secret_hash(&secret)).await.unwrap(), None);
        assert!(tokens(&pool, 10).await.unwrap()[0].revoked_at.is_some());
    }

    #[sqlx::test]
    async fn an_expired_token_is_refused(pool: PgPool) {
        let (_, secret) = create_token(&pool, "old", &[Scope::Admin], Some(Duration::ZERO)).await.unwrap();
        assert_eq!(find_token(&pool, &secret_hash(&secret)).await.unwrap(), None);
    }

    #[sqlx::test]
    async fn no_table_holds_a_secret(pool: PgPool) {
        let (_, token) = create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
        let row: String = sqlx::query_scalar("select tokens::text from tokens").fetch_one(&pool).await.unwrap();
        assert!(!row.contains(&token[4..]) && !row.contains(&hex::encode(&token)), "{row}");
    }

    #[sqlx::test]
    async fn a_login_link_redeemed_many_times_at_once_opens_once(pool: PgPool) {
        let link = create_login_link(&pool, "ada", &[Scope::Admin], MINUTE).await.unwrap();
        let tries = (0..8).map(|_| redeem_login_link(&pool, &link));
        let won = futures::future::try_join_all(tries).await.unwrap().into_iter().flatten().count();
        assert_eq!(won, 1);
    }

    #[sqlx::test]
    async fn a_session_ends_when_it_is_deleted_or_expires(pool: PgPool) {
        let ada = Identity { name: "ada".into(), scopes: vec![Scope::Read] };
        let session = create_session(&pool, &ada, MINUTE).await.unwrap();
        assert_eq!(find_session(&pool, &secret_hash(&session)).await.unwrap(), Some(ada.clone()));
        delete_session(&pool, &session).await.unwrap();
        assert_eq!(find_session(&pool, &secret_hash(&session)).await.unwrap(), None);
        let short = create_session(&pool, &ada, Duration::ZERO).await.unwrap();
        assert_eq!(find_session(&pool, &secret_hash(&short)).await.unwrap(), None);
        assert_eq!(sweep_expired(&pool).await.unwrap(), 1);
    }

    #[sqlx::test]
    async fn a_user_name_is_taken_once(pool: PgPool) {
        assert!(create_user(&pool, "ada", &[Scope::Deploy], None).await.unwrap());
        assert!(!create_user(&pool, "ada", &[Scope::Admin], None).await.unwrap());
        let (ada, password) = find_user(&pool, "ada").await.unwrap().unwrap();
        assert_eq!((ada.scopes, password), (vec![Scope::Deploy], None));
    }

    #[test]
    fn admin_may_do_everything_and_read_nothing_more() {
        let with = |scope| Identity { name: String::new(), scopes: vec![scope] };
        assert!(Scope::ALL.into_iter().all(|scope| with(Scope::Admin).allows(scope)));
        assert_eq!(Scope::ALL.into_iter().filter(|s| with(Scope::Read).allows(*s)).count(), 1);
        assert!(!with(Scope::Deploy).allows(Scope::Operate) && !with(Scope::Operate).allows(Scope::Deploy));
    }
}

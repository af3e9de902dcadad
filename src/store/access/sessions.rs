//! One-time login links, and browser sessions that begin with a login link or a token.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    Found, Hash, Identity, LiveToken, LiveUser, Principal, found, names, new_secret, read_scopes, secret_hash,
};
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::acts::{self, By};
use crate::store::audit::{self, Sealed};

/// A session as listed, without its secret.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SessionRow {
    /// Id by which it can be ended.
    pub id: Uuid,
    /// `user`, `token` or `local`.
    pub kind: String,
    /// Name of the user, the token, or the operating system user.
    pub name: String,
    /// Time at which it began.
    pub created_at: Time,
    /// Time at which it expires.
    pub expires_at: Time,
}

/// Creates a secret that [`redeem_login_link`] accepts once: the `TOKEN` in `/login?token=TOKEN`. It signs in a user or
/// the command line, never a token.
///
/// # Errors
/// The database is unavailable.
pub async fn create_login_link(
    pool: &PgPool,
    identity: &Identity,
    lifetime: Duration,
    by: By<'_>,
) -> Result<String, StoreError> {
    let (kind, user) = match identity.principal {
        Principal::User { id } => ("user", Some(id)),
        Principal::Token { owner: Some(id), .. } => ("user", Some(id)),
        Principal::Token { owner: None, .. } | Principal::Local => ("local", None),
    };
    let secret = new_secret("");
    let mut transaction = pool.begin().await?;
    sqlx::query!(
        "insert into login_links (hash, user_name, scopes, expires_at, kind, user_id)
         values ($1, $2, $3, now() + make_interval(secs => $4), $5, $6)",
        &secret_hash(&secret)[..],
        identity.name,
        &names(&identity.scopes),
        lifetime.as_secs_f64(),
        kind,
        user,
    )
    .execute(&mut *transaction)
    .await?;
    let changed = vec![(Sealed::LoginLinks, hex::encode(secret_hash(&secret)))];
    acts::record_change(&mut transaction, by, "login.link", &identity.actor().0, None, changed).await?;
    transaction.commit().await?;
    Ok(secret)
}

/// Uses up a login link and returns its identity: the user as they are now, if they may still sign in. Of concurrent
/// calls, one succeeds.
///
/// # Errors
/// The database is unavailable.
pub async fn redeem_login_link(pool: &PgPool, secret: &str) -> Result<Option<Identity>, StoreError> {
    let mut transaction = pool.begin().await?;
    let row = sqlx::query!(
        r#"with link as (
               update login_links set used_at = now()
               where hash = $1 and used_at is null and expires_at > now()
               returning user_name, scopes, kind, user_id)
           select l.user_name as "user_name!", l.scopes as "scopes!", l.kind as "kind?",
                  u.id as "user?", u.name as "name?", u.scopes as "user_scopes?"
           from link l left join users u on u.id = l.user_id and u.disabled_at is null and u.deleted_at is null"#,
        &secret_hash(secret)[..]
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = row else { return Ok(None) };
    audit::seal(&mut transaction, &[(Sealed::LoginLinks, hex::encode(secret_hash(secret)))]).await?;
    transaction.commit().await?;
    match row.kind.as_deref() {
        Some("local") => Ok(Some(Identity::local(row.user_name, &read_scopes(&row.scopes, "login_links")?))),
        Some("user") => Ok(LiveUser::read(row.user, row.name, row.user_scopes)?.map(LiveUser::identity)),
        // An earlier version created the link without its owner.
        _ => Ok(None),
    }
}

/// Starts a browser session, records it, and returns the value for the cookie.
///
/// # Errors
/// The database is unavailable.
pub async fn create_session(pool: &PgPool, identity: &Identity, lifetime: Duration) -> Result<String, StoreError> {
    let (kind, user, token) = match identity.principal {
        Principal::User { id } => ("user", Some(id), None),
        Principal::Token { id, owner } => ("token", owner, Some(id)),
        Principal::Local => ("local", None, None),
    };
    let (id, secret) = (Uuid::now_v7(), new_secret(""));
    let mut transaction = pool.begin().await?;
    sqlx::query!(
        "insert into sessions (hash, id, user_name, scopes, expires_at, kind, user_id, token_id)
         values ($1, $2, $3, $4, now() + make_interval(secs => $5), $6, $7, $8)",
        &secret_hash(&secret)[..],
        id,
        identity.name,
        &names(&identity.scopes),
        lifetime.as_secs_f64(),
        kind,
        user,
        token,
    )
    .execute(&mut *transaction)
    .await?;
    let actor = identity.actor();
    let changed = vec![(Sealed::Sessions, id.to_string())];
    acts::record_change(&mut transaction, By::from(&actor), "session.begin", &id.to_string(), None, changed).await?;
    transaction.commit().await?;
    Ok(secret)
}

/// Returns the identity of the session with this hash, unless the session or the user or token behind it has ended.
///
/// # Errors
/// The database is unavailable.
pub async fn find_session(pool: &PgPool, hash: &Hash) -> Result<Option<Identity>, StoreError> {
    find_sessions(pool, &[*hash]).await?.pop().map(|(_, found)| found).transpose()
}

/// Like [`find_session`], for many hashes; invalid ones are left out.
///
/// # Errors
/// The database is unavailable.
pub async fn find_sessions(pool: &PgPool, hashes: &[Hash]) -> Result<Found, StoreError> {
    if hashes.is_empty() {
        return Ok(Found::new());
    }
    let rows = sqlx::query!(
        r#"select s.hash, s.kind, s.user_name, s.scopes,
                  t.id as "token?", t.name as "token_name?", t.scopes as "token_scopes?", t.user_id as "token_user?",
                  u.id as "user?", u.name as "name?", u.scopes as "user_scopes?"
           from sessions s
           left join tokens t on t.id = s.token_id and t.revoked_at is null
                             and (t.expires_at is null or t.expires_at > now())
           left join users u on u.id = coalesce(t.user_id, s.user_id) and u.disabled_at is null and u.deleted_at is null
           where s.hash = any($1) and s.expires_at > now()"#,
        &hashes.iter().map(<[u8; 32]>::as_slice).collect::<Vec<_>>() as &[&[u8]]
    )
    .fetch_all(pool)
    .await?;
    Ok(found(rows.into_iter().map(|row| {
        let token = match (row.token, row.token_name, row.token_scopes) {
            (Some(id), Some(name), Some(scopes)) => Some(LiveToken { id, name, scopes, user_id: row.token_user }),
            _ => None,
        };
        let user = LiveUser::read(row.user, row.name, row.user_scopes);
        let identity = user.and_then(|user| match (row.kind.as_deref(), token) {
            (Some("local"), _) => Ok(Some(Identity::local(row.user_name, &read_scopes(&row.scopes, "sessions")?))),
            (Some("user"), _) => Ok(user.map(LiveUser::identity)),
            (Some("token"), Some(token)) => token.identity(user),
            // The session's token has ended, or an earlier version created the session without its owner.
            _ => Ok(None),
        });
        (row.hash, identity)
    })))
}

/// Lists sessions that have not expired, newest first, before the session `before`.
///
/// # Errors
/// The database is unavailable.
pub async fn sessions(pool: &PgPool, before: Option<Uuid>, limit: i64) -> Result<Vec<SessionRow>, StoreError> {
    Ok(sqlx::query_as!(
        SessionRow,
        r#"select id, kind as "kind!", user_name as name, created_at, expires_at from sessions
           where expires_at > now() and kind is not null and ($1::uuid is null or id < $1) order by id desc limit $2"#,
        before,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Ends a session when its owner signs out.
///
/// # Errors
/// The database is unavailable.
pub async fn delete_session(pool: &PgPool, secret: &str, by: By<'_>) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    let ended = sqlx::query_scalar!("delete from sessions where hash = $1 returning id", &secret_hash(secret)[..]);
    if let Some(id) = ended.fetch_optional(&mut *transaction).await? {
        let changed = vec![(Sealed::Sessions, id.to_string())];
        acts::record_change(&mut transaction, by, "session.end", &id.to_string(), None, changed).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Ends a session by its id. Returns false if there is none.
///
/// # Errors
/// The database is unavailable.
pub async fn end_session(pool: &PgPool, id: Uuid, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let ended = sqlx::query!("delete from sessions where id = $1 returning kind, user_name", id);
    let Some(ended) = ended.fetch_optional(&mut *transaction).await? else { return Ok(false) };
    let detail = json!({ "kind": ended.kind, "name": ended.user_name });
    let changed = vec![(Sealed::Sessions, id.to_string())];
    acts::record_change(&mut transaction, by, "session.end", &id.to_string(), Some(&detail), changed).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Ends all sessions and deletes the unused login links of a user. Returns the number of sessions, or `None` if there
/// is no such user.
///
/// # Errors
/// The database is unavailable.
pub async fn end_sessions_of(pool: &PgPool, user: &str, by: By<'_>) -> Result<Option<u64>, StoreError> {
    let mut transaction = pool.begin().await?;
    let found = sqlx::query_scalar!("select id from users where name = $1 and deleted_at is null", user);
    let Some(id) = found.fetch_optional(&mut *transaction).await? else { return Ok(None) };
    let ended = sqlx::query_scalar!("delete from sessions where user_id = $1 returning id", id)
        .fetch_all(&mut *transaction)
        .await?;
    let links = sqlx::query_scalar!(
        r#"delete from login_links where user_id = $1 and used_at is null returning encode(hash, 'hex') as "key!""#,
        id
    )
    .fetch_all(&mut *transaction)
    .await?;
    let detail = json!({ "sessions": ended.len() });
    let mut changed: Vec<_> = ended.iter().map(|session| (Sealed::Sessions, session.to_string())).collect();
    changed.extend(links.into_iter().map(|link| (Sealed::LoginLinks, link)));
    let subject = format!("user:{user}");
    acts::record_change(&mut transaction, by, "session.end", &subject, Some(&detail), changed).await?;
    transaction.commit().await?;
    Ok(Some(ended.len() as u64))
}

/// Deletes up to a thousand sessions and a thousand login links that have expired.
///
/// # Errors
/// The database is unavailable.
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

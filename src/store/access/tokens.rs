//! API tokens.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    Found, Hash, Identity, LiveToken, LiveUser, Name, Scope, TOKEN_PREFIX, found, names, new_secret, secret_hash,
};
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::acts::{self, By};
use crate::store::audit::Sealed;

/// A token as listed, without its secret.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TokenRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// What the token is for.
    pub name: String,
    /// Name of the user it belongs to; `None` for a program's token.
    pub user: Option<String>,
    /// Scopes as granted.
    pub scopes: Vec<String>,
    /// Time of creation.
    pub created_at: Time,
    /// Time from which it is refused; `None` if it does not expire.
    pub expires_at: Option<Time>,
    /// Time at which it was revoked.
    pub revoked_at: Option<Time>,
}

/// A token to create.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// What the token is for.
    pub name: &'a Name,
    /// Name of the user it belongs to; `None` for a program's token.
    pub user: Option<&'a str>,
    /// Scopes to grant; a user's token is also limited to the scopes of its user.
    pub scopes: &'a [Scope],
    /// Time until it expires; `None` if it is valid until revoked.
    pub lifetime: Option<Duration>,
}

/// Creates a token and records the act. Returns its id and secret; the secret cannot be read again. Returns `None` if
/// the user does not exist or is disabled.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn issue_token(pool: &PgPool, new: &NewToken<'_>, by: By<'_>) -> Result<Option<(Uuid, String)>, StoreError> {
    let mut transaction = pool.begin().await?;
    let user_id = match new.user {
        None => None,
        Some(name) => {
            let found = sqlx::query_scalar!(
                "select id from users where name = $1 and disabled_at is null and deleted_at is null for update",
                name
            );
            let Some(id) = found.fetch_optional(&mut *transaction).await? else { return Ok(None) };
            Some(id)
        }
    };
    let (id, secret) = (Uuid::now_v7(), new_secret(TOKEN_PREFIX));
    sqlx::query!(
        "insert into tokens (id, name, hash, scopes, expires_at, user_id)
         values ($1, $2, $3, $4, now() + make_interval(secs => $5), $6)",
        id,
        new.name.as_str(),
        &secret_hash(&secret)[..],
        &names(new.scopes),
        new.lifetime.map(|l| l.as_secs_f64()) as Option<f64>,
        user_id,
    )
    .execute(&mut *transaction)
    .await?;
    let detail = json!({ "name": new.name.as_str(), "user": new.user, "scopes": new.scopes });
    let changed = vec![(Sealed::Tokens, id.to_string())];
    acts::record_change(&mut transaction, by, "token.create", &id.to_string(), Some(&detail), changed).await?;
    transaction.commit().await?;
    Ok(Some((id, secret)))
}

/// Creates a program's token, for tests.
#[cfg(test)]
pub async fn create_token(
    pool: &PgPool,
    name: &str,
    scopes: &[Scope],
    lifetime: Option<Duration>,
) -> Result<(Uuid, String), StoreError> {
    let name = name.parse().expect("a test gives a sound name");
    let by = crate::machine::Actor("test".to_owned());
    let new = NewToken { name: &name, user: None, scopes, lifetime };
    Ok(issue_token(pool, &new, By::from(&by)).await?.expect("it belongs to nobody"))
}

/// Lists tokens, newest first, before the token `before`.
///
/// # Errors
/// The database is unavailable.
pub async fn tokens(pool: &PgPool, before: Option<Uuid>, limit: i64) -> Result<Vec<TokenRow>, StoreError> {
    Ok(sqlx::query_as!(
        TokenRow,
        r#"select t.id, t.name, u.name as "user?", t.scopes, t.created_at, t.expires_at, t.revoked_at
           from tokens t left join users u on u.id = t.user_id
           where $1::uuid is null or t.id < $1 order by t.id desc limit $2"#,
        before,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Revokes a token, ends its sessions, and records the act. Returns the number of sessions, or `None` if there is no
/// such token or it was already revoked. Every node notices within five seconds.
///
/// # Errors
/// The database is unavailable.
pub async fn revoke_token(pool: &PgPool, id: Uuid, by: By<'_>) -> Result<Option<u64>, StoreError> {
    let mut transaction = pool.begin().await?;
    let done = sqlx::query_scalar!(
        "update tokens set revoked_at = now() where id = $1 and revoked_at is null returning name",
        id
    );
    let Some(name) = done.fetch_optional(&mut *transaction).await? else { return Ok(None) };
    let ended = sqlx::query_scalar!("delete from sessions where token_id = $1 returning id", id);
    let ended = ended.fetch_all(&mut *transaction).await?;
    let detail = json!({ "name": name, "sessions": ended.len() });
    let mut changed = vec![(Sealed::Tokens, id.to_string())];
    changed.extend(ended.iter().map(|session| (Sealed::Sessions, session.to_string())));
    acts::record_change(&mut transaction, by, "token.revoke", &id.to_string(), Some(&detail), changed).await?;
    transaction.commit().await?;
    Ok(Some(ended.len() as u64))
}

/// Returns the identity of the token with this hash, unless it is revoked or expired, or its user is disabled or
/// deleted.
///
/// # Errors
/// The database is unavailable.
pub async fn find_token(pool: &PgPool, hash: &Hash) -> Result<Option<Identity>, StoreError> {
    find_tokens(pool, &[*hash]).await?.pop().map(|(_, found)| found).transpose()
}

/// Like [`find_token`], for many hashes; invalid ones are left out.
///
/// # Errors
/// The database is unavailable.
pub async fn find_tokens(pool: &PgPool, hashes: &[Hash]) -> Result<Found, StoreError> {
    if hashes.is_empty() {
        return Ok(Found::new());
    }
    let rows = sqlx::query!(
        r#"select t.hash, t.id, t.name, t.scopes, t.user_id,
                  u.id as "owner?", u.name as "owner_name?", u.scopes as "owner_scopes?"
           from tokens t
           left join users u on u.id = t.user_id and u.disabled_at is null and u.deleted_at is null
           where t.hash = any($1) and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())"#,
        &hashes.iter().map(<[u8; 32]>::as_slice).collect::<Vec<_>>() as &[&[u8]]
    )
    .fetch_all(pool)
    .await?;
    Ok(found(rows.into_iter().map(|row| {
        let owner = LiveUser::read(row.owner, row.owner_name, row.owner_scopes);
        let token = LiveToken { id: row.id, name: row.name, scopes: row.scopes, user_id: row.user_id };
        (row.hash, owner.and_then(|owner| token.identity(owner)))
    })))
}

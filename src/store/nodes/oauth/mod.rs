//! Tokens of providers that replace refresh tokens, shared by all nodes. They come and go encrypted.
//!
//! Whoever asks a provider holds the row meanwhile, by the database's clock. No transaction is open while the provider is asked.

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::connect::StoredTokens;
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::acts::{self, By};

/// Makes the row of a policy unless there is one.
///
/// # Errors
/// The database is unavailable.
pub async fn create(pool: &PgPool, id: &[u8], connection: &str, refresh_token: &[u8]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into oauth_tokens (id, connection, refresh_token) values ($1, $2, $3) on conflict (id) do nothing",
        id,
        connection,
        refresh_token
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A row, as it is now.
///
/// # Errors
/// The database is unavailable.
pub async fn find(pool: &PgPool, id: &[u8]) -> Result<Option<StoredTokens>, StoreError> {
    Ok(sqlx::query_as!(
        StoredTokens,
        r#"select generation, refresh_token, previous_token, access_token,
                  extract(epoch from usable_until - clock_timestamp())::double precision as usable_seconds, lost_at,
                  case when refused_at is not null then coalesce(problem, '') end as problem
           from oauth_tokens where id = $1"#,
        id
    )
    .fetch_optional(pool)
    .await?)
}

/// Holds a row for a request to the provider, and writes down that one is sent; none if another holds it, or if it is not of this
/// generation any more. A request of which nobody recorded the answer is remembered in `lost_at`.
///
/// # Errors
/// The database is unavailable.
pub async fn hold(
    pool: &PgPool,
    id: &[u8],
    generation: i64,
    holder: Uuid,
    seconds: f64,
) -> Result<Option<StoredTokens>, StoreError> {
    Ok(sqlx::query_as!(
        StoredTokens,
        r#"update oauth_tokens set holder = $3, held_until = clock_timestamp() + make_interval(secs => $4),
                  lost_at = coalesce(lost_at, asked_at), asked_at = clock_timestamp()
           where id = $1 and generation = $2 and refused_at is null
             and (held_until is null or held_until <= clock_timestamp())
           returning generation, refresh_token, previous_token, access_token, null::double precision as usable_seconds, lost_at,
                     null::text as problem"#,
        id,
        generation,
        holder,
        seconds
    )
    .fetch_optional(pool)
    .await?)
}

/// Keeps new tokens and ends the hold. A refresh token that was not replaced stays. False if someone else holds the row.
///
/// # Errors
/// The database is unavailable.
pub async fn save(
    pool: &PgPool,
    id: &[u8],
    holder: Uuid,
    refresh_token: Option<&[u8]>,
    access_token: Option<&[u8]>,
    usable_seconds: Option<f64>,
) -> Result<bool, StoreError> {
    let saved = sqlx::query!(
        "update oauth_tokens set generation = generation + 1, access_token = $4,
                usable_until = clock_timestamp() + make_interval(secs => $5),
                previous_token = case when $3::bytea is null then previous_token else refresh_token end,
                refresh_token = coalesce($3, refresh_token),
                holder = null, held_until = null, asked_at = null, lost_at = null, changed_at = now()
         where id = $1 and holder = $2",
        id,
        holder,
        refresh_token,
        access_token,
        usable_seconds
    )
    .execute(pool)
    .await?;
    Ok(saved.rows_affected() > 0)
}

/// Notes that the provider accepts the tokens no more, and ends the hold.
///
/// # Errors
/// The database is unavailable.
pub async fn refuse(pool: &PgPool, id: &[u8], holder: Uuid, problem: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "update oauth_tokens set refused_at = now(), problem = $3, holder = null, held_until = null, asked_at = null,
                access_token = null, usable_until = null, generation = generation + 1, changed_at = now()
         where id = $1 and holder = $2",
        id,
        holder,
        problem
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Ends a hold without new tokens. `is_lost`: the provider may have replaced the refresh token.
///
/// # Errors
/// The database is unavailable.
pub async fn release(pool: &PgPool, id: &[u8], holder: Uuid, is_lost: bool) -> Result<(), StoreError> {
    sqlx::query!(
        "update oauth_tokens set holder = null, held_until = null, asked_at = case when $3 then asked_at end
         where id = $1 and holder = $2",
        id,
        holder,
        is_lost
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How a row stands.
#[derive(Debug)]
pub struct Standing {
    /// Counts the changes of the tokens.
    pub generation: i64,
    /// The provider accepts the tokens no more.
    pub is_refused: bool,
    /// The answer to a request was lost, and nobody asks now.
    pub is_interrupted: bool,
}

/// How a row stands; none if there is no such row.
///
/// # Errors
/// The database is unavailable.
pub async fn standing(pool: &PgPool, id: &[u8]) -> Result<Option<Standing>, StoreError> {
    Ok(sqlx::query_as!(
        Standing,
        r#"select generation, refused_at is not null as "is_refused!",
                  (asked_at is not null and refused_at is null
                   and (held_until is null or held_until <= clock_timestamp())) as "is_interrupted!"
           from oauth_tokens where id = $1"#,
        id
    )
    .fetch_optional(pool)
    .await?)
}

/// A row as listed: everything but the tokens.
#[derive(Debug, serde::Serialize)]
pub struct TokenListing {
    /// Beginning of its id, hexadecimal.
    pub id: String,
    /// Whose call made it.
    pub connection: String,
    /// How often its tokens changed.
    pub generation: i64,
    /// Made.
    pub created_at: Time,
    /// Tokens changed last.
    pub changed_at: Time,
    /// The provider accepts its tokens no more since then.
    pub refused_at: Option<Time>,
    /// What the provider said.
    pub problem: Option<String>,
    /// A request was sent then whose answer is not recorded, or not yet.
    pub asked_at: Option<Time>,
}

/// All rows, by connection, the newest first.
///
/// # Errors
/// The database is unavailable.
pub async fn list(pool: &PgPool, limit: i64) -> Result<Vec<TokenListing>, StoreError> {
    Ok(sqlx::query_as!(
        TokenListing,
        r#"select left(encode(id, 'hex'), 12) as "id!", connection, generation, created_at, changed_at, refused_at, problem, asked_at
           from oauth_tokens order by connection, created_at desc limit $1"#,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// The whole ids of the rows whose id begins so, or which a connection's call made; the newest first.
///
/// # Errors
/// The database is unavailable.
pub async fn ids(pool: &PgPool, connection: Option<&str>, id: Option<&str>) -> Result<Vec<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select id from oauth_tokens
         where ($1::text is null or connection = $1) and ($2::text is null or starts_with(encode(id, 'hex'), $2))
         order by created_at desc limit 100",
        connection,
        id
    )
    .fetch_all(pool)
    .await?)
}

/// What `stepwell connections list` calls a row, as the subject of an act.
fn subject(id: &[u8]) -> String {
    format!("oauth:{}", hex::encode(&id[..id.len().min(6)]))
}

/// Puts another refresh token, which a person got, in place of all tokens of a row, and records who did. Without one the stored
/// ones count again.
///
/// # Errors
/// The database is unavailable.
pub async fn reauthorize(
    pool: &PgPool,
    id: &[u8],
    refresh_token: Option<&[u8]>,
    by: By<'_>,
) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let changed = sqlx::query!(
        "update oauth_tokens set refresh_token = coalesce($2, refresh_token),
                previous_token = case when $2::bytea is null then previous_token end,
                access_token = null, usable_until = null, generation = generation + 1, holder = null, held_until = null,
                asked_at = null, lost_at = null, refused_at = null, problem = null, changed_at = now()
         where id = $1",
        id,
        refresh_token
    )
    .execute(&mut *transaction)
    .await?;
    if changed.rows_affected() > 0 {
        let detail = json!({ "same": refresh_token.is_none() });
        acts::record(&mut transaction, by, "connection.reauthorize", &subject(id), Some(&detail)).await?;
    }
    transaction.commit().await?;
    Ok(changed.rows_affected() > 0)
}

/// Forgets a row, and records who did.
///
/// # Errors
/// The database is unavailable.
pub async fn forget(pool: &PgPool, id: &[u8], by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let gone = sqlx::query!("delete from oauth_tokens where id = $1", id).execute(&mut *transaction).await?;
    if gone.rows_affected() > 0 {
        acts::record(&mut transaction, by, "connection.forget", &subject(id), None).await?;
    }
    transaction.commit().await?;
    Ok(gone.rows_affected() > 0)
}

/// The tokens of a row, to be encrypted with another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which row.
    pub id: Vec<u8>,
    /// Whose call made it.
    pub connection: String,
    /// The newest refresh token.
    pub refresh_token: Vec<u8>,
    /// The one before.
    pub previous_token: Option<Vec<u8>>,
    /// What calls carry.
    pub access_token: Option<Vec<u8>>,
}

/// Rows by id, after this one.
///
/// # Errors
/// The database is unavailable.
pub async fn sealed_after(pool: &PgPool, id: &[u8], limit: i64) -> Result<Vec<Sealed>, StoreError> {
    Ok(sqlx::query_as!(
        Sealed,
        "select id, connection, refresh_token, previous_token, access_token from oauth_tokens where id > $1 order by id limit $2",
        id,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Replaces the tokens of a row by the same in another encryption, and records who did. False if they changed meanwhile.
///
/// # Errors
/// The database is unavailable.
pub async fn reseal(pool: &PgPool, old: &Sealed, new: &Sealed, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let changed = sqlx::query!(
        "update oauth_tokens set refresh_token = $5, previous_token = $6, access_token = $7
         where id = $1 and refresh_token = $2 and previous_token is not distinct from $3 and access_token is not distinct from $4",
        old.id,
        old.refresh_token,
        old.previous_token,
        old.access_token,
        new.refresh_token,
        new.previous_token,
        new.access_token
    )
    .execute(&mut *transaction)
    .await?;
    if changed.rows_affected() > 0 {
        acts::record(&mut transaction, by, "connection.reencrypt", &subject(&old.id), None).await?;
    }
    transaction.commit().await?;
    Ok(changed.rows_affected() > 0)
}

#[cfg(test)]
mod tests;

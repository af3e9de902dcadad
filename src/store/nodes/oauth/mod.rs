//! Tokens of providers that replace refresh tokens, shared by all nodes. They are encrypted before they get here.
//!
//! A node holds a token's row while it asks the provider, by the database's clock. No transaction is open meanwhile.

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::connect::StoredTokens;
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::acts::{self, By};

/// Creates the row of a policy unless it exists.
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

/// Returns the current tokens of a row.
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

/// Holds a row and records that a request to the provider is being sent. Returns `None` if another holder has it or its
/// generation has changed. If the answer to an earlier request was never recorded, `lost_at` says when.
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

/// Stores new tokens and ends the hold. The refresh token stays unless it was replaced. Returns false if the caller no
/// longer holds the row.
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

/// Records that the provider rejects the tokens, and ends the hold.
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

/// Ends a hold without new tokens. `is_lost` means that the provider may have replaced the refresh token.
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

/// The state of a row.
#[derive(Debug)]
pub struct Standing {
    /// Number of changes of the tokens.
    pub generation: i64,
    /// Whether the provider rejects the tokens.
    pub is_refused: bool,
    /// Whether the answer to a request was lost and no node is asking now.
    pub is_interrupted: bool,
}

/// Returns the state of a row.
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

/// A row as listed, without its tokens.
#[derive(Debug, serde::Serialize)]
pub struct TokenListing {
    /// Beginning of its id, as hexadecimal text.
    pub id: String,
    /// Connection whose call created it.
    pub connection: String,
    /// Number of changes of the tokens.
    pub generation: i64,
    /// Time of creation.
    pub created_at: Time,
    /// Time at which the tokens last changed.
    pub changed_at: Time,
    /// Time since which the provider rejects the tokens.
    pub refused_at: Option<Time>,
    /// The provider's error message.
    pub problem: Option<String>,
    /// Time of a request whose answer is not recorded, or not yet.
    pub asked_at: Option<Time>,
}

/// Lists all rows by connection, newest first.
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

/// Returns the full ids of rows whose id begins with a text, or that a connection's call created; newest first.
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

/// Returns the subject of an act on a row: its id as shown by `stepwell connections list`.
fn subject(id: &[u8]) -> String {
    format!("oauth:{}", hex::encode(&id[..id.len().min(6)]))
}

/// Replaces all tokens of a row with a refresh token that a person obtained, and records the act. Without one, makes
/// the stored refresh token usable again.
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

/// Deletes a row and records the act.
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

/// The encrypted tokens of a row, for changing the encryption key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Id of the row.
    pub id: Vec<u8>,
    /// Connection whose call created it.
    pub connection: String,
    /// The current refresh token.
    pub refresh_token: Vec<u8>,
    /// The refresh token before it.
    pub previous_token: Option<Vec<u8>>,
    /// The token that calls send.
    pub access_token: Option<Vec<u8>>,
}

/// Returns rows after this id, in order.
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

/// Replaces the tokens of a row with the same tokens under another key, and records the act. Returns false if they
/// changed in between.
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

//! Nodes: one row per incarnation of a process, kept alive by one heartbeat. Only database time decides.

pub mod environment;
pub mod formats;
pub mod limits;
pub mod oauth;
pub mod pauses;
pub mod roles;
pub mod upkeep;

use sqlx::PgPool;
use uuid::Uuid;

use super::StoreError;
use crate::machine::Time;
use formats::Format;

/// What a heartbeat tells.
#[derive(Debug, Clone, Copy)]
pub struct Beat {
    /// The database's time.
    pub now: Time,
    /// The newest format that all nodes know that are alive or may come back: one that lost its lease an hour ago at most may have been
    /// cut off only.
    pub format: Format,
}

/// Creates the row of a fresh incarnation, which knows formats up to `format`.
///
/// # Errors
/// The database is away.
pub async fn register(
    pool: &PgPool,
    node: Uuid,
    name: &str,
    version: &str,
    lease_seconds: f64,
    format: Format,
) -> Result<Beat, StoreError> {
    Ok(sqlx::query_as!(
        Beat,
        r#"insert into nodes (id, name, version, expires_at, format) values ($1, $2, $3, now() + make_interval(secs => $4), $5)
           returning now() as "now!", least(format, common_format()) as "format!""#,
        node,
        name,
        version,
        lease_seconds,
        format
    )
    .fetch_one(pool)
    .await?)
}

/// Extends the lease, only while the row is alive and unexpired; none when it is not, for good.
///
/// # Errors
/// The database is away.
pub async fn heartbeat(pool: &PgPool, node: Uuid, lease_seconds: f64) -> Result<Option<Beat>, StoreError> {
    Ok(sqlx::query_as!(
        Beat,
        r#"update nodes set heartbeat_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => $2)
           where id = $1 and dead_at is null and expires_at > clock_timestamp()
           returning clock_timestamp() as "now!", least(format, common_format()) as "format!""#,
        node,
        lease_seconds
    )
    .fetch_optional(pool)
    .await?)
}

/// Marks nodes dead whose lease is over; gives their ids.
///
/// # Errors
/// The database is away.
pub async fn bury_expired(pool: &PgPool) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        "update nodes set dead_at = now() where dead_at is null and expires_at < now() returning id"
    )
    .fetch_all(pool)
    .await?)
}

/// Marks a node dead that leaves by itself.
///
/// # Errors
/// The database is away.
pub async fn leave(pool: &PgPool, node: Uuid) -> Result<(), StoreError> {
    sqlx::query!("update nodes set dead_at = now() where id = $1 and dead_at is null", node).execute(pool).await?;
    Ok(())
}

/// Forgets nodes that died more than a day ago and own nothing.
///
/// # Errors
/// The database is away.
pub async fn forget_old(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from nodes n where n.dead_at < now() - interval '1 day'
         and not exists (select 1 from runs r where r.owner = n.id)"
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Whether commits survive a crash, and a failover: what the promises depend on.
#[derive(Debug)]
pub struct Durability {
    /// `fsync`
    pub fsync: String,
    /// `full_page_writes`
    pub full_page_writes: String,
    /// `synchronous_commit`
    pub synchronous_commit: String,
    /// `synchronous_standby_names`
    pub synchronous_standby_names: String,
}

/// The server's durability settings.
///
/// # Errors
/// The database is away.
pub async fn durability(pool: &PgPool) -> Result<Durability, StoreError> {
    Ok(sqlx::query_as!(
        Durability,
        r#"select current_setting('fsync') as "fsync!", current_setting('full_page_writes') as "full_page_writes!",
                  current_setting('synchronous_commit') as "synchronous_commit!",
                  current_setting('synchronous_standby_names') as "synchronous_standby_names!""#
    )
    .fetch_one(pool)
    .await?)
}

/// What a server is, and who we are there.
#[derive(Debug)]
pub struct Server {
    /// `server_version_num`, such as 150004.
    pub version: i32,
    /// Whether we may do everything.
    pub is_superuser: bool,
}

/// What the server is.
///
/// # Errors
/// The database is away.
pub async fn server(pool: &PgPool) -> Result<Server, StoreError> {
    Ok(sqlx::query_as!(
        Server,
        r#"select current_setting('server_version_num')::integer as "version!", rolsuper as "is_superuser!"
           from pg_roles where rolname = current_user limit 1"#
    )
    .fetch_one(pool)
    .await?)
}

/// The database's time.
///
/// # Errors
/// The database is away.
pub async fn database_time(pool: &PgPool) -> Result<Time, StoreError> {
    Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(pool).await?)
}

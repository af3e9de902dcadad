//! All SQL of Stepwell: one statement per function, one doc comment per statement.
//!
//! **Lock order.** To rule out deadlocks, a transaction takes the lock of freezes first, then row locks in this order,
//! and several rows of one table in key order: bulk acts, topics, event keys, events (by id), event joins, frozen runs,
//! runs (by shard and id), listeners, tasks, lanes, proposals, commands. The chain of acts ([`audit`]) comes last.
//! Statements that only clean up or wake others wait for no row (`skip locked`).

pub mod access;
pub mod acts;
pub mod audit;
pub mod definitions;
pub mod events;
pub mod history;
pub mod nodes;
pub mod notifications;
pub mod retention;
pub mod runs;
pub mod schedules;
pub mod search;
pub mod sync;
pub(crate) mod uuids;

use nodes::roles::Migrated;
use nodes::{formats, roles};
use runs::listing;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

/// The migrations of this version, embedded.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Connects with settings under which the plan of a hot statement never depends on statistics.
///
/// A join of `unnest` with a table flips to a sequential scan if the table was empty when the statement was planned,
/// and costs thirty times as much once the table has filled. All statements of the engine go by key, so nested loops
/// over indexes are always right for them.
///
/// # Errors
/// The URL is not a Postgres URL, or the server does not answer.
pub async fn connect_engine(url: &str, connections_max: u32) -> Result<PgPool, StoreError> {
    let options = options(url)?.options([
        ("enable_seqscan", "off"),
        ("enable_bitmapscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_memoize", "off"),
        ("max_parallel_workers_per_gather", "0"),
        ("plan_cache_mode", "force_generic_plan"),
        ("jit", "off"),
        // Rows in archives have one text form, whatever the settings of the role or the database.
        ("timezone", "UTC"),
        ("bytea_output", "hex"),
    ]);
    Ok(pool(connections_max).connect_with(options).await?)
}

/// Connects for reads by the API, the dashboard and the command line. No statement runs longer than a second: a long
/// snapshot would hold back vacuum for the whole database.
///
/// # Errors
/// The URL is not a Postgres URL, or the server does not answer.
pub async fn connect_reader(url: &str, connections_max: u32) -> Result<PgPool, StoreError> {
    let options = options(url)?.options(listing::READ_OPTIONS);
    Ok(pool(connections_max).connect_with(options).await?)
}

/// Connects for reading only: Postgres itself rejects every write on these connections.
///
/// # Errors
/// The URL is not a Postgres URL, or the server does not answer.
pub async fn connect_read_only(url: &str, connections_max: u32) -> Result<PgPool, StoreError> {
    let options = options(url)?.options(listing::READ_OPTIONS).options([("default_transaction_read_only", "on")]);
    Ok(pool(connections_max).connect_with(options).await?)
}

/// Returns the address in a database URL as `host:port/name`, without user and password.
///
/// # Errors
/// The URL is not a Postgres URL.
pub fn address(url: &str) -> Result<String, StoreError> {
    let options = options(url)?;
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |s| s.display().to_string());
    let name = options.get_database().unwrap_or_else(|| options.get_username());
    Ok(format!("{host}:{}/{name}", options.get_port()))
}

/// Checks that the server accepts a connection to the database of a URL now. Unlike a pool, it reports the reason if
/// not.
///
/// # Errors
/// The URL is not a Postgres URL, or the reason why the server does not answer.
pub async fn knock(url: &str, within: Duration) -> Result<(), StoreError> {
    let options = options(url)?;
    let connection = tokio::time::timeout(within, PgConnection::connect_with(&options));
    let connection = connection.await.map_err(|_| StoreError::Unavailable(sqlx::Error::PoolTimedOut))??;
    let _ = connection.close().await;
    Ok(())
}

/// Creates the database of a URL on its server, through the database `postgres`, which every server has.
///
/// # Errors
/// The server does not answer, or the role may not create databases.
pub async fn create_database_of(url: &str) -> Result<(), StoreError> {
    let options = options(url)?;
    let name = options.get_database().unwrap_or_else(|| options.get_username()).to_owned();
    let mut connection = PgConnection::connect_with(&options.database("postgres")).await?;
    create_database(&mut connection, &name).await
}

pub(in crate::store) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    Ok(url.parse::<PgConnectOptions>()?.application_name("stepwell"))
}

pub(in crate::store) fn pool(connections_max: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections_max).acquire_timeout(Duration::from_secs(5))
}

/// Migrates the database to this version, grants the roles of nodes access to new tables, and creates the partitions of
/// the coming days. A database that is already at this version is only checked, so any role may call this.
///
/// # Errors
/// A migration fails, the role may not migrate, or a later version made the database unusable for this one.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let migrated = Migrated::of(pool).await?;
    if !migrated.pending.is_empty() {
        let failed = |error| StoreError::Migration(format!("{error}; {}", migrated.missing()));
        // A later version may already have migrated the database; its migrations only add, so this is safe.
        let mut migrator =
            sqlx::migrate::Migrator { migrations: MIGRATIONS.migrations.clone(), ..sqlx::migrate::Migrator::DEFAULT };
        migrator.set_ignore_missing(true).run(pool).await.map_err(failed)?;
    }
    // Repeats what an earlier migration may have died before doing.
    let is_adopted = audit::is_adopted(pool).await?;
    if !is_adopted || !migrated.pending.is_empty() {
        roles::grant_again(pool).await?;
    }
    if !is_adopted {
        adopt_once(pool).await?;
    }
    formats::check_readable(pool).await?;
    ensure_partitions(pool).await
}

/// Seals the rows that are older than the chain of acts as its first entries. Only a migration does this: rows that
/// appear later without an act must be found by `audit verify`.
async fn adopt_once(pool: &PgPool) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    if audit::begin_adoption(&mut transaction).await? {
        audit::adopt_all(&mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Creates the partitions of this month and the next. Cheap if they exist.
///
/// # Errors
/// The database is unavailable.
pub async fn ensure_partitions(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!("select ensure_partitions(35)").execute(pool).await?;
    Ok(())
}

/// Returns the shard of a run, which keeps its rows together on a distributed Postgres.
#[must_use]
pub fn shard(run: crate::machine::RunId) -> i16 {
    // The last byte of a UUIDv7 is random: it spreads as well as a hash and is the same in every version.
    i16::from(run.as_bytes()[15])
}

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is down, shutting down, or refuses connections. Trying again later may succeed.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The database rejected the statement or its values. The same values would be rejected again.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
    /// The schema could not be migrated to this version.
    #[error("the database cannot be migrated: {0}")]
    Migration(String),
    /// The database belongs to another environment.
    #[error(
        "this node is set to the environment {ours}, but the database belongs to {theirs} and has unfinished runs or nodes of it: \
         use another database, or let them end"
    )]
    OtherEnvironment {
        /// Environment that this node is configured for.
        ours: String,
        /// Environment that the database belongs to.
        theirs: String,
    },
    /// A row contains something that this version of Stepwell does not understand.
    #[error("a row of {table} cannot be read: {why}")]
    Unreadable {
        /// Name of the table.
        table: &'static str,
        /// What is wrong with the row.
        why: String,
    },
}

impl StoreError {
    /// Whether the row or its values are at fault: retrying fails again, while other rows may succeed.
    #[must_use]
    pub fn is_about_values(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Unreadable { .. })
    }

    /// Whether the server answers but the database does not exist.
    #[must_use]
    pub fn is_missing_database(&self) -> bool {
        self.has_code("3D000")
    }

    /// Whether the server rejects the credentials. Waiting does not help.
    #[must_use]
    pub fn is_sign_in(&self) -> bool {
        self.has_code("28")
    }

    /// Whether the statement timed out waiting for a lock.
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        self.has_code("55P03")
    }

    fn has_code(&self, begins: &str) -> bool {
        let (Self::Unavailable(sqlx::Error::Database(error)) | Self::Refused(sqlx::Error::Database(error))) = self
        else {
            return false;
        };
        error.code().is_some_and(|code| code.starts_with(begins))
    }

    /// Whether no connection could be made, so that the database never saw the statement.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Unavailable(why) if !matches!(why, sqlx::Error::Database(_)))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(e) => {
                // Classes that blame the values themselves: 22 data, 23 integrity, 54 limits. Anything else, from a
                // lost connection to a missing permission, is temporary or gets fixed, and then the same values can be
                // written.
                let code = e.code().unwrap_or_default();
                if ["22", "23", "54"].iter().any(|class| code.starts_with(class)) {
                    Self::Refused(error)
                } else {
                    Self::Unavailable(error)
                }
            }
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_) => Self::Refused(error),
            _ => Self::Unavailable(error),
        }
    }
}

/// Creates a database unless it exists.
///
/// # Errors
/// The server rejects the statement.
pub async fn create_database(connection: &mut sqlx::PgConnection, name: &str) -> Result<(), StoreError> {
    let there = sqlx::query_scalar!(r#"select exists(select 1 from pg_database where datname = $1) as "there!""#, name)
        .fetch_one(&mut *connection)
        .await?;
    if there {
        return Ok(());
    }
    execute_on_database(connection, "create database", name).await
}

/// Drops a database and closes its connections.
///
/// # Errors
/// The server rejects the statement.
pub async fn drop_database(connection: &mut sqlx::PgConnection, name: &str) -> Result<(), StoreError> {
    execute_on_database(connection, "drop database if exists", name).await
}

/// Statements on databases take no parameters, so the name is quoted here. Nowhere else is SQL assembled from text.
async fn execute_on_database(connection: &mut sqlx::PgConnection, verb: &str, name: &str) -> Result<(), StoreError> {
    let quoted = name.replace('"', "\"\"");
    let force = if verb.starts_with("drop") { " with (force)" } else { "" };
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{verb} \"{quoted}\"{force}"))).execute(connection).await?;
    Ok(())
}

/// Returns the process id of the server process behind a connection.
///
/// # Errors
/// The database is unavailable.
pub async fn backend_pid(connection: &mut sqlx::PgConnection) -> Result<u32, StoreError> {
    let pid = sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#).fetch_one(connection).await?;
    Ok(u32::try_from(pid).unwrap_or(0))
}

/// Counters of what a server has written, for measurements.
#[derive(Debug)]
pub struct Written {
    /// Transactions committed in this database.
    pub commits: i64,
    /// Bytes of write-ahead log, of the whole server.
    pub wal_bytes: i64,
}

/// Reads the counters of what the server has written so far.
///
/// # Errors
/// The database is unavailable.
pub async fn written(connection: &mut sqlx::PgConnection) -> Result<Written, StoreError> {
    Ok(sqlx::query_as!(
        Written,
        r#"select xact_commit as "commits!", pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as "wal_bytes!"
           from pg_stat_database where datname = current_database()"#
    )
    .fetch_one(connection)
    .await?)
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

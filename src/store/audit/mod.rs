//! The hash chain over rows that contain rights, rules and decisions: the state in which each act left them.
//!
//! **Invariant.** A transaction that writes a row of a [`Sealed`] table seals it as the last thing before its commit.
//! The lock of the chain is the last in the lock order. Statements that drive runs do not take it, except when a
//! person's act starts a run.

pub mod anchors;
pub mod removed;
mod rows;
pub mod scan;

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

use super::StoreError;
use super::runs::journal::Hash;
use crate::machine::Time;
pub use rows::Row;

/// A table whose rows are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sealed {
    /// Acts of people that belong to no run's journal.
    Acts,
    /// Acts on schedules.
    ScheduleActs,
    /// Users who may sign in.
    Users,
    /// API tokens.
    Tokens,
    /// Browser sessions.
    Sessions,
    /// One-time login links.
    LoginLinks,
    /// Deployed versions.
    Definitions,
    /// Schedules, and whether they are paused.
    Schedules,
    /// Freezes of workflows.
    Freezes,
    /// The environment that the database belongs to.
    Environment,
    /// Acts that need a second person.
    Proposals,
    /// Periods of totals that people signed off.
    SignOffs,
    /// Changes in periods that were signed off.
    TotalsChanges,
    /// Archives of removed runs and events; written by nodes.
    Archives,
}

impl Sealed {
    /// All sealed tables.
    pub const ALL: [Self; 14] = [
        Self::Acts,
        Self::ScheduleActs,
        Self::Users,
        Self::Tokens,
        Self::Sessions,
        Self::LoginLinks,
        Self::Definitions,
        Self::Schedules,
        Self::Freezes,
        Self::Environment,
        Self::Proposals,
        Self::SignOffs,
        Self::TotalsChanges,
        Self::Archives,
    ];

    /// Name of the table.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::Acts => "acts",
            Self::ScheduleActs => "schedule_acts",
            Self::Users => "users",
            Self::Tokens => "tokens",
            Self::Sessions => "sessions",
            Self::LoginLinks => "login_links",
            Self::Definitions => "definitions",
            Self::Schedules => "schedules",
            Self::Freezes => "freezes",
            Self::Environment => "environment",
            Self::Proposals => "proposals",
            Self::SignOffs => "totals_sign_offs",
            Self::TotalsChanges => "totals_changes",
            Self::Archives => "archives",
        }
    }

    /// Returns the table with this name.
    #[must_use]
    pub fn of(table: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sealed| sealed.table() == table)
    }

    /// Columns that the engine changes without an act, and why they need no seal. All other columns are sealed.
    #[must_use]
    pub fn moving(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Schedules => &[
                ("version", "nodes take it from the latest definition, which is sealed"),
                ("signature", "nodes take it from the latest definition, which is sealed"),
                ("anchor", "where `every` counts from: begins with the first node that knows the version"),
                ("next_at", "moves with each firing"),
                ("last_at", "moves with each firing"),
                ("run_id", "the run that was started last; its own journal says by what"),
            ],
            Self::Freezes => &[
                ("released_at", "when the last run that waited went on; the journals of the runs say so"),
                ("suspended_at", "when the last run in progress was told to wait; the journals of the runs say so"),
            ],
            _ => &[],
        }
    }

    /// Whether a text has the form of a key of this table.
    #[must_use]
    pub fn is_key(self, key: &str) -> bool {
        match self {
            Self::Definitions => key.parse::<i32>().is_ok(),
            Self::LoginLinks => hex::decode(key).is_ok(),
            Self::Schedules | Self::Environment => true,
            _ => key.parse::<uuid::Uuid>().is_ok(),
        }
    }

    /// Whether rows are deleted after they expire.
    fn ends(self) -> bool {
        matches!(self, Self::Sessions | Self::LoginLinks)
    }
}

/// A row's table, and its key as text.
pub type RowKey = (Sealed, String);

/// Returns the digest of a row: every column that is neither moving nor null, sorted by name, byte for byte as the
/// database returns it. Nothing else computes one.
///
/// # Errors
/// The row cannot be decoded.
pub fn digest(table: Sealed, row: &Row) -> Result<Hash, StoreError> {
    let moving = |name: &str| table.moving().iter().any(|(column, _)| *column == name);
    let mut hash = Sha256::new();
    for (name, value) in columns(table, row)? {
        if moving(&name) || value.get() == "null" {
            continue;
        }
        for part in [&name, value.get()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    Ok(hash.finalize().into())
}

fn columns(table: Sealed, row: &Row) -> Result<BTreeMap<String, Box<RawValue>>, StoreError> {
    serde_json::from_str(&row.row).map_err(|e| StoreError::Unreadable { table: table.table(), why: e.to_string() })
}

/// Returns the time from which a row may be deleted without an act.
fn ends_at(table: Sealed, row: &Row) -> Result<Option<Time>, StoreError> {
    if !table.ends() {
        return Ok(None);
    }
    let columns = columns(table, row)?;
    Ok(columns.get("expires_at").and_then(|value| serde_json::from_str(value.get()).ok()))
}

/// An entry of the chain.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Position in the chain, from 1.
    pub seq: i64,
    /// Database time of the transaction.
    pub at: Time,
    /// `act` or `adopted`.
    pub kind: String,
    /// Name of the row's table.
    pub of_table: String,
    /// Key of the row.
    pub key: String,
    /// Digest of the row; `None` if it was deleted.
    pub digest: Option<Vec<u8>>,
    /// Time from which the row may be deleted without an act.
    pub ends_at: Option<Time>,
    /// Hash over the fields above and the previous hash.
    pub hash: Vec<u8>,
}

/// Hash before the first entry.
#[must_use]
pub fn genesis() -> Hash {
    Sha256::digest(b"stepwell acts 1").into()
}

impl Entry {
    /// Returns the hash that this entry must have after this previous hash.
    #[must_use]
    pub fn hash_after(&self, before: &[u8]) -> Hash {
        let micros = |at: Option<Time>| at.map_or(i64::MIN, |at| at.timestamp_micros()).to_be_bytes();
        let mut hash = Sha256::new();
        hash.update(before);
        hash.update(self.seq.to_be_bytes());
        hash.update(micros(Some(self.at)));
        hash.update(micros(self.ends_at));
        hash.update([u8::from(self.digest.is_some())]);
        for part in [
            self.kind.as_bytes(),
            self.of_table.as_bytes(),
            self.key.as_bytes(),
            self.digest.as_deref().unwrap_or_default(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// Seals rows in the state that an act left them: the digest of those that exist, the absence of the others. Afterwards
/// this transaction must write nothing that another one could wait for.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn seal(conn: &mut PgConnection, rows: &[RowKey]) -> Result<(), StoreError> {
    append(conn, rows, "act").await
}

async fn append(conn: &mut PgConnection, rows: &[RowKey], kind: &str) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    lock(conn).await?;
    let mut by_table: BTreeMap<Sealed, Vec<String>> = BTreeMap::new();
    for (table, key) in rows {
        by_table.entry(*table).or_default().push(key.clone());
    }
    let head = head(conn).await?;
    let at = now(conn).await?;
    let (mut seq, mut before) = (head.seq, head.hash);
    let mut entries = Vec::with_capacity(rows.len());
    for (table, mut keys) in by_table {
        keys.sort_unstable();
        keys.dedup();
        let there: BTreeMap<String, Row> =
            rows::by_keys(conn, table, &keys).await?.into_iter().map(|row| (row.key.clone(), row)).collect();
        for key in keys {
            let row = there.get(&key);
            seq += 1;
            let mut entry = Entry {
                seq,
                at,
                kind: kind.to_owned(),
                of_table: table.table().to_owned(),
                digest: row.map(|row| digest(table, row)).transpose()?.map(Vec::from),
                ends_at: row.map(|row| ends_at(table, row)).transpose()?.flatten(),
                key,
                hash: Vec::new(),
            };
            entry.hash = entry.hash_after(&before).to_vec();
            before.clone_from(&entry.hash);
            entries.push(entry);
        }
    }
    insert(conn, &entries).await
}

/// Seals all rows that have no entry, because they are older than the chain. Returns their number.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn adopt_all(conn: &mut PgConnection) -> Result<u64, StoreError> {
    lock(conn).await?;
    let mut adopted = 0;
    for table in Sealed::ALL {
        loop {
            let some = rows::without_entry(conn, table, PAGE).await?;
            let keys: Vec<RowKey> = some.into_iter().map(|key| (table, key)).collect();
            append(conn, &keys, "adopted").await?;
            adopted += keys.len() as u64;
            if i64::try_from(keys.len()).is_ok_and(|rows| rows < PAGE) {
                break;
            }
        }
    }
    Ok(adopted)
}

/// Seals these rows as they are, because a person confirmed that they are right.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn adopt(conn: &mut PgConnection, rows: &[RowKey]) -> Result<(), StoreError> {
    append(conn, rows, "adopted").await
}

const PAGE: i64 = 1_000;

/// Whether the rows that are older than the chain have been sealed.
///
/// # Errors
/// The database is unavailable.
pub async fn is_adopted(pool: &PgPool) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!("select done from audit_adoption").fetch_one(pool).await?)
}

/// Claims the adoption of existing rows for this transaction. Returns false if it has been done.
///
/// # Errors
/// The database is unavailable, or the role lacks the privilege.
pub async fn begin_adoption(conn: &mut PgConnection) -> Result<bool, StoreError> {
    lock(conn).await?;
    let begun = sqlx::query!("update audit_adoption set done = true where not done").execute(conn).await?;
    Ok(begun.rows_affected() == 1)
}

/// Serializes writers of the chain, and makes rows read the same under any settings of the role.
async fn lock(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(7238425)").fetch_one(&mut *conn).await?;
    rows::pin_forms(conn).await
}

async fn now(conn: &mut PgConnection) -> Result<Time, StoreError> {
    Ok(sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(conn).await?)
}

/// Position and hash of the last entry.
#[derive(Debug, Clone)]
pub struct Head {
    /// Number of entries.
    pub seq: i64,
    /// Hash of the last entry.
    pub hash: Vec<u8>,
}

/// Returns the end of the chain.
///
/// # Errors
/// The database is unavailable.
pub async fn head(conn: &mut PgConnection) -> Result<Head, StoreError> {
    let last = sqlx::query_as!(Head, "select seq, hash from audit_chain order by seq desc limit 1")
        .fetch_optional(conn)
        .await?;
    Ok(last.unwrap_or_else(|| Head { seq: 0, hash: genesis().to_vec() }))
}

async fn insert(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into audit_chain (seq, at, kind, of_table, key, digest, ends_at, hash)
         select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::timestamptz[],
                              $8::bytea[])",
        &entries.iter().map(|e| e.seq).collect::<Vec<_>>(),
        &entries.iter().map(|e| e.at).collect::<Vec<_>>(),
        &entries.iter().map(|e| e.kind.clone()).collect::<Vec<_>>(),
        &entries.iter().map(|e| e.of_table.clone()).collect::<Vec<_>>(),
        &entries.iter().map(|e| e.key.clone()).collect::<Vec<_>>(),
        &entries.iter().map(|e| e.digest.clone()).collect::<Vec<_>>() as &[Option<Vec<u8>>],
        &entries.iter().map(|e| e.ends_at).collect::<Vec<_>>() as &[Option<Time>],
        &entries.iter().map(|e| e.hash.clone()).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

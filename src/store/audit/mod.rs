//! The chain over rows that mean rights, rules and decisions: what each act left of them.
//!
//! **Invariant.** Whoever writes a row of a [`Sealed`] table seals it in the same transaction, as the last thing before the commit. The
//! chain's lock is the last in the order of locks, and no statement of a run's way through the engine takes it, except where a
//! person's act starts the run.

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
    /// What people did that no journal tells.
    Acts,
    /// What people did to schedules.
    ScheduleActs,
    /// Who may sign in.
    Users,
    /// API tokens.
    Tokens,
    /// Browser sessions.
    Sessions,
    /// One-time links.
    LoginLinks,
    /// Deployed versions.
    Definitions,
    /// What starts by itself, and whether it is paused.
    Schedules,
    /// Freezes.
    Freezes,
    /// Which environment the database belongs to.
    Environment,
    /// Acts that need two people.
    Proposals,
    /// Periods that people signed off.
    SignOffs,
    /// What changed in periods that were signed off.
    TotalsChanges,
    /// What was archived and removed: written by nodes.
    Archives,
}

impl Sealed {
    /// All of them.
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

    /// The table of this name.
    #[must_use]
    pub fn of(table: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sealed| sealed.table() == table)
    }

    /// Columns that the engine writes by itself while nobody acts, and why they prove nothing. All others are sealed.
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

    /// Whether a text can be the key of a row.
    #[must_use]
    pub fn is_key(self, key: &str) -> bool {
        match self {
            Self::Definitions => key.parse::<i32>().is_ok(),
            Self::LoginLinks => hex::decode(key).is_ok(),
            Self::Schedules | Self::Environment => true,
            _ => key.parse::<uuid::Uuid>().is_ok(),
        }
    }

    /// Whether rows are removed once their time is over.
    fn ends(self) -> bool {
        matches!(self, Self::Sessions | Self::LoginLinks)
    }
}

/// A row by table and key, as text.
pub type RowKey = (Sealed, String);

/// The digest of a row as the database gives it: every column that is not moving and not null, by name, byte for byte. This is the only
/// place that computes one.
///
/// # Errors
/// The row cannot be read.
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

/// From when on a row may be removed by itself.
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
    /// Place in the chain, from 1.
    pub seq: i64,
    /// Database time.
    pub at: Time,
    /// `act` or `adopted`.
    pub kind: String,
    /// Name of the table.
    pub of_table: String,
    /// Key of the row.
    pub key: String,
    /// Digest of the row; none if it is gone.
    pub digest: Option<Vec<u8>>,
    /// From when on it may be gone.
    pub ends_at: Option<Time>,
    /// Over all this and the hash before.
    pub hash: Vec<u8>,
}

/// Where the chain begins.
#[must_use]
pub fn genesis() -> Hash {
    Sha256::digest(b"stepwell acts 1").into()
}

impl Entry {
    /// What its hash must be after this one.
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

/// Seals rows as they are after an act: those that are there, and that the others are gone. Afterwards this transaction writes nothing
/// that another one could wait for.
///
/// # Errors
/// The database is away, or refuses a value.
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

/// Seals what is there and was never sealed: rows of before the chain. Gives how many those were.
///
/// # Errors
/// The database is away, or refuses a value.
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

/// Seals these rows as they are, because a person says that they are right.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn adopt(conn: &mut PgConnection, rows: &[RowKey]) -> Result<(), StoreError> {
    append(conn, rows, "adopted").await
}

const PAGE: i64 = 1_000;

/// Whether rows of before the chain are its first entries.
///
/// # Errors
/// The database is away.
pub async fn is_adopted(pool: &PgPool) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!("select done from audit_adoption").fetch_one(pool).await?)
}

/// Whether this transaction is to adopt them; nobody else does then.
///
/// # Errors
/// The database is away, or this role may not.
pub async fn begin_adoption(conn: &mut PgConnection) -> Result<bool, StoreError> {
    lock(conn).await?;
    let begun = sqlx::query!("update audit_adoption set done = true where not done").execute(conn).await?;
    Ok(begun.rows_affected() == 1)
}

/// One writer of the chain at a time. Rows are read in the same form whatever the role's settings are.
async fn lock(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(7238425)").fetch_one(&mut *conn).await?;
    rows::pin_forms(conn).await
}

async fn now(conn: &mut PgConnection) -> Result<Time, StoreError> {
    Ok(sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(conn).await?)
}

/// The last entry's place and hash.
#[derive(Debug, Clone)]
pub struct Head {
    /// Number of entries.
    pub seq: i64,
    /// Hash of the last one.
    pub hash: Vec<u8>,
}

/// Where the chain ends now.
///
/// # Errors
/// The database is away.
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

//! The chain of acts: every entry follows from the one before, and every sealed row is as its last entry left it.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use super::Report;
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::audit::scan::{self, Scanned};
use crate::store::audit::{self, RowKey, Sealed};

const PAGE: i64 = 1_000;

/// Rows that are not as the chain says are reported, up to this many of a table.
const UNSEALED_MAX: i64 = 1_000;

/// Where a check of the chain stands between two pages.
pub(super) struct Cursor {
    seq: i64,
    hash: Vec<u8>,
    is_broken: bool,
    /// Time of the last entry about an act: what an act wrote is sealed in its transaction, after the act itself.
    act_at: Option<Time>,
}

impl Cursor {
    pub(super) fn new() -> Self {
        Self { seq: 0, hash: audit::genesis().to_vec(), is_broken: false, act_at: None }
    }
}

/// Tables that nothing but an act writes. The others are also written by the engine, or when someone uses a link.
const BY_ACTS_ALONE: [Sealed; 7] = [
    Sealed::Users,
    Sealed::Tokens,
    Sealed::Sessions,
    Sealed::Definitions,
    Sealed::Freezes,
    Sealed::Proposals,
    Sealed::SignOffs,
];

/// Checks the next page; false once there is none.
pub(super) async fn check_page(
    conn: &mut PgConnection,
    cursor: &mut Cursor,
    report: &mut Report,
    differing: &mut Vec<RowKey>,
) -> Result<bool, StoreError> {
    let page = scan::entries(conn, cursor.seq, PAGE).await?;
    if page.is_empty() {
        return Ok(false);
    }
    for Scanned { entry, .. } in &page {
        report.entries += 1;
        report.adopted += u64::from(entry.kind == "adopted");
        if !cursor.is_broken {
            follow(cursor, entry, report);
        }
        (cursor.seq, cursor.hash) = (entry.seq, entry.hash.clone());
        need_act(cursor, entry, report);
    }
    compare(conn, &page, report, differing).await?;
    Ok(true)
}

/// A row of such a table was written by an act, and that act must be in the chain.
fn need_act(cursor: &mut Cursor, entry: &audit::Entry, report: &mut Report) {
    match Sealed::of(&entry.of_table) {
        Some(Sealed::Acts) => cursor.act_at = Some(entry.at),
        Some(table) if entry.kind == "act" && BY_ACTS_ALONE.contains(&table) && cursor.act_at != Some(entry.at) => {
            let (name, key) = (table.table(), &entry.key);
            report.find(name, key, format!("row {key} of {name} was written at {} without an act", entry.at));
        }
        _ => {}
    }
}

/// Only the first entry that does not follow is reported: those after it prove nothing.
fn follow(cursor: &mut Cursor, entry: &audit::Entry, report: &mut Report) {
    let seq = entry.seq;
    let what = if seq != cursor.seq + 1 {
        format!("entry {} of the chain of acts is missing", cursor.seq + 1)
    } else if entry.hash_after(&cursor.hash).as_slice() != entry.hash {
        format!("entry {seq} of the chain of acts was changed, or the entries before it were")
    } else {
        return;
    };
    cursor.is_broken = true;
    report.find("audit_chain", seq, what);
}

/// Compares rows with their last entries.
async fn compare(
    conn: &mut PgConnection,
    page: &[Scanned],
    report: &mut Report,
    differing: &mut Vec<RowKey>,
) -> Result<(), StoreError> {
    let mut by_table: BTreeMap<Sealed, Vec<&Scanned>> = BTreeMap::new();
    for scanned in page.iter().filter(|scanned| scanned.is_last) {
        let audit::Entry { seq, of_table, key, .. } = &scanned.entry;
        match Sealed::of(of_table) {
            Some(table) if table.is_key(key) => by_table.entry(table).or_default().push(scanned),
            Some(_) => {
                let what = format!(
                    "entry {seq} of the chain of acts names the row {key:?} of {of_table}, which is not a valid key"
                );
                report.find("audit_chain", seq, what);
            }
            None => {
                let what = format!(
                    "entry {seq} of the chain of acts is about {of_table:?}, which is not a table of sealed rows"
                );
                report.find("audit_chain", seq, what);
            }
        }
    }
    for (table, entries) in by_table {
        let keys: Vec<String> = entries.iter().map(|scanned| scanned.entry.key.clone()).collect();
        let rows = scan::rows(conn, table, &keys).await?;
        let mut there: HashMap<String, Vec<u8>> = HashMap::new();
        for row in &rows {
            there.insert(row.key.clone(), audit::digest(table, row)?.to_vec());
        }
        for scanned in entries {
            let (key, now) = (&scanned.entry.key, there.get(&scanned.entry.key));
            let Some(what) = difference(table, scanned, now) else { continue };
            report.find(table.table(), key, what);
            differing.push((table, key.clone()));
        }
    }
    Ok(())
}

fn difference(table: Sealed, scanned: &Scanned, now: Option<&Vec<u8>>) -> Option<String> {
    let (name, key, at) = (table.table(), &scanned.entry.key, scanned.entry.at.format("%Y-%m-%d %H:%M:%S"));
    match (&scanned.entry.digest, now) {
        (Some(then), Some(now)) if then == now => None,
        (Some(_), Some(_)) => Some(format!("row {key} of {name} differs from what the last act on it wrote at {at}")),
        (Some(_), None) if scanned.has_ended => None,
        (Some(_), None) => {
            Some(format!("row {key} of {name} is missing: the last act on it, at {at}, did not remove it"))
        }
        (None, Some(_)) => Some(format!("row {key} of {name} exists although an act of {at} removed it")),
        (None, None) => None,
    }
}

/// Finds rows that no act ever wrote.
pub(super) async fn check_unsealed(
    conn: &mut PgConnection,
    report: &mut Report,
    differing: &mut Vec<RowKey>,
) -> Result<(), StoreError> {
    for table in Sealed::ALL {
        for key in scan::unsealed(conn, table, UNSEALED_MAX).await? {
            let what = format!("row {key} of {} was not written by any act", table.table());
            report.find(table.table(), &key, what);
            differing.push((table, key));
        }
    }
    Ok(())
}

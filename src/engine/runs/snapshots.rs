//! When a run in memory is copied to its snapshot, and how a claimed run is rebuilt from its snapshot and journal: from the record with
//! which it last continued as new, or from a snapshot after that.
//!
//! Writing snapshots costs at most as many bytes as the journal itself: one is due after so many records, and not before they
//! take as many bytes as the previous snapshot.

use std::sync::Arc;

use tracing::warn;

use super::driver::Driven;
use crate::engine::catalog::Loaded;
use crate::engine::context::Context;
use crate::machine::{Inconsistent, Record, Run, RunId, Time, fold, snapshot};
use crate::store::StoreError;
use crate::store::runs::claims::ClaimedRun;
use crate::store::runs::journal::{self, Hash, Pages};
use crate::store::runs::snapshots::{self, NewSnapshot, SnapshotRow};

/// A run with fewer records has no snapshot, and gets the next one after so many more.
const RECORDS: u32 = 1_000;

/// Runs with no more records are read many at once.
const QUICK: i32 = 32;

/// What is known in memory of a run's snapshot.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::engine) struct Snapshots {
    /// The last record that the snapshot includes; 0 if there is none.
    at: u32,
    /// How large the snapshot is.
    bytes: usize,
    /// Bytes of the journal since.
    since: usize,
}

impl Snapshots {
    /// Whether a run of so many records may have one.
    pub(super) fn may_exist(seq: u32) -> bool {
        seq >= RECORDS
    }

    /// The run continued as new with the record `base`, and has `seq` by now: waking it needs nothing older, so it has no snapshot for a
    /// while.
    pub(super) fn begin_anew(&mut self, seq: u32, base: u32, head: Hash) -> Option<NewSnapshot> {
        *self = Self { at: seq, bytes: 0, since: 0 };
        let (seq, base) = (i32::try_from(seq).ok()?, i32::try_from(base).ok());
        Some(NewSnapshot { seq, format: snapshot::FORMAT, head, base, data: Vec::new() })
    }

    /// Takes in that the journal has grown.
    pub(super) fn note(&mut self, journal_bytes: usize) {
        self.since += journal_bytes;
    }

    /// Whether it is time for one.
    pub(super) fn are_due(&self, seq: u32) -> bool {
        seq >= self.at.saturating_add(RECORDS) && self.since >= self.bytes
    }

    /// Makes one of a run whose last record has this time and ends at `head`. None if it cannot be written: the journal is enough.
    pub(super) async fn take(&mut self, loaded: &Loaded, run: &Run, head: Hash, last_at: Time) -> Option<NewSnapshot> {
        let (definition, copy) = (Arc::clone(&loaded.definition), run.clone());
        let written = tokio::task::spawn_blocking(move || snapshot::write(&definition, &copy, last_at)).await;
        let data = match written {
            Ok(Ok(data)) => data,
            Ok(Err(error)) => {
                warn!(run.id = %run.id, %error, "a snapshot of the run cannot be written; waking it reads its whole journal");
                Vec::new()
            }
            Err(_) => Vec::new(),
        };
        *self = Self { at: run.seq, bytes: data.len(), since: 0 };
        let seq = i32::try_from(run.seq).ok()?;
        let base = None;
        (!data.is_empty()).then_some(NewSnapshot { seq, format: snapshot::FORMAT, head, base, data })
    }
}

/// A run as far as it has been read.
struct Read {
    run: Run,
    last_at: Time,
    bytes: usize,
    snapshots: Snapshots,
}

/// Reads a claimed run: its snapshot, if it has one that is sound, and what its journal says since. However long the journal, a
/// page of it is in memory.
pub(in crate::engine) async fn load(context: &Context, claimed: ClaimedRun) -> Result<Driven, StoreError> {
    let unreadable = |why: String| StoreError::Unreadable { table: "runs", why };
    let loaded = context.definition_of(claimed.definition_id).await?;
    let head = claimed.head.as_slice().try_into().map_err(|_| unreadable("the head is not a SHA-256".to_owned()))?;
    let Read { mut run, mut last_at, bytes, mut snapshots } = begin(context, &loaded, &claimed).await?;
    let mut pages = Pages::after(&context.pool, claimed.id, i32::try_from(run.seq).unwrap_or(i32::MAX));
    while let Some(records) = pages.next().await? {
        last_at = records.last().map_or(last_at, |record| record.at);
        run = fold_page(&loaded, run, records).await.map_err(|why| unreadable(why.to_string()))?;
    }
    if i32::try_from(run.seq).ok() != Some(claimed.seq) {
        let why = format!("the journal ends with record {}, but the run's row names record {}", run.seq, claimed.seq);
        return Err(unreadable(why));
    }
    snapshots.note(pages.bytes);
    Ok(Driven { run, loaded, fence: claimed.fence, head, last_at, bytes: bytes + pages.bytes, snapshots })
}

/// Whether a claimed run is read together with others: its journal is short, and it is not suspected of killing nodes.
pub(in crate::engine) fn is_quick(claimed: &ClaimedRun) -> bool {
    claimed.seq <= QUICK && claimed.attempts < 2
}

/// Reads claimed runs that are [quick](is_quick), with one statement. An error tells nothing about any one of them.
pub(in crate::engine) async fn load_each(context: &Context, claimed: &[ClaimedRun]) -> Result<Vec<Driven>, StoreError> {
    let ids: Vec<RunId> = claimed.iter().map(|claimed| claimed.id).collect();
    let mut journals = journal::records_of_each(&context.pool, &ids).await?;
    let mut driven = Vec::with_capacity(claimed.len());
    for claimed in claimed {
        let unreadable = |why: String| StoreError::Unreadable { table: "runs", why };
        let (records, bytes) = journals.remove(&claimed.id).unwrap_or_default();
        let loaded = context.definition_of(claimed.definition_id).await?;
        let head = claimed.head.as_slice().try_into().map_err(|_| unreadable("no SHA-256".to_owned()))?;
        let last_at = records.last().map_or(claimed.created_at, |record| record.at);
        let run =
            fold(&loaded.definition, Run::new(claimed.id), &records).map_err(|why| unreadable(why.to_string()))?;
        if i32::try_from(run.seq).ok() != Some(claimed.seq) {
            return Err(unreadable("its journal is not what its row names".to_owned()));
        }
        let mut snapshots = Snapshots::default();
        snapshots.note(bytes);
        driven.push(Driven { run, loaded, fence: claimed.fence, head, last_at, bytes, snapshots });
    }
    Ok(driven)
}

async fn begin(context: &Context, loaded: &Loaded, claimed: &ClaimedRun) -> Result<Read, StoreError> {
    let base = claimed.base.unwrap_or(0);
    let nothing = || {
        let run = Run::before(claimed.id, u32::try_from(base).unwrap_or(0));
        let snapshots = Snapshots { at: run.seq, ..Snapshots::default() };
        Read { run, last_at: claimed.created_at, bytes: 0, snapshots }
    };
    if u32::try_from(claimed.seq - base).unwrap_or(0) < RECORDS {
        return Ok(nothing());
    }
    let row = snapshots::read(&context.pool, claimed.id).await?;
    let is_newest = |row: &SnapshotRow| (base..=claimed.seq).contains(&row.seq);
    let Some(row) = row.filter(|row| row.is_of_journal && row.format == snapshot::FORMAT && is_newest(row)) else {
        return Ok(nothing());
    };
    let (definition, bytes) = (Arc::clone(&loaded.definition), row.data.len());
    let read = tokio::task::spawn_blocking(move || snapshot::read(&definition, &row.data)).await;
    let read = read.ok().flatten().filter(|(run, _)| is_of(run, claimed.id, row.seq));
    Ok(read.map_or_else(nothing, |(run, last_at)| {
        let snapshots = Snapshots { at: run.seq, bytes, since: 0 };
        Read { run, last_at, bytes, snapshots }
    }))
}

fn is_of(run: &Run, id: RunId, seq: i32) -> bool {
    run.id == id && i32::try_from(run.seq).ok() == Some(seq)
}

/// Applies records, on a thread for such things if there are many.
async fn fold_page(loaded: &Loaded, run: Run, records: Vec<Record>) -> Result<Run, Inconsistent> {
    let definition = Arc::clone(&loaded.definition);
    if records.len() <= journal::LONG {
        return fold(&definition, run, &records);
    }
    let done = tokio::task::spawn_blocking(move || fold(&definition, run, &records)).await;
    done.expect("applying records does not panic")
}

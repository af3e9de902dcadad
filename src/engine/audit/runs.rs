//! Runs: the journal follows from its first record to its last, and the run's row says what folding the journal gives.

use std::fmt::Display;

use sqlx::PgConnection;
use uuid::Uuid;

use super::definitions::Definitions;
use super::{Report, gaps};
use crate::engine::catalog::Loaded;
use crate::engine::runs::driver::state_of;
use crate::machine::{Change, Continuation, Inconsistent, Record, Run, RunId, Time, apply, snapshot};
use crate::store::audit::scan::{self, RunRow};
use crate::store::nodes::formats::ONE_RECORD;
use crate::store::runs::journal::{self, Chain, Hash, Tampered};
use crate::store::runs::snapshots::{self, SnapshotRow};
use crate::store::{StoreError, shard};

/// A page of runs, small enough that its snapshot is short.
pub(super) const PAGE: i64 = 200;

/// What all checks of runs need.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) definitions: Definitions,
    /// Rows whose last record is older have no cause; see [`scan::causes_since`].
    pub(super) causes_since: Option<Time>,
}

/// Checks a run's row and journal.
pub(super) async fn check(
    conn: &mut PgConnection,
    known: &Known,
    row: &RunRow,
    report: &mut Report,
) -> Result<(), StoreError> {
    report.runs += 1;
    if row.shard != shard(row.id) {
        let what = format!("run {} has shard {}, but its id says {}", row.id, row.shard, shard(row.id));
        report.find("runs", row.id, what);
        return Ok(());
    }
    check_neighbors(conn, row, report).await?;
    let snapshot = snapshots::read(&mut *conn, row.id).await?;
    let loaded = known.definitions.get(row.definition_id);
    let mut folding = Folding::of(row.id, loaded, snapshot.as_ref());
    match read(conn, row, &mut folding).await? {
        Ok(()) => {
            report.records += folding.records;
            for seq in &folding.strange {
                let what = format!("record {seq} of run {} does not follow from the records before it", row.id);
                report.find("journal", row.id, what);
            }
            check_snapshot(row, snapshot.as_ref(), &folding, report);
            compare(known, row, folding, report);
        }
        Err(tampered) => report.find("journal", row.id, tampered),
    }
    Ok(())
}

/// A journal that is folded while it is read: it may be longer than what fits into memory.
struct Folding<'k> {
    id: RunId,
    loaded: Option<&'k Loaded>,
    /// Either the run so far, or the record that does not match its definition.
    run: Result<Run, Inconsistent>,
    records: u64,
    last_at: Option<Time>,
    /// The record up to which the run's snapshot goes.
    snapshot: Option<i32>,
    /// The run, and the time, at that record.
    at_snapshot: Option<(Run, Time)>,
    /// The definition to which the run moved.
    moved_to: Option<i32>,
    /// Records with which the run continued as new, and which do not say what the records before them give: nodes begin with them.
    strange: Vec<u32>,
}

impl<'k> Folding<'k> {
    fn of(run: RunId, loaded: Option<&'k Loaded>, snapshot: Option<&SnapshotRow>) -> Self {
        Self {
            id: run,
            loaded,
            run: Ok(Run::new(run)),
            records: 0,
            last_at: None,
            snapshot: snapshot.map(|snapshot| snapshot.seq),
            at_snapshot: None,
            moved_to: None,
            strange: Vec::new(),
        }
    }

    fn take_in(&mut self, record: &Record) {
        self.records += 1;
        self.last_at = Some(record.at);
        if let Change::RunMoved(moved) = &record.change {
            // What comes before is of another version, under which nobody folds it any more; its chain is checked all the same.
            let seq = u32::try_from(self.records - 1).unwrap_or(u32::MAX);
            self.run = Ok(Run { seq, ..Run::new(self.id) });
            self.moved_to = Some(moved.definitions.1);
            self.strange.clear();
            self.at_snapshot = None;
        }
        let (Some(loaded), Ok(run)) = (self.loaded, &mut self.run) else { return };
        if let Change::RunContinued(said) = &record.change
            && Continuation::of(&loaded.definition, run).as_ref() != Some(&**said)
        {
            self.strange.push(run.seq + 1);
        }
        match apply(&loaded.definition, run, record) {
            Ok(()) if self.snapshot.is_some() && self.snapshot == i32::try_from(run.seq).ok() => {
                self.at_snapshot = Some((run.clone(), record.at));
            }
            Ok(()) => {}
            Err(why) => self.run = Err(why),
        }
    }
}

/// Reads the records of a run and folds them, if they are those that were written; else says what is wrong. This is the only place that
/// reads journals here.
async fn read(
    conn: &mut PgConnection,
    run: &RunRow,
    folding: &mut Folding<'_>,
) -> Result<Result<(), String>, StoreError> {
    let mut chain = Chain::new(run.id);
    loop {
        let rows = journal::stored(&mut *conn, run.id, chain.last(), 1_000).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let read = match chain.push(row) {
                Ok(read) => read,
                Err(tampered) => return Ok(Err(tampered.to_string())),
            };
            for record in read {
                match record.record() {
                    Ok(read) => folding.take_in(&read),
                    Err(why) => return Ok(Err(format!("record {} of run {}: {why}", record.seq, run.id))),
                }
            }
        }
    }
    Ok(chain.end(run.seq, &run.head).map_or(Ok(()), |tampered| Err(tampered.to_string())))
}

/// The hash of a run's record, if there is one.
pub(super) async fn hash_at(conn: &mut PgConnection, run: RunId, seq: i32) -> Result<Option<Vec<u8>>, StoreError> {
    let rows = journal::read(&mut *conn, run, seq - 1, 1).await?;
    Ok(rows.into_iter().find(|row| row.seq == seq).map(|row| row.hash))
}

async fn check_neighbors(conn: &mut PgConnection, row: &RunRow, report: &mut Report) -> Result<(), StoreError> {
    let id = row.id;
    if let Some(event) = row.event_id {
        match (row.event_is_there, row.event_names_it) {
            (Some(false), _) if !gaps::event_is_archived(conn, event).await? => {
                report.find("runs", id, format!("run {id} was started by event {event}, which is missing"));
            }
            (Some(true), Some(false)) => {
                report.find("events", event, format!("event {event} does not name run {id}, which it started"));
            }
            _ => {}
        }
    }
    if let Some(parent) = row.parent_id
        && row.parent_is_there == Some(false)
        && !gaps::run_is_archived(conn, parent).await?
    {
        report.find("runs", id, format!("run {id} was started by run {parent}, which is missing"));
    }
    Ok(())
}

/// Compares a row with what folding its journal gives.
fn compare(known: &Known, row: &RunRow, folding: Folding<'_>, report: &mut Report) {
    let id = row.id;
    let Some(loaded) = folding.loaded else {
        let what = format!("run {id} names definition {}, which is missing or cannot be read", row.definition_id);
        return report.find("runs", id, what);
    };
    let run = match folding.run {
        Ok(run) => run,
        Err(why) => {
            let what =
                format!("the journal of run {id} does not match its definition {}: {why}", loaded.definition.workflow);
            return report.find("runs", id, what);
        }
    };
    let head: Hash = row.head.as_slice().try_into().unwrap_or_default();
    let state = state_of(loaded, &run, head, None, ONE_RECORD);
    let mut columns = Columns { id, report };
    if let Some(moved_to) = folding.moved_to {
        columns.same("definition_id", Some(&row.definition_id), Some(&moved_to));
    }
    columns.same("status", Some(&row.status), Some(&state.status.to_owned()));
    columns.same("attention", row.attention.as_ref(), state.attention.map(str::to_owned).as_ref());
    columns.same("key", row.key.as_ref(), run.key.as_ref());
    columns.same("event_id", row.event_id.as_ref(), run.event.as_ref());
    columns.same("parent_id", row.parent_id.as_ref(), run.parent.map(|parent| parent.run).as_ref());
    columns.same("task", row.task.as_ref(), state.task.as_ref());
    columns.same("created_at", Some(&row.created_at), run.started_at.as_ref());
    columns.same("finished_at", row.finished_at.as_ref(), state.finished_at.as_ref());
    let base = i32::try_from(run.base).ok().filter(|base| *base > 0);
    columns.same("base", row.base.as_ref(), base.as_ref());
    let is_of_before = known.causes_since.is_some_and(|since| folding.last_at.is_none_or(|last_at| last_at < since));
    if is_of_before && row.error.is_none() && row.fingerprint.is_none() {
        return;
    }
    columns.same("error", row.error.as_ref(), state.error.as_ref());
    columns.same("fingerprint", row.fingerprint.as_ref(), state.fingerprint.as_ref());
    if row.attention.is_some() != row.attention_at.is_some() {
        let what = format!(
            "run {id}: attention_at is {}, but attention is not",
            if row.attention_at.is_some() { "set" } else { "empty" }
        );
        report.find("runs", id, what);
    }
}

/// A snapshot says what the journal says: nodes continue with it.
fn check_snapshot(row: &RunRow, snapshot: Option<&SnapshotRow>, folding: &Folding<'_>, report: &mut Report) {
    let (Some(snapshot), Some(loaded)) = (snapshot, folding.loaded) else { return };
    let copy = snapshot::read(&loaded.definition, &snapshot.data);
    // One of another version is not read by anyone.
    let is_read = snapshot.format == snapshot::FORMAT && copy.is_some();
    if !snapshot.is_of_journal || (is_read && copy != folding.at_snapshot) {
        let what = format!("the snapshot of run {} does not match its journal at record {}", row.id, snapshot.seq);
        report.find("snapshots", row.id, what);
    }
}

struct Columns<'r> {
    id: RunId,
    report: &'r mut Report,
}

impl Columns<'_> {
    fn same<T: PartialEq + Display>(&mut self, column: &str, row: Option<&T>, journal: Option<&T>) {
        if row == journal {
            return;
        }
        let told = |value: Option<&T>| {
            value.map_or_else(|| "empty".to_owned(), |value| value.to_string().chars().take(80).collect())
        };
        let what = format!("run {}: {column} is {}, but its journal gives {}", self.id, told(row), told(journal));
        self.report.find("runs", self.id, what);
    }
}

/// Journals whose run is gone.
pub(super) async fn check_orphans(
    conn: &mut PgConnection,
    shards: (i16, i16),
    report: &mut Report,
) -> Result<(), StoreError> {
    for run in scan::orphans(conn, shards, PAGE).await? {
        if !gaps::run_is_archived(conn, run).await? {
            report.find("journal", run, Tampered::Orphan { run }.to_string());
        }
    }
    Ok(())
}

/// An id after all ids.
pub(super) const LAST: Uuid = Uuid::max();

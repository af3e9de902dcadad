//! Runs: the journal follows from its first record to its last, and the run's row says what folding the journal gives.

use std::fmt::Display;

use sqlx::PgConnection;
use uuid::Uuid;

use super::definitions::Definitions;
use super::{Report, gaps};
use crate::engine::driver::state_of;
use crate::machine::{Record, Run, RunId, Time, fold, snapshot};
use crate::store::audit::scan::{self, RunRow};
use crate::store::formats::ONE_RECORD;
use crate::store::journal::{self, Chain, Hash, Tampered};
use crate::store::{StoreError, shard, snapshots};

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
        let what = format!("run {} has shard {}, and its id says {}", row.id, row.shard, shard(row.id));
        report.find("runs", row.id, what);
        return Ok(());
    }
    check_neighbours(conn, row, report).await?;
    match read(conn, row).await? {
        Ok(records) => {
            report.records += records.len() as u64;
            compare(known, row, &records, report);
            check_snapshot(conn, known, row, &records, report).await?;
        }
        Err(tampered) => report.find("journal", row.id, tampered),
    }
    Ok(())
}

/// The records of a run, once they are known to be those that were written; or what is wrong with them. This is the only place that reads
/// journals here.
async fn read(conn: &mut PgConnection, run: &RunRow) -> Result<Result<Vec<Record>, String>, StoreError> {
    let (mut chain, mut records) = (Chain::new(run.id), Vec::new());
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
                    Ok(record) => records.push(record),
                    Err(why) => return Ok(Err(format!("record {} of run {}: {why}", record.seq, run.id))),
                }
            }
        }
    }
    Ok(chain.end(run.seq, &run.head).map_or(Ok(records), |tampered| Err(tampered.to_string())))
}

/// The hash of a run's record, if there is one.
pub(super) async fn hash_at(conn: &mut PgConnection, run: RunId, seq: i32) -> Result<Option<Vec<u8>>, StoreError> {
    let rows = journal::read(&mut *conn, run, seq - 1, 1).await?;
    Ok(rows.into_iter().find(|row| row.seq == seq).map(|row| row.hash))
}

async fn check_neighbours(conn: &mut PgConnection, row: &RunRow, report: &mut Report) -> Result<(), StoreError> {
    let id = row.id;
    if let Some(event) = row.event_id {
        match (row.event_is_there, row.event_names_it) {
            (Some(false), _) if !gaps::event_is_archived(conn, event).await? => {
                report.find("runs", id, format!("run {id} was started by event {event}, which is gone"));
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
        report.find("runs", id, format!("run {id} was started by run {parent}, which is gone"));
    }
    Ok(())
}

/// Compares a row with what folding its journal gives.
fn compare(known: &Known, row: &RunRow, records: &[Record], report: &mut Report) {
    let id = row.id;
    let Some(loaded) = known.definitions.get(row.definition_id) else {
        let what = format!("run {id} names definition {}, which is gone or cannot be read", row.definition_id);
        return report.find("runs", id, what);
    };
    let run = match fold(&loaded.definition, Run::new(id), records) {
        Ok(run) => run,
        Err(why) => {
            let what =
                format!("the journal of run {id} does not fit its definition {}: {why}", loaded.definition.workflow);
            return report.find("runs", id, what);
        }
    };
    let head: Hash = row.head.as_slice().try_into().unwrap_or_default();
    let state = state_of(loaded, &run, head, None, ONE_RECORD);
    let mut columns = Columns { id, report };
    columns.same("status", Some(&row.status), Some(&state.status.to_owned()));
    columns.same("attention", row.attention.as_ref(), state.attention.map(str::to_owned).as_ref());
    columns.same("key", row.key.as_ref(), run.key.as_ref());
    columns.same("event_id", row.event_id.as_ref(), run.event.as_ref());
    columns.same("parent_id", row.parent_id.as_ref(), run.parent.map(|parent| parent.run).as_ref());
    columns.same("task", row.task.as_ref(), state.task.as_ref());
    columns.same("created_at", Some(&row.created_at), run.started_at.as_ref());
    columns.same("finished_at", row.finished_at.as_ref(), state.finished_at.as_ref());
    let is_of_before = known.causes_since.is_some_and(|since| records.last().is_none_or(|record| record.at < since));
    if is_of_before && row.error.is_none() && row.fingerprint.is_none() {
        return;
    }
    columns.same("error", row.error.as_ref(), state.error.as_ref());
    columns.same("fingerprint", row.fingerprint.as_ref(), state.fingerprint.as_ref());
    if row.attention.is_some() != row.attention_at.is_some() {
        let what = format!(
            "run {id}: attention_at is {}, and attention is not",
            if row.attention_at.is_some() { "set" } else { "empty" }
        );
        report.find("runs", id, what);
    }
}

/// A snapshot says what the journal says: nodes go on with it.
async fn check_snapshot(
    conn: &mut PgConnection,
    known: &Known,
    row: &RunRow,
    records: &[Record],
    report: &mut Report,
) -> Result<(), StoreError> {
    let Some(snapshot) = snapshots::read(&mut *conn, row.id).await? else { return Ok(()) };
    let Some(loaded) = known.definitions.get(row.definition_id) else { return Ok(()) };
    let before = usize::try_from(snapshot.seq).ok().and_then(|seq| records.get(..seq));
    let folded = before.and_then(|records| fold(&loaded.definition, Run::new(row.id), records).ok());
    let last_at = before.and_then(|records| records.last()).map(|record| record.at);
    let copy = snapshot::read(&loaded.definition, &snapshot.data);
    // One of another version is not read by anybody.
    let is_read = snapshot.format == snapshot::FORMAT && copy.is_some();
    if !snapshot.is_of_journal || (is_read && copy != folded.zip(last_at)) {
        let what = format!("the snapshot of run {} is not what its journal gives at record {}", row.id, snapshot.seq);
        report.find("snapshots", row.id, what);
    }
    Ok(())
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
        let what = format!("run {}: {column} is {}, and its journal gives {}", self.id, told(row), told(journal));
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

//! Leaves: what an anchor holds of each run and event, and the digest of a set of them.

use std::collections::{BTreeMap, HashSet};

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::uncovered;
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::audit::scan::{RunColumns, RunRow};

/// A digest in hexadecimal.
pub(super) type Hex = String;

/// Runs and events of a span, in order of their ids.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    pub(super) runs: Vec<RunLeaf>,
    pub(super) events: Vec<EventLeaf>,
}

/// A run, as anchors see it.
#[derive(Debug)]
pub(super) struct RunLeaf {
    pub(super) id: Uuid,
    pub(super) seq: i32,
    pub(super) head: Vec<u8>,
    pub(super) created_at: Time,
    /// Nothing can happen to it any more.
    pub(super) is_settled: bool,
    /// All its columns, by name.
    columns: BTreeMap<String, Box<RawValue>>,
}

/// An event, as anchors see it.
#[derive(Debug)]
pub(super) struct EventLeaf {
    pub(super) id: Uuid,
    pub(super) received_at: Time,
    pub(super) leaf: Vec<u8>,
}

/// Columns of a run that never change.
const IDENTITY: [&str; 7] = ["shard", "id", "definition_id", "key", "event_id", "parent_id", "created_at"];

impl RunLeaf {
    pub(super) fn of(row: RunRow) -> Result<Self, StoreError> {
        let RunRow { id, seq, head, created_at, is_settled, .. } = row;
        Ok(Self { is_settled, ..Self::read(RunColumns { id, seq, head, created_at, row: row.row })? })
    }

    /// The same where it does not matter whether it is settled.
    pub(super) fn read(run: RunColumns) -> Result<Self, StoreError> {
        let RunColumns { id, seq, head, created_at, row } = run;
        let columns =
            serde_json::from_str(&row).map_err(|e| StoreError::Unreadable { table: "runs", why: e.to_string() })?;
        Ok(Self { id, seq, head, created_at, is_settled: false, columns })
    }

    /// The columns that an anchor of today covers.
    pub(super) fn covered(&self) -> Vec<String> {
        self.columns.keys().filter(|name| uncovered::of_run(name).is_none()).cloned().collect()
    }

    /// The digest of what never changes.
    pub(super) fn identity(&self) -> Hex {
        hex::encode(self.digest(IDENTITY.into_iter()))
    }

    fn digest<'c>(&self, columns: impl Iterator<Item = &'c str>) -> [u8; 32] {
        let mut hash = Sha256::new();
        for name in columns {
            let value = self.columns.get(name).map_or("null", |value| value.get());
            for part in [name, value] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        hash.finalize().into()
    }
}

/// How many runs these are, and the digest of them all by these columns, without those that were alive.
pub(super) fn digest_of_runs(runs: &[RunLeaf], columns: &[String], cutoff: Time, alive: &HashSet<Uuid>) -> (u64, Hex) {
    let (mut hash, mut count) = (Sha256::new(), 0);
    for run in runs.iter().filter(|run| run.created_at <= cutoff && !alive.contains(&run.id)) {
        hash.update(run.id.as_bytes());
        hash.update(run.digest(columns.iter().map(String::as_str)));
        count += 1;
    }
    (count, hex::encode(hash.finalize()))
}

/// How many events these are, and the digest of them all.
pub(super) fn digest_of_events(events: &[EventLeaf], cutoff: Time) -> (u64, Hex) {
    let (mut hash, mut count) = (Sha256::new(), 0);
    for event in events.iter().filter(|event| event.received_at <= cutoff) {
        hash.update(event.id.as_bytes());
        hash.update(&event.leaf);
        count += 1;
    }
    (count, hex::encode(hash.finalize()))
}

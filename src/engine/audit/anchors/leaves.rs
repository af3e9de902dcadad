//! Leaves: what an anchor holds of each run and event, and the digest of a set of them.

use std::collections::{BTreeMap, HashSet};

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::anchor::Alive;
use crate::engine::audit::{events, runs, uncovered};
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::audit::scan::{self, RunColumns, RunRow};

/// A digest in hexadecimal.
pub(super) type Hex = String;

/// Columns of a run's row, by name.
pub(super) type Columns = Vec<String>;

/// Runs and events of a span, in order of their ids. A day of a million runs fits into memory: of each run only digests are kept.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    /// Lists of columns, each of which gives runs another digest. Anchors of one version of the schema have one in common.
    pub(super) columns: Vec<Columns>,
    pub(super) runs: Vec<RunLeaf>,
    pub(super) events: Vec<EventLeaf>,
}

/// A run, as summaries see it.
#[derive(Debug)]
pub(super) struct RunLeaf {
    pub(super) id: Uuid,
    pub(super) created_at: Time,
    /// The run as it is listed, unless nothing can happen to it any more.
    pub(super) alive: Option<Box<Alive>>,
    /// Digests of its row by the lists of columns.
    pub(super) digests: Vec<[u8; 32]>,
}

/// An event, as summaries see it.
#[derive(Debug)]
pub(super) struct EventLeaf {
    pub(super) id: Uuid,
    pub(super) received_at: Time,
    pub(super) leaf: Vec<u8>,
}

/// Which moment a page is read of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::audit) enum Moments {
    /// The one that the connection's transaction sees.
    Given,
    /// One of its own: what anchors cover does not change, or only grows.
    OwnEach,
}

/// Which runs are listed one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// Those to which something can happen.
    Alive,
    /// All of them.
    All,
}

impl Leaves {
    pub(super) fn take_in(&mut self, row: RunRow, list: List) -> Result<(), StoreError> {
        let image = Image::read(RunColumns { id: row.id, seq: row.seq, head: row.head, row: row.row })?;
        if self.columns.is_empty() {
            self.columns.push(image.covered());
        }
        let digests = self.columns.iter().map(|columns| image.digest(columns.iter().map(String::as_str))).collect();
        let is_listed = list == List::All || !row.is_settled;
        let alive = is_listed.then(|| Box::new(image.listed()));
        self.runs.push(RunLeaf { id: row.id, created_at: row.created_at, alive, digests });
        Ok(())
    }

    /// How many runs these are, and the digest of them all by these columns, without those that were alive.
    pub(super) fn runs_by(&self, columns: &[String], cutoff: Time, alive: &HashSet<Uuid>) -> (u64, Hex) {
        let place = self.columns.iter().position(|known| known == columns);
        let (mut hash, mut count) = (Sha256::new(), 0);
        for run in self.runs.iter().filter(|run| run.created_at <= cutoff && !alive.contains(&run.id)) {
            hash.update(run.id.as_bytes());
            hash.update(place.and_then(|place| run.digests.get(place)).map_or(&[][..], |digest| &digest[..]));
            count += 1;
        }
        (count, hex::encode(hash.finalize()))
    }

    /// How many events these are, and the digest of them all.
    pub(super) fn events(&self, cutoff: Time) -> (u64, Hex) {
        let (mut hash, mut count) = (Sha256::new(), 0);
        for event in self.events.iter().filter(|event| event.received_at <= cutoff) {
            hash.update(event.id.as_bytes());
            hash.update(&event.leaf);
            count += 1;
        }
        (count, hex::encode(hash.finalize()))
    }
}

/// All columns of a run, by name.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) id: Uuid,
    pub(super) seq: i32,
    pub(super) head: Vec<u8>,
    columns: BTreeMap<String, Box<RawValue>>,
}

/// Columns of a run that never change; its definition only where its journal says so.
const IDENTITY: [&str; 7] = ["shard", "id", "definition_id", "key", "event_id", "parent_id", "created_at"];

impl Image {
    pub(super) fn read(run: RunColumns) -> Result<Self, StoreError> {
        let RunColumns { id, seq, head, row } = run;
        let columns =
            serde_json::from_str(&row).map_err(|e| StoreError::Unreadable { table: "runs", why: e.to_string() })?;
        Ok(Self { id, seq, head, columns })
    }

    /// The columns that an anchor of today covers.
    fn covered(&self) -> Columns {
        self.columns.keys().filter(|name| uncovered::of_run(name).is_none()).cloned().collect()
    }

    /// The same run while it was of another definition.
    pub(super) fn of_definition(mut self, definition: i32) -> Self {
        let number = serde_json::value::to_raw_value(&definition).unwrap_or_else(|_| RawValue::NULL.to_owned());
        self.columns.insert("definition_id".to_owned(), number);
        self
    }

    /// The digest of what never changes.
    pub(super) fn identity(&self) -> Hex {
        hex::encode(self.digest(IDENTITY.into_iter()))
    }

    fn listed(&self) -> Alive {
        Alive { id: self.id, seq: self.seq, head: hex::encode(&self.head), is: self.identity() }
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

/// Reads the runs and events from one id on and before another one. Without lists of columns, by those that an anchor of today covers.
pub(super) async fn leaves_of(
    conn: &mut PgConnection,
    moments: Moments,
    (from, before): (Uuid, Uuid),
    columns: Vec<Columns>,
    list: List,
) -> Result<Leaves, StoreError> {
    let mut leaves = Leaves { columns, ..Leaves::default() };
    let mut after = (from, -1);
    loop {
        let rows = match moments {
            Moments::Given => scan::runs(conn, after, before, runs::PAGE).await?,
            Moments::OwnEach => scan::runs(&mut *scan::snapshot(&mut *conn).await?, after, before, runs::PAGE).await?,
        };
        let Some(last) = rows.last() else { break };
        after = (last.id, last.shard);
        for row in rows {
            leaves.take_in(row, list)?;
        }
    }
    let mut after = Uuid::from_u128(from.as_u128().saturating_sub(1));
    loop {
        let rows = match moments {
            Moments::Given => scan::events(conn, after, before, events::PAGE).await?,
            Moments::OwnEach => {
                scan::events(&mut *scan::snapshot(&mut *conn).await?, after, before, events::PAGE).await?
            }
        };
        let Some(last) = rows.last() else { break };
        after = last.id;
        leaves.events.extend(rows.into_iter().map(|e| EventLeaf {
            id: e.id,
            received_at: e.received_at,
            leaf: e.leaf,
        }));
    }
    Ok(leaves)
}

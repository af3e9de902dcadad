//! What reconciliations found. A reconciliation is a run of a workflow that starts by itself and reports records by events; the result of a
//! record is the result of the runs that its event started. Nothing is kept for it: all of it stands in journal and events.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dsl::{Definition, TaskKind, WorkflowRef};
use crate::engine::Engine;
use crate::expr::Template;
use crate::machine::{RunId, Time};
use crate::memory::drift::{Counts, Found, RECORD_CHANGED, Standing, conflicts, judge, wrote};
use crate::memory::links::{Side, Sides};
use crate::store::runs::listing::{self, RunFilter, RunRow};
use crate::store::sync::drift::{self, Told};
use crate::store::{StoreError, definitions};

/// Counting the records of a reconciliation stops here.
pub const COUNTED_MAX: i64 = 5_000;

/// A reconciliation, and what it found.
#[derive(Debug, Clone, Serialize)]
pub struct Sweep {
    /// Its run.
    pub run: RunId,
    /// What it ran.
    pub workflow: WorkflowRef,
    /// Status of the run.
    pub status: String,
    /// Why the run needs attention.
    pub attention: Option<String>,
    /// When it was accepted.
    pub created_at: Time,
    /// Time at which it ended.
    pub finished_at: Option<Time>,
    /// From when on it looked for changes, as it says itself.
    pub since: Option<String>,
    /// How many records of each kind.
    #[serde(flatten)]
    pub counts: Counts,
    /// Whether there are more than were counted.
    pub more: bool,
}

/// A record that a reconciliation reported. As JSON, its id on a side stands under the name of that side: `crm_id`.
#[derive(Debug, Clone)]
pub struct Drift {
    /// Number of the record in the reconciliation's journal.
    pub seq: i32,
    /// Name of the mapping.
    pub entity: Option<String>,
    /// What its mapping calls the sides.
    pub sides: Arc<Sides>,
    /// The record on each side.
    pub ids: [Option<String>; 2],
    /// The result of it.
    pub found: Found,
    /// The same in the words of its workflow, or the status of its run.
    pub outcome: String,
    /// Fields that were written, such as `erp.phone`.
    pub wrote: Vec<String>,
    /// Returns the number of fields about which a person must decide.
    pub conflicts: i64,
    /// Its event.
    pub event: Option<Uuid>,
    /// The run that looked at it.
    pub run: Option<RunId>,
}

impl Serialize for Drift {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = json!({ "seq": self.seq, "entity": self.entity, "sides": self.sides.names() });
        for (side, id) in self.sides.names().iter().zip(&self.ids) {
            told[format!("{side}_id")] = id.clone().into();
        }
        told["found"] = json!(self.found);
        told["outcome"] = self.outcome.clone().into();
        told["wrote"] = json!(self.wrote);
        told["conflicts"] = self.conflicts.into();
        told["event"] = json!(self.event);
        told["run"] = json!(self.run);
        told.serialize(serializer)
    }
}

impl Engine {
    /// The latest sweeps, latest first, those before `before`.
    ///
    /// # Errors
    /// The database is away.
    pub async fn sweeps(&self, before: Option<RunId>, limit: usize) -> Result<Vec<Sweep>, StoreError> {
        let deployed = self.deployed();
        let sweeps = |definition: &Arc<Definition>| !telling(definition).is_empty();
        let mut rows: Vec<RunRow> = Vec::new();
        for ((namespace, name), _) in deployed.definitions.iter().filter(|(_, versions)| versions.iter().any(sweeps)) {
            let filter = RunFilter { workflow: Some(format!("{namespace}/{name}")), ..RunFilter::default() };
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            rows.extend(listing::runs(&self.inner.context.reader, &filter, before, limit).await?.rows);
        }
        rows.sort_by_key(|row| Reverse(row.id));
        rows.truncate(limit);
        let mut found = Vec::new();
        for row in rows {
            found.extend(self.swept(row).await?);
        }
        Ok(found)
    }

    /// One reconciliation; none if the run is none.
    ///
    /// # Errors
    /// The database is away.
    pub async fn sweep(&self, run: RunId) -> Result<Option<Sweep>, StoreError> {
        match listing::run(&self.inner.context.reader, run).await? {
            Some(row) => self.swept(row).await,
            None => Ok(None),
        }
    }

    /// The result of the records of a reconciliation behind `after`, at most `limit` of them; none if the run is not a reconciliation.
    ///
    /// # Errors
    /// The database is away, or a second is not enough.
    pub async fn drift(&self, sweep: RunId, after: i32, limit: i64) -> Result<Option<Vec<Drift>>, StoreError> {
        let Some(id) = definitions::of_run(&self.inner.context.reader, sweep).await? else { return Ok(None) };
        let tasks = telling(&self.inner.context.definition_of(id).await?.definition);
        if tasks.is_empty() {
            return Ok(None);
        }
        let told = drift::told(&self.inner.context.reader, sweep, &tasks, after, limit).await?;
        let mut found: Vec<Drift> = Vec::new();
        let deployed = self.deployed();
        for next in told.iter().map(|told| looked_at(told, deployed.sides(told.entity.as_deref().unwrap_or_default())))
        {
            match found.last_mut().filter(|last| last.seq == next.seq) {
                Some(last) if last.found >= next.found => {}
                Some(last) => *last = next,
                None => found.push(next),
            }
        }
        Ok(Some(found))
    }

    async fn swept(&self, row: RunRow) -> Result<Option<Sweep>, StoreError> {
        let Some(mut records) = self.drift(row.id, 0, COUNTED_MAX + 1).await? else { return Ok(None) };
        let counted = usize::try_from(COUNTED_MAX).unwrap_or(usize::MAX);
        let more = records.len() > counted;
        records.truncate(counted);
        let mut counts = Counts::default();
        records.iter().for_each(|record| counts.add(record.found));
        let output = drift::output(&self.inner.context.reader, row.id).await?.unwrap_or_default();
        Ok(Some(Sweep {
            run: row.id,
            workflow: row.workflow,
            status: row.status,
            attention: row.attention,
            created_at: row.created_at,
            finished_at: row.finished_at,
            since: output["since"].as_str().map(str::to_owned),
            counts,
            more,
        }))
    }
}

/// References of the tasks by which a reconciliation reports records; none if it is not one.
fn telling(definition: &Definition) -> Vec<String> {
    if definition.timing.is_none() {
        return Vec::new();
    }
    let is_told = |(name, value): &(String, Template)| {
        name == "type" && matches!(value, Template::Literal(text) if text == RECORD_CHANGED)
    };
    let tells = |kind: &TaskKind| matches!(kind, TaskKind::Emit(emit) if emit.attributes.iter().any(is_told));
    definition.tasks.iter().filter(|task| tells(&task.kind)).map(|task| task.reference.to_string()).collect()
}

fn looked_at(told: &Told, sides: Arc<Sides>) -> Drift {
    let standing = match (&told.status, &told.event_outcome) {
        (Some(status), _) => {
            Standing::Run { status, attention: told.attention.is_some(), output: told.output.as_ref() }
        }
        (None, Some(outcome)) => Standing::Alone(outcome),
        (None, None) => Standing::Sent,
    };
    let (found, outcome) = judge(standing);
    let output = told.output.as_ref().unwrap_or(&Value::Null);
    let of = told.side.as_deref().and_then(|name| sides.find(name));
    let sent = |side: Side| match of {
        Some(of) if of == side => told.id.clone(),
        Some(_) => told.other_id.clone(),
        None => None,
    };
    let ids = Side::BOTH.map(|side| output[sides.name(side)].as_str().map(str::to_owned).or_else(|| sent(side)));
    Drift {
        seq: told.seq,
        entity: told.entity.clone(),
        sides,
        ids,
        found,
        outcome,
        wrote: wrote(output),
        conflicts: conflicts(output),
        event: told.event,
        run: told.run,
    }
}

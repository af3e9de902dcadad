//! What was recorded, read back: events that a definition wants, and what the runs did that they started.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::filters::Matcher;
use super::seen;
use super::subscriptions::Patience;
use crate::dsl::{self, Definition, Wanted};
use crate::engine::Engine;
use crate::machine::moves::since_move;
use crate::machine::{Record, RunId, Time};
use crate::store::events::{self, Candidate, EventFilter, EventRow, StoredEvent};
use crate::store::runs::commit::START_TYPE;
use crate::store::runs::listing::Order;
use crate::store::runs::{journal, listing};
use crate::store::{StoreError, definitions};

/// Events looked at in one page.
const PAGE: i64 = 200;

/// Ids are made before an event is stored, by the clock of a node.
const CLOCKS_APART: chrono::Duration = chrono::Duration::minutes(1);

/// An event that a definition wants.
#[derive(Debug)]
pub struct Found {
    /// The event as listed.
    pub row: EventRow,
    /// Its data.
    pub data: Value,
    /// Runs that it started, of whatever workflow.
    pub runs: Vec<RunId>,
    /// Whether it starts runs only together with other events.
    pub joins: bool,
}

/// A run as it was recorded.
#[derive(Debug)]
pub struct RecordedRun {
    /// What ran.
    pub definition: Arc<Definition>,
    /// Its journal.
    pub records: Vec<Record>,
}

impl Engine {
    /// Events that this definition wants, deployed or not, received from `since` on and before `until`; at most `limit`,
    /// oldest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn events_for(
        &self,
        definition: &Definition,
        since: Time,
        until: Option<Time>,
        limit: usize,
    ) -> Result<Vec<Found>, StoreError> {
        let filter = EventFilter { since: Some(since), until, order: Order::Oldest, ..EventFilter::default() };
        let mut after = Some(first_id(since - CLOCKS_APART));
        let mut found = Vec::new();
        loop {
            let rows = events::list(&self.inner.context.reader, &filter, after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(found) };
            after = Some(last.id);
            for row in rows.into_iter().filter(|row| may_want(definition, &row.r#type)) {
                let stored = events::find(&self.inner.context.reader, row.id).await?;
                found.extend(match stored {
                    Some(stored) => self.wanted(definition, stored).await,
                    None => None,
                });
                if found.len() >= limit {
                    return Ok(found);
                }
            }
        }
    }

    async fn wanted(&self, definition: &Definition, stored: StoredEvent) -> Option<Found> {
        let row = stored.row.clone();
        let event = seen(candidate(stored))?;
        let data = event.envelope.get("data").cloned().unwrap_or_default();
        let patience = Patience::unlimited();
        let matcher = Matcher::new(&self.inner.context.evaluator, &patience, &event.envelope);
        for trigger in &definition.triggers {
            if matcher.start_key(trigger).await.is_some() {
                return Some(Found { runs: row.runs.clone(), row, data, joins: false });
            }
        }
        for filter in join(definition) {
            if matcher.start_key(filter).await.is_some() {
                return Some(Found { runs: row.runs.clone(), row, data, joins: true });
            }
        }
        None
    }

    /// The journal of a run of this workflow, in whatever version; none if it is another workflow's, or gone.
    ///
    /// # Errors
    /// The database is away, or the run's definition or journal cannot be read.
    pub async fn recorded(&self, workflow: &dsl::WorkflowRef, run: RunId) -> Result<Option<RecordedRun>, StoreError> {
        let inner = &self.inner;
        let Some(row) = listing::run(&inner.context.reader, run).await? else { return Ok(None) };
        if (&row.workflow.namespace, &row.workflow.name) != (&workflow.namespace, &workflow.name) {
            return Ok(None);
        }
        let Some(definition) = definitions::of_run(&inner.context.reader, run).await? else { return Ok(None) };
        let definition = inner.context.definition_of(definition).await?.definition;
        let (records, _) = journal::records(&inner.context.reader, run).await?;
        // A run that moved to another version is as if it had begun with it.
        let records = since_move(records);
        Ok(Some(RecordedRun { definition, records }))
    }
}

fn join(definition: &Definition) -> impl Iterator<Item = &dsl::EventFilter> {
    let strategy = definition.join.iter().map(|join| &join.strategy);
    strategy.flat_map(|strategy| strategy.filters.iter().chain(strategy.until_filters()))
}

/// Whether an event of this type can be wanted at all; asked before its body is read.
fn may_want(definition: &Definition, r#type: &str) -> bool {
    let fits = |filter: &dsl::EventFilter| {
        filter.with.iter().all(|(name, wanted)| match wanted {
            Wanted::Text(text) if name == "type" => text == r#type,
            _ => true,
        })
    };
    r#type != START_TYPE && definition.triggers.iter().chain(join(definition)).any(fits)
}

fn candidate(stored: StoredEvent) -> Candidate {
    Candidate {
        id: stored.row.id,
        r#type: stored.row.r#type,
        source: stored.row.source,
        attributes: stored.attributes.get().to_owned(),
        body: stored.body,
        data: stored.data.map(|data| data.get().to_owned()),
    }
}

/// No event that was stored at this time or later has a lower id.
fn first_id(at: Time) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

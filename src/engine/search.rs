//! One box for any id: runs, events, pairs of records and workflows, each by an index, the exact ones first.

use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Deployed, Engine};
use crate::machine::RunId;
use crate::memory::links::{Side, Sides};
use crate::store::events::{self, EventFilter};
use crate::store::runs::listing::{self, RunFilter, RunRow};
use crate::store::{StoreError, search, uuids};

/// Found of each kind.
const EACH_MAX: i64 = 10;

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// `run`, `event`, `record` or `workflow`.
    pub kind: &'static str,
    /// Its id; of a workflow its name.
    pub id: String,
    /// What people know it by: a key, a sender's id, a name.
    pub title: String,
    /// More about it: what it runs and its status, where it came from.
    pub detail: String,
    /// Address of its page in the dashboard.
    pub href: String,
    /// Whether the text that was asked for is its whole id, key or name.
    pub exact: bool,
}

/// What an id, a key, a sender's id, a record's id or the name of a workflow leads to. Keys and ids of runs and events are found by their
/// beginnings too, names of workflows by any part.
///
/// # Errors
/// The database is away.
pub async fn find(pool: &PgPool, deployed: &Deployed, text: &str) -> Result<Vec<Found>, StoreError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = runs(pool, text).await?;
    found.extend(of_events(pool, text).await?);
    let pairs = search::pairs_of(pool, text, EACH_MAX).await?;
    found.extend(pairs.into_iter().map(|pair| record(&deployed.sides(&pair.entity), pair)));
    found.extend(workflows(deployed, text));
    // Stable: within a kind the latest stay first.
    found.sort_by_key(|one| !one.exact);
    Ok(found)
}

async fn runs(pool: &PgPool, text: &str) -> Result<Vec<Found>, StoreError> {
    let mut rows: Vec<RunRow> = match text.parse::<RunId>() {
        Ok(id) => listing::run(pool, id).await?.into_iter().collect(),
        Err(_) => Vec::new(),
    };
    let key = RunFilter { key: Some(text.to_owned()), ..RunFilter::default() };
    rows.extend(listing::page(pool, &key, None, EACH_MAX).await?.rows);
    let beginning = RunFilter { q: Some(text.to_owned()), ..RunFilter::default() };
    for row in listing::page(pool, &beginning, None, EACH_MAX).await?.rows {
        if !rows.iter().any(|known| known.id == row.id) {
            rows.push(row);
        }
    }
    rows.truncate(usize::try_from(EACH_MAX).unwrap_or(usize::MAX));
    Ok(rows.into_iter().map(|row| run(row, text)).collect())
}

fn run(row: RunRow, text: &str) -> Found {
    let id = row.id.to_string();
    Found {
        kind: "run",
        exact: id.eq_ignore_ascii_case(text) || row.key.as_deref() == Some(text),
        title: row.key.unwrap_or_else(|| id.clone()),
        detail: format!("{}, {}", row.workflow, row.status),
        href: format!("/runs/{id}"),
        id,
    }
}

async fn of_events(pool: &PgPool, text: &str) -> Result<Vec<Found>, StoreError> {
    let by_sender = EventFilter { event_id: Some(text.to_owned()), ..EventFilter::default() };
    let by_sender = events::page(pool, &by_sender, None, EACH_MAX).await?.rows;
    let mut found: Vec<Found> =
        by_sender.into_iter().map(|row| event(row.id, (&row.source, &row.event_id, &row.outcome), text)).collect();
    if let Some(bounds) = uuids::beginning_with(text) {
        for row in search::events_between(pool, bounds, EACH_MAX).await? {
            let row = event(row.id, (&row.source, &row.event_id, &row.outcome), text);
            if !found.contains(&row) {
                found.push(row);
            }
        }
    }
    Ok(found)
}

fn event(id: Uuid, (source, event_id, outcome): (&str, &str, &str), text: &str) -> Found {
    let id = id.to_string();
    Found {
        kind: "event",
        exact: event_id == text || id.eq_ignore_ascii_case(text),
        title: event_id.to_owned(),
        detail: format!("from {source}, {outcome}"),
        href: format!("/events/{id}"),
        id,
    }
}

fn record(sides: &Sides, pair: search::FoundPair) -> Found {
    let [first, second] = [pair.crm_id, pair.erp_id].map(|id| id.unwrap_or_else(|| "none yet".to_owned()));
    // Keys of the runs that sync a record begin with its id on the first side.
    let of_runs = percent_encoding::utf8_percent_encode(&first, percent_encoding::NON_ALPHANUMERIC).to_string();
    let [in_first, in_second] = Side::BOTH.map(|side| sides.called(side));
    Found {
        kind: "record",
        id: pair.id.to_string(),
        title: format!("{first} and {second}"),
        detail: format!("{}: in {in_first} {first}, in {in_second} {second}", pair.entity),
        href: format!("/?q={of_runs}"),
        exact: true,
    }
}

fn workflows<'d>(deployed: &'d Deployed, text: &str) -> impl Iterator<Item = Found> + 'd {
    let wanted = text.to_lowercase();
    let named = deployed
        .definitions
        .iter()
        .map(|((namespace, name), versions)| (format!("{namespace}/{name}"), name, versions));
    let fits = named.filter_map(move |(full, name, versions)| {
        let title = versions.first().and_then(|latest| latest.title.clone());
        let is_found = full.to_lowercase().contains(&wanted)
            || title.as_ref().is_some_and(|title| title.to_lowercase().contains(&wanted));
        is_found.then(|| Found {
            kind: "workflow",
            exact: full.to_lowercase() == wanted || name.to_lowercase() == wanted,
            title: title.unwrap_or_else(|| full.clone()),
            detail: versions.first().map(|latest| format!("version {}", latest.workflow.version)).unwrap_or_default(),
            href: format!("/workflows/{full}"),
            id: full,
        })
    });
    fits.take(usize::try_from(EACH_MAX).unwrap_or(usize::MAX))
}

impl Engine {
    /// See [`find`].
    ///
    /// # Errors
    /// The database is away.
    pub async fn search(&self, text: &str) -> Result<Vec<Found>, StoreError> {
        find(&self.inner.context.reader, &self.deployed(), text).await
    }
}

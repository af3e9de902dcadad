//! Results of reconciliations: the latest ones with their counts, and the records of one that were not in sync.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use crate::dashboard::Dashboard;
use crate::dashboard::parts::badge::{self, Badge};
use crate::dashboard::parts::page::{Frame, NoPage, render};
use crate::dashboard::signed_in::SignedIn;
use crate::engine::{COUNTED_MAX, ChannelView, Drift, Sweep};
use crate::memory;
use crate::memory::drift::Found;
use crate::memory::links::Side;
use crate::memory::sequences::Gap;
use crate::store::events::sequences;
use crate::words::Moment;

/// Number of reconciliations on a page.
const LINES: usize = 20;
/// Maximum number of channels read for gaps.
const CHANNELS_SHOWN: i64 = 50;
/// Maximum number of gaps on a page.
const GAPS_SHOWN: usize = 100;
/// Maximum number of records on a page.
const RECORDS_SHOWN: usize = 500;

/// A reconciliation.
struct Line {
    run: Uuid,
    workflow: String,
    badge: Badge,
    began: Moment,
    since: Option<Moment>,
    /// Checked, in sync, missed, conflicts, failed, left, in progress.
    counts: [String; 7],
}

/// A gap in the sequence numbers of a source's events.
pub(in crate::dashboard) struct Missing {
    source: String,
    channel: String,
    /// Missing numbers, such as `8` or `8 to 12`.
    numbers: String,
    since: Moment,
    told: Option<Moment>,
}

/// A record that was not in sync.
struct Record {
    entity: String,
    ids: [String; 2],
    found: &'static str,
    outcome: String,
    wrote: Vec<String>,
    run: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "sweeps.html")]
struct SweepsPage {
    frame: Frame,
    missing: Vec<Missing>,
    lines: Vec<Line>,
    more: Option<String>,
    paged: bool,
}

#[derive(Template)]
#[template(path = "drift.html")]
struct DriftPage {
    frame: Frame,
    line: Line,
    /// Names of the two systems.
    systems: [String; 2],
    records: Vec<Record>,
    /// Number of records not shown.
    rest: usize,
    /// Whether the reconciliation reported more records than were examined.
    more: bool,
}

/// Position in the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: Option<Uuid>,
}

/// `GET /drift`
pub async fn list(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let sweeps = dashboard.engine.sweeps(asked.before, LINES + 1).await?;
    let frame = Frame::of(&caller, "conflicts");
    Ok(sweeps_page(frame, missing(&dashboard).await?, sweeps, asked.before.is_some()))
}

/// Renders the list. If there is one more than fits, links to the next page.
pub(in crate::dashboard) fn sweeps_page(
    frame: Frame,
    missing: Vec<Missing>,
    mut sweeps: Vec<Sweep>,
    paged: bool,
) -> Response {
    let more = sweeps.len() > LINES;
    sweeps.truncate(LINES);
    let more = sweeps.last().filter(|_| more).map(|last| format!("/drift?before={}", last.run));
    let lines = sweeps.iter().map(line).collect();
    render(StatusCode::OK, &SweepsPage { frame, missing, more, lines, paged })
}

async fn missing(dashboard: &Dashboard) -> Result<Vec<Missing>, NoPage> {
    let channels = sequences::with_gaps(&dashboard.pool, CHANNELS_SHOWN).await?;
    let mut found = Vec::new();
    for (source, view) in channels.into_iter().filter_map(|c| Some((c.source.clone(), ChannelView::of(c)?))) {
        let numbers = |gap: &Gap| match gap.missing {
            1 => (gap.after + 1).to_string(),
            _ => format!("{} to {}", gap.after + 1, gap.before - 1),
        };
        found.extend(view.gaps.iter().map(|view_of_gap| Missing {
            source: source.clone(),
            channel: view.channel.clone(),
            numbers: numbers(&view_of_gap.gap),
            since: view_of_gap.since.into(),
            told: view_of_gap.told_at.map(Moment::from),
        }));
    }
    found.truncate(GAPS_SHOWN);
    Ok(found)
}

/// `GET /drift/{run}`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(run): Path<Uuid>,
) -> Result<Response, NoPage> {
    let unknown = || NoPage::not_found(format!("Run {run} is not a reconciliation."));
    let sweep = dashboard.engine.sweep(run).await?.ok_or_else(unknown)?;
    let drift = dashboard.engine.drift(run, 0, COUNTED_MAX).await?.ok_or_else(unknown)?;
    Ok(sweep_page(Frame::of(&caller, "conflicts"), &sweep, drift))
}

/// Renders a reconciliation with the records that it reported.
pub(in crate::dashboard) fn sweep_page(frame: Frame, sweep: &Sweep, mut drift: Vec<Drift>) -> Response {
    drift.retain(|record| record.found != Found::InSync);
    let rest = drift.len().saturating_sub(RECORDS_SHOWN);
    drift.truncate(RECORDS_SHOWN);
    let systems = systems(&drift);
    let records = drift.into_iter().map(|drift| record(drift, systems.is_some())).collect();
    let systems = systems.unwrap_or_else(|| ["Record", "Other record"].map(str::to_owned));
    render(StatusCode::OK, &DriftPage { frame, line: line(sweep), systems, records, rest, more: sweep.more })
}

fn line(sweep: &Sweep) -> Line {
    let counts = sweep.counts;
    let more = if sweep.more { "+" } else { "" };
    let all = [counts.in_sync, counts.missed, counts.conflicts, counts.failed, counts.left, counts.under_way];
    let [in_sync, missed, conflicts, failed, left, under_way] = all.map(|count| count.to_string());
    Line {
        run: sweep.run,
        workflow: format!("{}/{}", sweep.workflow.namespace, sweep.workflow.name),
        badge: badge::of_run(&sweep.status),
        began: sweep.created_at.into(),
        since: sweep.since.as_deref().and_then(memory::time).map(Moment::from),
        counts: [format!("{}{more}", counts.looked_at), in_sync, missed, conflicts, failed, left, under_way],
    }
}

/// Returns the names of the systems, if all records belong to the same two.
fn systems(records: &[Drift]) -> Option<[String; 2]> {
    let of = |record: &Drift| Side::BOTH.map(|side| record.sides.system(side).to_owned());
    let first = records.first().map(of)?;
    records.iter().all(|record| of(record) == first).then_some(first)
}

/// Converts a record to a table row. Without a heading that has the systems, each id is prefixed with its system.
fn record(drift: Drift, is_headed: bool) -> Record {
    let id = |side: Side| {
        let id = drift.ids[side as usize].as_deref().unwrap_or("none");
        if is_headed { id.to_owned() } else { format!("{} {id}", drift.sides.system(side)) }
    };
    Record {
        ids: Side::BOTH.map(id),
        entity: drift.entity.unwrap_or_else(|| "record".to_owned()),
        found: words(drift.found),
        outcome: drift.outcome,
        wrote: drift.wrote,
        run: drift.run,
    }
}

fn words(found: Found) -> &'static str {
    match found {
        Found::InSync => "In sync",
        Found::Left => "Left unchanged",
        Found::UnderWay => "In progress",
        Found::Conflict => "Needs a decision",
        Found::Missed => "Missed, now synced",
        Found::Failed => "Failed",
    }
}

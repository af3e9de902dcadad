//! The results of reconciliations: the latest ones with their counts, and the records of one that were not in sync.

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
use crate::memory::sequences::Gap;
use crate::store::events::sequences;
use crate::words::Moment;

/// Reconciliations on a page.
const LINES: usize = 20;
/// Channels that are looked at for gaps.
const CHANNELS_SHOWN: i64 = 50;
/// Gaps on a page.
const GAPS_SHOWN: usize = 100;
/// Records on a page.
const RECORDS_SHOWN: usize = 500;

/// A reconciliation in a table.
struct Line {
    run: Uuid,
    workflow: String,
    badge: Badge,
    began: Moment,
    since: Option<Moment>,
    /// Looked at, in sync, missed, conflicts, failed, left, under way.
    counts: [String; 7],
}

/// A gap in the numbers of a source's events.
pub(in crate::dashboard) struct Missing {
    source: String,
    channel: String,
    /// `8`, `8 to 12`
    numbers: String,
    since: Moment,
    told: Option<Moment>,
}

/// A record in a table.
struct Record {
    entity: String,
    crm: String,
    erp: String,
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
    records: Vec<Record>,
    /// How many more there are.
    rest: usize,
    /// Whether the reconciliation reported more than were looked through.
    more: bool,
}

/// Place in the list.
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

/// The page of so many sweeps, one of which may be beyond it.
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

/// The page of a sweep with the records that it reported.
pub(in crate::dashboard) fn sweep_page(frame: Frame, sweep: &Sweep, drift: Vec<Drift>) -> Response {
    let mut records: Vec<Record> =
        drift.into_iter().filter(|record| record.found != Found::InSync).map(record).collect();
    let rest = records.len().saturating_sub(RECORDS_SHOWN);
    records.truncate(RECORDS_SHOWN);
    render(StatusCode::OK, &DriftPage { frame, line: line(sweep), records, rest, more: sweep.more })
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

fn record(drift: Drift) -> Record {
    let id = |id: Option<String>| id.unwrap_or_else(|| "none".to_owned());
    Record {
        entity: drift.entity.unwrap_or_else(|| "record".to_owned()),
        crm: id(drift.crm_id),
        erp: id(drift.erp_id),
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

//! The list of runs; with `attention=any` it is the list of those that need a person.

use std::fmt::Write;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Redirect, Response};
use chrono::Utc;
use http::header::HOST;
use http::{HeaderMap, StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::Dashboard;
use super::badge::{self, Badge};
use super::page::{Frame, NoPage, render};
use super::signed_in::SignedIn;
use crate::machine::{RunId, Status, Time};
use crate::store::StoreError;
use crate::store::listing::{self, LiveCounts, Order, RunFilter, RunRow};
use crate::words::{Moment, age, count, duration, millis_between, task_name};

/// Lines on a page.
const LINES: usize = 50;

/// Statuses of runs that have not ended.
const LIVE: [Status; 5] = [Status::Running, Status::Waiting, Status::Pending, Status::Suspended, Status::Compensating];

/// Statuses of runs that have.
const ENDED: [Status; 4] = [Status::Completed, Status::Compensated, Status::Cancelled, Status::Faulted];

/// Reasons for attention as filters.
const REASONS: [&str; 4] = ["faulted", "unknown_outcome", "compensation_stuck", "poison"];

/// The filter form and the place in the list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    status: String,
    attention: String,
    workflow: String,
    q: String,
    /// Older than this run.
    after: String,
    /// Newer than this run.
    before: String,
}

/// One entry of a list to choose from.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// A number that leads to its runs.
struct Counter {
    badge: Badge,
    number: String,
    href: String,
    current: bool,
}

struct Line {
    id: RunId,
    name: String,
    has_key: bool,
    workflow: String,
    version: String,
    status: Badge,
    attention: Option<Badge>,
    place: Option<String>,
    due: Option<String>,
    created: Moment,
    age: String,
    took: Option<String>,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    frame: Frame,
    title: &'static str,
    asked: Asked,
    counters: Vec<Counter>,
    statuses: Vec<Choice>,
    reasons: Vec<Choice>,
    workflows: Vec<String>,
    lines: Vec<Line>,
    older: Option<String>,
    newer: Option<String>,
    here: String,
    announce: String,
    filtered: bool,
    only_attention: bool,
    host: String,
}

/// `GET /runs`: where people look for the list, which stands at `/`.
pub async fn moved(uri: Uri) -> Redirect {
    Redirect::to(&uri.query().map_or_else(|| "/".to_owned(), |query| format!("/?{query}")))
}

/// `GET /`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, NoPage> {
    let counts = listing::live_counts(&dashboard.pool).await?;
    let part = part(&dashboard, &asked).await?;
    let deployed = dashboard.operations.deployed();
    let workflows = deployed.definitions.keys().map(|(namespace, name)| format!("{namespace}/{name}")).collect();
    let host = headers.get(HOST).and_then(|h| h.to_str().ok()).unwrap_or("127.0.0.1:8080").to_owned();
    let only_attention = asked.attention == "any" && asked.only_attention();
    let frame = Frame::of(&caller, if only_attention { "attention" } else { "runs" });
    let now = Utc::now();
    let page = RunsPage {
        frame,
        title: if only_attention { "Needs attention" } else { "Runs" },
        counters: counters(&counts, &asked),
        statuses: statuses(&asked),
        reasons: reasons(&asked),
        workflows,
        lines: part.rows.iter().map(|row| line(row, now)).collect(),
        older: part.older.map(|id| asked.address(&[("after", &id.to_string())])),
        newer: part.newer.map(|id| asked.address(&[("before", &id.to_string())])),
        here: asked.address(&[("after", &asked.after), ("before", &asked.before)]),
        announce: format!("{} {}", count(counts.attention), needs_attention(&counts).to_lowercase()),
        filtered: asked.is_filtered(),
        only_attention,
        host,
        asked,
    };
    Ok(render(StatusCode::OK, &page))
}

impl Asked {
    fn filter(&self) -> RunFilter {
        let text = |t: &str| Some(t.trim()).filter(|t| !t.is_empty()).map(str::to_owned);
        let status = match self.status.as_str() {
            "live" => LIVE.to_vec(),
            other => other.parse().into_iter().collect(),
        };
        let known = |a: &str| matches!(a, "any" | "none") || REASONS.contains(&a);
        RunFilter {
            workflow: text(&self.workflow),
            status,
            attention: text(&self.attention).filter(|a| known(a)),
            q: text(&self.q),
            ..RunFilter::default()
        }
    }

    fn is_filtered(&self) -> bool {
        [&self.status, &self.attention, &self.workflow, &self.q].iter().any(|part| !part.trim().is_empty())
    }

    fn only_attention(&self) -> bool {
        [&self.status, &self.workflow, &self.q].iter().all(|part| part.trim().is_empty())
    }

    /// The address of this list with other parts beside the filters.
    fn address(&self, more: &[(&str, &str)]) -> String {
        let filters: [(&str, &str); 4] =
            [("status", &self.status), ("attention", &self.attention), ("workflow", &self.workflow), ("q", &self.q)];
        let mut address = String::from("/");
        for (name, value) in filters.iter().chain(more).filter(|(_, value)| !value.is_empty()) {
            let sign = if address.len() == 1 { '?' } else { '&' };
            let _ = write!(address, "{sign}{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        address
    }
}

/// A part of the list, newest first, and where its neighbours begin.
struct Part {
    rows: Vec<RunRow>,
    older: Option<RunId>,
    newer: Option<RunId>,
}

async fn part(dashboard: &Dashboard, asked: &Asked) -> Result<Part, StoreError> {
    let limit = i64::try_from(LINES + 1).expect("a page is small");
    let read = |filter, after| async move { listing::runs(&dashboard.pool, &filter, after, limit).await };
    if let Ok(before) = asked.before.parse::<RunId>() {
        let mut rows = read(RunFilter { order: Order::Oldest, ..asked.filter() }, Some(before)).await?;
        let more = rows.len() > LINES;
        rows.truncate(LINES);
        rows.reverse();
        let newer = rows.first().filter(|_| more).map(|row| row.id);
        let older = rows.last().map(|row| row.id);
        return Ok(Part { rows, older, newer });
    }
    let after = asked.after.parse::<RunId>().ok();
    let mut rows = read(asked.filter(), after).await?;
    let more = rows.len() > LINES;
    rows.truncate(LINES);
    let older = rows.last().filter(|_| more).map(|row| row.id);
    let newer = rows.first().filter(|_| after.is_some()).map(|row| row.id);
    Ok(Part { rows, older, newer })
}

fn line(row: &RunRow, now: Time) -> Line {
    let ended = row.finished_at;
    let due = row.wake_at.filter(|_| ended.is_none() && row.status == "waiting");
    Line {
        id: row.id,
        name: row.key.clone().unwrap_or_else(|| short(row.id)),
        has_key: row.key.is_some(),
        workflow: format!("{}/{}", row.workflow.namespace, row.workflow.name),
        version: row.workflow.version.clone(),
        status: badge::of_run(&row.status),
        attention: row.attention.as_deref().map(badge::of_attention),
        place: row.task.as_deref().filter(|_| ended.is_none() || row.status == "faulted").map(task_name),
        due: due.map(|at| match millis_between(now, at) {
            0 => "goes on now".to_owned(),
            left => format!("goes on in {}", duration(left)),
        }),
        created: row.created_at.into(),
        age: age(row.created_at, now),
        took: ended.map(|at| duration(millis_between(row.created_at, at))),
    }
}

fn short(id: RunId) -> String {
    let text = id.to_string();
    format!("{}…{}", &text[..8], &text[text.len() - 6..])
}

/// After the number of runs.
fn needs_attention(counts: &LiveCounts) -> &'static str {
    if counts.attention == 1 { "Needs attention" } else { "Need attention" }
}

fn counters(counts: &LiveCounts, asked: &Asked) -> Vec<Counter> {
    let number = |status: Status| counts.by_status.iter().find(|(s, _)| s == status.as_str()).map_or(0, |(_, n)| *n);
    let attention = Counter {
        badge: Badge { label: needs_attention(counts), ..badge::of_attention("faulted") },
        number: count(counts.attention),
        href: "/?attention=any".to_owned(),
        current: asked.attention == "any",
    };
    let live = LIVE.into_iter().filter(|s| number(*s) > 0 || matches!(s, Status::Running | Status::Waiting));
    let live = live.map(|status| Counter {
        badge: badge::of_run(status.as_str()),
        number: count(number(status)),
        href: format!("/?status={status}"),
        current: asked.status == status.as_str(),
    });
    std::iter::once(attention).chain(live).collect()
}

fn statuses(asked: &Asked) -> Vec<Choice> {
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: asked.status == value,
    };
    let mut choices = vec![choice("", "Any status"), choice("live", "Not ended")];
    choices.extend(LIVE.iter().chain(&ENDED).map(|s| choice(s.as_str(), badge::of_run(s.as_str()).label)));
    choices
}

fn reasons(asked: &Asked) -> Vec<Choice> {
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: asked.attention == value,
    };
    let mut choices = vec![
        choice("", "With or without attention"),
        choice("any", "Needs attention"),
        choice("none", "Needs no attention"),
    ];
    choices.extend(REASONS.iter().map(|reason| choice(reason, badge::of_attention(reason).label)));
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_the_filters_and_escapes_them() {
        let asked = Asked { q: "a&b=\"c".into(), status: "live".into(), ..Asked::default() };
        assert_eq!(asked.address(&[("after", "x")]), "/?status=live&q=a%26b%3D%22c&after=x");
        assert_eq!(Asked::default().address(&[("after", "")]), "/");
    }

    #[test]
    fn a_filter_takes_only_names_that_exist() {
        let asked = Asked { status: "lively".into(), attention: "'; drop".into(), q: "  ".into(), ..Asked::default() };
        let filter = asked.filter();
        assert!(filter.status.is_empty() && filter.attention.is_none() && filter.q.is_none());
        assert_eq!(Asked { status: "live".into(), ..Asked::default() }.filter().status, LIVE);
    }
}

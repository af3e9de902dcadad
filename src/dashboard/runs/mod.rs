//! The list of runs; with `attention=any`, the runs that need attention.

mod counters;

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
use super::bulk;
use super::parts::badge::{self, Badge};
use super::parts::page::{Frame, NoPage, render};
use super::signed_in::SignedIn;
use crate::machine::{RunId, Status, Time};
use crate::store::StoreError;
use crate::store::events::attention;
use crate::store::runs::listing::{self, CauseGroup, Order, RunFilter, RunRow};
use crate::store::runs::proposals::count_open;
use crate::words::{Moment, age, count, duration, error_text, millis_between, task_name};
use counters::{Counter, announced, counters};

/// Number of runs on a page.
const LINES: usize = 50;

/// Number of causes on a page.
const GROUPS: i64 = 100;

/// Statuses of open runs.
const LIVE: [Status; 5] = [Status::Running, Status::Waiting, Status::Pending, Status::Suspended, Status::Compensating];

/// Statuses of closed runs.
const ENDED: [Status; 4] = [Status::Completed, Status::Compensated, Status::Cancelled, Status::Faulted];

/// Reasons for attention that can be filtered by.
const REASONS: [&str; 4] = ["faulted", "unknown_outcome", "compensation_stuck", "poison"];

/// The filter form, and the position in the list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub(super) status: String,
    pub(super) attention: String,
    /// Fingerprint of a cause.
    pub(super) fingerprint: String,
    /// `true`: runs whose work did not happen and that nobody has acknowledged.
    pub(super) unacknowledged: String,
    pub(super) workflow: String,
    pub(super) q: String,
    /// Only runs older than this one.
    pub(super) after: String,
    /// Only runs newer than this one.
    pub(super) before: String,
}

/// An option of a selection list.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
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
    cause: Option<String>,
    due: Option<String>,
    created: Moment,
    age: String,
    took: Option<String>,
}

/// Runs that need attention for one cause.
struct Group {
    badge: Badge,
    number: String,
    cause: String,
    place: Option<String>,
    workflow: String,
    first: Moment,
    age: String,
    /// Time since the last run joined, if there is more than one.
    last_age: Option<String>,
    href: String,
    /// URL of the form for a bulk act on them.
    act: String,
    assignee: Option<String>,
    /// Who muted it, and why.
    muted: Option<String>,
    /// When they are retried by themselves, who said so, and why.
    rule: Option<String>,
    /// URL that the form for handling it posts to.
    handle: String,
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
    groups: Vec<Group>,
    lines: Vec<Line>,
    older: Option<String>,
    newer: Option<String>,
    here: String,
    announce: String,
    /// Number of events that need attention, if any.
    events_waiting: Option<String>,
    filtered: bool,
    only_attention: bool,
    /// URL of the form for a bulk act on all runs of the list, if the user may act.
    acts_on_all: Option<String>,
    host: String,
}

/// `GET /runs`: redirects to the list at `/`.
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
    let counts = dashboard.counted.live(&dashboard.pool).await?;
    let proposals = count_open(&dashboard.pool).await?;
    let tasks = dashboard.engine.open_tasks().await?;
    let events: i64 = attention::by_source(&dashboard.pool).await?.iter().map(|(_, events)| events).sum();
    let part = part(&dashboard, &asked).await?;
    let deployed = dashboard.engine.deployed();
    let workflows = deployed.definitions.keys().map(|(namespace, name)| format!("{namespace}/{name}")).collect();
    let host = headers.get(HOST).and_then(|h| h.to_str().ok()).unwrap_or("127.0.0.1:8080").to_owned();
    let only_attention = asked.attention == "any" && asked.is_only("attention");
    let title = match () {
        () if only_attention => "Needs attention",
        () if asked.filter().unacknowledged && asked.is_only("unacknowledged") => "Work that did not happen",
        () => "Runs",
    };
    let groups = match only_attention {
        true => listing::causes(&dashboard.pool, GROUPS).await?,
        false => Vec::new(),
    };
    let frame = Frame::of(&caller, if only_attention { "attention" } else { "runs" });
    let now = Utc::now();
    let page = RunsPage {
        frame,
        title,
        counters: counters(&counts, (proposals, tasks, events), &asked),
        statuses: statuses(&asked),
        reasons: reasons(&asked),
        workflows,
        groups: shown_groups(groups, now),
        lines: part.rows.iter().map(|row| line(row, now)).collect(),
        older: part.older.map(|id| asked.address(&[("after", &id.to_string())])),
        newer: part.newer.map(|id| asked.address(&[("before", &id.to_string())])),
        here: asked.address(&[("after", &asked.after), ("before", &asked.before)]),
        announce: announced(&counts, events),
        events_waiting: (events > 0).then(|| count(events)),
        filtered: asked.is_filtered(),
        only_attention,
        acts_on_all: bulk::begin_address(&asked, &caller),
        host,
        asked,
    };
    Ok(render(StatusCode::OK, &page))
}

impl Asked {
    pub(super) fn filter(&self) -> RunFilter {
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
            fingerprint: text(&self.fingerprint),
            unacknowledged: self.unacknowledged == "true",
            q: text(&self.q),
            ..RunFilter::default()
        }
    }

    fn is_filtered(&self) -> bool {
        self.filters().iter().any(|(_, part)| !part.trim().is_empty())
    }

    /// Whether one filter is set, and no other.
    fn is_only(&self, filter: &str) -> bool {
        self.filters().iter().all(|(name, part)| part.trim().is_empty() != (*name == filter))
    }

    /// Returns the filters by the names of their parameters.
    pub(super) fn filters(&self) -> [(&'static str, &String); 6] {
        [
            ("status", &self.status),
            ("attention", &self.attention),
            ("fingerprint", &self.fingerprint),
            ("unacknowledged", &self.unacknowledged),
            ("workflow", &self.workflow),
            ("q", &self.q),
        ]
    }

    /// Returns the URL of this list with other parameters besides the filters.
    pub(super) fn address(&self, more: &[(&str, &str)]) -> String {
        let filters = self.filters().map(|(name, value)| (name, value.as_str()));
        let mut address = String::from("/");
        for (name, value) in filters.iter().chain(more).filter(|(_, value)| !value.is_empty()) {
            let sign = if address.len() == 1 { '?' } else { '&' };
            let _ = write!(address, "{sign}{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        address
    }
}

/// A page of the list, newest first, and where the neighboring pages begin.
struct Part {
    rows: Vec<RunRow>,
    older: Option<RunId>,
    newer: Option<RunId>,
}

async fn part(dashboard: &Dashboard, asked: &Asked) -> Result<Part, StoreError> {
    let limit = i64::try_from(LINES).expect("a page is small");
    if let Ok(before) = asked.before.parse::<RunId>() {
        let filter = RunFilter { order: Order::Oldest, ..asked.filter() };
        let mut page = listing::runs(&dashboard.pool, &filter, Some(before), limit).await?;
        page.rows.reverse();
        let older = page.rows.last().map_or(before, |row| row.id);
        return Ok(Part { newer: page.next, older: Some(older), rows: page.rows });
    }
    let after = asked.after.parse::<RunId>().ok();
    let page = listing::runs(&dashboard.pool, &asked.filter(), after, limit).await?;
    let newer = page.rows.first().map(|row| row.id).or(after).filter(|_| after.is_some());
    Ok(Part { newer, older: page.next, rows: page.rows })
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
        cause: row.error.as_ref().filter(|_| row.attention.is_some() || ended.is_some()).map(error_text),
        due: due.map(|at| match millis_between(now, at) {
            0 => "continues now".to_owned(),
            left => format!("continues in {}", duration(left)),
        }),
        created: row.created_at.into(),
        age: age(row.created_at, now),
        took: ended.map(|at| duration(millis_between(row.created_at, at))),
    }
}

/// Puts muted groups last.
fn shown_groups(mut groups: Vec<CauseGroup>, now: Time) -> Vec<Group> {
    groups.sort_by_key(|group| group.muted.is_some());
    groups.into_iter().map(|group| shown(group, now)).collect()
}

fn shown(group: CauseGroup, now: Time) -> Group {
    let of_cause = format!("?attention=any&fingerprint={}", utf8_percent_encode(&group.fingerprint, NON_ALPHANUMERIC));
    let stopped_at = group.error.as_ref().and_then(|error| error.instance.as_deref()).or(group.task.as_deref());
    Group {
        badge: badge::of_attention(&group.attention),
        number: format!("{} {}", count(group.count), if group.count == 1 { "run" } else { "runs" }),
        cause: group.error.as_ref().map(error_text).unwrap_or_default(),
        place: stopped_at.map(task_name),
        workflow: format!("{}/{}", group.workflow.0, group.workflow.1),
        first: group.first_at.into(),
        age: age(group.first_at, now),
        last_age: (group.count > 1).then(|| age(group.last_at, now)),
        href: format!("/{of_cause}"),
        act: format!("/bulk/new{of_cause}"),
        muted: group.muted.map(|muted| match muted.reason {
            Some(reason) => format!("muted by {}: {reason}", muted.by),
            None => format!("muted by {}", muted.by),
        }),
        rule: group
            .rule
            .map(|rule| format!("retried when {} answers; rule of {}: {}", rule.connection, rule.by, rule.reason)),
        assignee: group.assignee,
        handle: format!("/attention/{}", utf8_percent_encode(&group.fingerprint, NON_ALPHANUMERIC)),
    }
}

fn short(id: RunId) -> String {
    let text = id.to_string();
    format!("{}…{}", &text[..8], &text[text.len() - 6..])
}

fn statuses(asked: &Asked) -> Vec<Choice> {
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: asked.status == value,
    };
    let mut choices = vec![choice("", "Any status"), choice("live", "Active")];
    choices.extend(LIVE.iter().chain(&ENDED).map(|s| choice(s.as_str(), badge::of_run(s.as_str()).label)));
    choices
}

fn reasons(asked: &Asked) -> Vec<Choice> {
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: asked.attention == value,
    };
    let mut choices =
        vec![choice("", "Any"), choice("any", "Needs attention"), choice("none", "Does not need attention")];
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

//! The numbers at the top of the list of runs: what waits for people, and what is active.

use super::{Asked, LIVE};
use crate::dashboard::parts::badge::{self, Badge};
use crate::machine::Status;
use crate::store::runs::listing::LiveCounts;
use crate::words::count;

/// A number that leads to its runs.
pub(super) struct Counter {
    pub(super) badge: Badge,
    pub(super) number: String,
    pub(super) href: String,
    pub(super) current: bool,
}

/// After the number of runs.
fn needs_attention(counts: &LiveCounts) -> &'static str {
    if counts.attention == 1 { "Needs attention" } else { "Need attention" }
}

pub(super) fn announced(counts: &LiveCounts, events: i64) -> String {
    let runs = format!("{} {}", count(counts.attention), needs_attention(counts).to_lowercase());
    match events {
        0 => runs,
        1 => format!("{runs}, and 1 event does"),
        events => format!("{runs}, and {} events do", count(events)),
    }
}

pub(super) fn counters(
    counts: &LiveCounts,
    (proposals, tasks, events): (i64, i64, i64),
    asked: &Asked,
) -> Vec<Counter> {
    let number = |status: Status| counts.by_status.iter().find(|(s, _)| s == status.as_str()).map_or(0, |(_, n)| *n);
    let attention = Counter {
        badge: Badge { label: needs_attention(counts), ..badge::of_attention("faulted") },
        number: count(counts.attention),
        href: "/?attention=any".to_owned(),
        current: asked.attention == "any",
    };
    let second = Badge { label: "Waiting for a second person", ..badge::of_attention("unknown_outcome") };
    let second = elsewhere(second, proposals, "/proposals");
    let inbox = elsewhere(Badge { label: "In the inbox", ..badge::of_run("waiting") }, tasks, "/tasks");
    let live = LIVE.into_iter().filter(|s| number(*s) > 0 || matches!(s, Status::Running | Status::Waiting));
    let live = live.map(|status| Counter {
        badge: badge::of_run(status.as_str()),
        number: count(number(status)),
        href: format!("/?status={status}"),
        current: asked.status == status.as_str(),
    });
    let label = if events == 1 { "Event needs attention" } else { "Events need attention" };
    let events = elsewhere(Badge { label, ..badge::of_attention("faulted") }, events, "/events?attention=any");
    let label = "Did not happen";
    let undone =
        elsewhere(Badge { label, ..badge::of_run("compensated") }, counts.unacknowledged, "/?unacknowledged=true");
    let undone = undone.map(|counter| Counter { current: asked.unacknowledged == "true", ..counter });
    std::iter::once(attention).chain(undone).chain(events).chain(second).chain(inbox).chain(live).collect()
}

/// What waits for people on another page, unless nothing does.
fn elsewhere(badge: Badge, number: i64, href: &str) -> Option<Counter> {
    (number > 0).then(|| Counter { badge, number: count(number), href: href.to_owned(), current: false })
}

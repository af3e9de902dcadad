//! Events: body and origin are as the event's key says, and what an event names is there.

use sqlx::PgConnection;

use super::{Report, gaps};
use crate::store::StoreError;
use crate::store::audit::scan::{self, EventRow, KeyRow};

pub(super) const PAGE: i64 = 500;

/// Checks an event.
pub(super) async fn check(conn: &mut PgConnection, event: &EventRow, report: &mut Report) -> Result<(), StoreError> {
    report.events += 1;
    let id = event.id;
    for run in &event.gone {
        if !gaps::run_is_archived(conn, *run).await? {
            report.find("events", id, format!("event {id} names run {run}, which is missing"));
        }
    }
    let (Some(key_event), Some(body_hash)) = (event.key_event, &event.key_body_hash) else {
        let what =
            format!("event {id} has no key: {:?} of source {:?} is not among event_keys", event.event_id, event.source);
        report.find("events", id, what);
        return Ok(());
    };
    if key_event != id {
        let what = format!("event {id} has the source and id of event {key_event}, which arrived first");
        report.find("events", id, what);
        return Ok(());
    }
    if *body_hash != event.body_hash {
        report.find("events", id, format!("the body of event {id} is not what was received: its hash differs"));
    }
    if event.key_received_at != Some(event.received_at) {
        report.find("events", id, format!("event {id} and its key have different times of arrival"));
    }
    let first = event.key_runs.as_deref().unwrap_or_default();
    if let Some(run) = first.iter().find(|run| !event.runs.contains(run)) {
        report.find("events", id, format!("event {id} does not name run {run}, which its key names"));
    }
    for run in event.runs.iter().filter(|run| !first.contains(run) && !event.gone.contains(run)) {
        // A run that several events started together is in the key of none of them.
        if scan::is_started_by_one(conn, *run).await? {
            report.find("events", id, format!("event {id} names run {run}, which did not take it"));
        }
    }
    if let Some(what) = contradiction(event) {
        report.find("events", id, format!("event {id} is marked {:?}, but {what}", event.outcome));
    }
    Ok(())
}

/// What speaks against an event's outcome.
fn contradiction(event: &EventRow) -> Option<&'static str> {
    match (event.outcome.as_str(), event.runs.is_empty(), event.resumed.is_empty()) {
        ("run", true, _) => Some("it names no run"),
        ("unmatched" | "rejected" | "resumed" | "gathered", false, _) => Some("it started a run"),
        ("resumed", _, true) => Some("it names no run that was waiting"),
        ("unmatched", _, false) => Some("a run that waited took it"),
        _ => None,
    }
}

/// Checks a page of keys.
pub(super) async fn check_keys(
    conn: &mut PgConnection,
    page: &[KeyRow],
    report: &mut Report,
) -> Result<(), StoreError> {
    for key in page.iter().filter(|key| !key.is_there) {
        if !gaps::event_is_archived(conn, key.event).await? {
            let named = format!("{}, {}", key.source, key.event_id);
            let what = format!("event {} is missing, but its key ({named}) exists", key.event);
            report.find("event_keys", named, what);
        }
    }
    Ok(())
}

//! `retention:` of `hub.yaml`: what is archived and deleted, and when. Anything unset is kept forever.

use std::path::PathBuf;
use std::time::Duration;

use super::value::any_duration;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::retention::{Age, Ages, Outcome, Policy};

const DAY: Duration = Duration::from_hours(24);

/// Shortest retention: people may still look at the data, and a run may need an event that arrived before it started.
const AGE_MIN: Duration = DAY;

/// Shortest retention of event keys: senders retry unacknowledged deliveries for days.
const KEYS_MIN: Duration = Duration::from_hours(7 * 24);

/// Longest retention: a hundred years.
const AGE_MAX: Duration = Duration::from_hours(24 * 36_525);

pub(super) fn retention<'s>(node: Node<'s>, report: &mut Report<'s>) -> Policy {
    let mut policy = Policy::default();
    let entries = report.closed_or_nothing(node, &["archive", "runs", "workflows", "events", "eventKeys"]);
    for (key, node) in entries.entries() {
        match key {
            "archive" => policy.archive = folder(node, report),
            "runs" => policy.runs = ages(node, report),
            "workflows" => {
                for (key, node) in report.object_or_nothing(node).entries() {
                    check_workflow(key, node, report);
                    policy.workflows.insert(key.to_owned(), ages(node, report));
                }
            }
            "events" => policy.events = age(node, AGE_MIN, report),
            "eventKeys" => policy.event_keys = age(node, KEYS_MIN, report),
            _ => {}
        }
    }
    if policy.archive.is_none() && entries.get("archive").is_none() && entries.entries().next().is_some() {
        let hint = "add `archive: /var/lib/stepwell/archive`, a folder that all nodes can write to";
        report.error_with_hint(node, "without a folder for archives nothing can be removed", Some(hint.to_owned()));
    }
    if let (Some(keys), Some(place)) = (policy.event_keys, entries.get("eventKeys"))
        && policy.events.is_some_and(|events| keys < events)
    {
        let hint = "a repeated event is recognized by its key, so that it starts nothing a second time";
        report.error_with_hint(place, "eventKeys must be at least as long as events", Some(hint.to_owned()));
    }
    policy
}

/// Requires an absolute path: nodes may start in different folders.
fn folder<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<PathBuf> {
    let path = PathBuf::from(report.text(node)?);
    if path.is_absolute() {
        return Some(path);
    }
    let hint = "such as /var/lib/stepwell/archive".to_owned();
    report.error_with_hint(node, "the folder of archives must be an absolute path", Some(hint));
    None
}

fn ages<'s>(node: Node<'s>, report: &mut Report<'s>) -> Ages {
    let mut ages = Ages::new();
    for (key, node) in report.closed_or_nothing(node, &Outcome::ALL.map(Outcome::as_str)).entries() {
        let Some(outcome) = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == key) else { continue };
        let found = match node.as_text() {
            Some("keep") => Some(Age::Keep),
            _ => age(node, AGE_MIN, report).map(Age::For),
        };
        ages.extend(found.map(|age| (outcome, age)));
    }
    ages
}

fn age<'s>(node: Node<'s>, least: Duration, report: &mut Report<'s>) -> Option<Duration> {
    let found = any_duration(node, report).filter(|age| (least..=AGE_MAX).contains(age));
    if found.is_none() {
        let days = least.as_secs() / DAY.as_secs();
        let message = format!("a duration from P{days}D to P36525D is expected");
        report.error_with_hint(node, message, Some("write P90D, or { days: 90 }; runs may say keep".to_owned()));
    }
    found
}

/// Checks only the format: the workflow may be deployed later, or only in another environment.
fn check_workflow<'s>(name: &str, node: Node<'s>, report: &mut Report<'s>) {
    let parts: Vec<&str> = name.split('/').collect();
    let plain = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if parts.len() != 2 || !parts.iter().all(plain) {
        let hint = "write NAMESPACE/NAME".to_owned();
        report.error_with_hint(node, format!("{name:?} is not a workflow"), Some(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::connect::Secrets;
    use crate::hub::Hub;

    use super::*;

    fn read(text: &str) -> Result<Policy, Vec<String>> {
        let hub = Hub::load("hub.yaml", text, &Secrets::default());
        hub.map(|hub| hub.retention)
            .map_err(|found| found.iter().map(|m| format!("{}:{}: {}", m.line, m.column, m.message)).collect())
    }

    #[test]
    fn what_is_not_set_stays_forever_and_a_workflow_may_differ() {
        assert_eq!(read("").unwrap(), Policy::default());
        let text = "retention:
  archive: /var/lib/stepwell/archive
  runs: { completed: P90D, compensated: P400D, cancelled: { days: 400 } }
  workflows:
    crm-erp/closed-won: { completed: P3650D, cancelled: keep }
  events: P90D
  eventKeys: P91D
";
        let policy = read(text).unwrap();
        let days = |days: u64| Age::For(Duration::from_hours(24 * days));
        assert_eq!(policy.age("a/b", Outcome::Completed), days(90));
        assert_eq!(policy.age("a/b", Outcome::Cancelled), days(400));
        assert_eq!(policy.age("a/b", Outcome::Faulted), Age::Keep);
        assert_eq!(policy.age("crm-erp/closed-won", Outcome::Completed), days(3_650));
        assert_eq!(policy.age("crm-erp/closed-won", Outcome::Cancelled), Age::Keep);
        assert_eq!(policy.age("crm-erp/closed-won", Outcome::Compensated), days(400));
        assert_eq!(
            policy.folder().map(|folder| folder.display().to_string()).as_deref(),
            Some("/var/lib/stepwell/archive")
        );
        assert!(read("retention: { archive: /a }").unwrap().folder().is_none(), "nothing may go, so nothing is done");
    }

    #[test]
    fn what_would_remove_too_early_or_is_misspelt_is_refused_at_its_place() {
        for (text, expected) in [
            ("retention: { runs: { completed: P90D } }", "1:12: without a folder"),
            (
                "retention: { archive: archive, runs: { completed: P90D } }",
                "1:23: the folder of archives must be an absolute path",
            ),
            ("retention: { archive: /a, runs: { complete: P90D } }", "1:35: unknown property `complete`"),
            ("retention: { archive: /a, runs: { completed: PT1H } }", "1:46: a duration from P1D"),
            ("retention: { archive: /a, runs: { completed: 90 } }", "1:46: a duration from P1D"),
            ("retention: { archive: /a, eventKeys: P6D }", "1:38: a duration from P7D"),
            (
                "retention: { archive: /a, events: P90D, eventKeys: P30D }",
                "1:52: eventKeys must be at least as long as events",
            ),
            (
                "retention: { archive: /a, workflows: { closed-won: { completed: P9D } } }",
                "1:52: \"closed-won\" is not a workflow",
            ),
            ("retention: { archive: /a, evnts: P90D }", "1:27: unknown property `evnts`"),
        ] {
            let mistakes = read(text).unwrap_err();
            assert!(mistakes.iter().any(|mistake| mistake.starts_with(expected)), "{text}: {mistakes:?}");
        }
    }
}

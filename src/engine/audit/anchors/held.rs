//! Holds days and hours against what anchors said of them.
//!
//! **Invariant.** What retention removed is no finding, at whatever moment it does so: how much it removed is asked after the rows are read,
//! and only what is of the same number is compared.

use std::collections::{BTreeSet, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::leaves::{Columns, Leaves, List, Moments, leaves_of};
use super::said::{Said, Stated, Told};
use super::spans::{Span, instant};
use crate::engine::audit::{Report, gaps};
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::audit::scan;

impl Said {
    /// Each span that any anchor sums up or that has rows is read once, and held against all that anchors ever said of it.
    pub(super) async fn check_spans(
        &self,
        conn: &mut PgConnection,
        moments: Moments,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let mut names: BTreeSet<String> = self.spans.keys().cloned().collect();
        if !self.is_part {
            names.extend(self.spans_with_rows(conn).await?);
        }
        let (mut days, mut held) = (BTreeSet::new(), BTreeSet::new());
        for name in names {
            let Some(span) = Span::named(&name) else {
                report.find("anchors", &name, format!("{name} is neither a day nor an hour"));
                continue;
            };
            let said = self.spans.get(&name).map(|of| of.said.as_slice()).unwrap_or_default();
            let mut columns: Vec<Columns> = said.iter().map(|(stated, _)| stated.columns.clone()).collect();
            columns.sort_unstable();
            columns.dedup();
            let ids = (span.after(), span.before());
            let leaves = leaves_of(conn, moments, ids, columns, List::Alive).await?;
            // Only now: of a removal that a page saw, the archive is seen then.
            let archived = gaps::archived_in(conn, ids).await?;
            if !hold(&name, said, &leaves, archived, report) && !self.is_said_empty(span) {
                days.insert(Span::day_of(span.from).name());
            } else if span.is_day() {
                held.insert(name);
            }
            if !self.is_part {
                self.check_absent(span, &leaves, report);
            }
        }
        // An hour is held with its day.
        report.days_not_held += days.difference(&held).count() as u64;
        Ok(())
    }

    /// Spans in the time of the newest anchor's summaries of which the database has rows.
    async fn spans_with_rows(&self, conn: &mut PgConnection) -> Result<Vec<String>, StoreError> {
        let Some(settled) = self.anchors.iter().map(|told| told.settled).max() else { return Ok(Vec::new()) };
        let (mut names, mut from) = (Vec::new(), Uuid::nil());
        while let Some(id) = scan::next_id(conn, from).await? {
            let (day, hour) = (Span::day_of(instant(id)), Span::hour_of(instant(id)));
            let span = if day.until <= settled { day } else { hour };
            if span.until > settled || span.before() <= from {
                break;
            }
            names.push(span.name());
            from = span.before();
        }
        Ok(names)
    }

    fn is_said_empty(&self, span: Span) -> bool {
        self.without(span).next().is_some()
    }

    /// Nothing came into a span that was empty.
    fn check_absent(&self, span: Span, leaves: &Leaves, report: &mut Report) {
        let name = span.name();
        for Told { at, settled, .. } in self.without(span) {
            if let Some(run) = leaves.runs.iter().find(|run| run.created_at <= *settled) {
                let what =
                    format!("run {} is dated {name}, but the anchor of {at} found nothing in that period", run.id);
                return report.find("runs", run.id, what);
            }
            if let Some(event) = leaves.events.iter().find(|event| event.received_at <= *settled) {
                let what =
                    format!("event {} is dated {name}, but the anchor of {at} found nothing in that period", event.id);
                return report.find("events", event.id, what);
            }
        }
    }
}

/// Holds a span against what anchors said of it. Summaries from before something was archived cannot be compared, except that no more may
/// be missing than was archived. False if there are only such ones.
fn hold(name: &str, said: &[(Stated, Time)], leaves: &Leaves, archived: i64, report: &mut Report) -> bool {
    let (mut compared, mut since) = (false, 0);
    for (summary, at) in said {
        let more = archived - summary.archived;
        if more == 0 {
            compare(name, summary, *at, leaves, report);
            compared = true;
            continue;
        }
        if more < 0 {
            let what = format!(
                "{} runs and events of {name} had been removed when it was anchored at {at}, and now {archived}: archives or removals were \
                 changed",
                summary.archived
            );
            report.find("archives", name, what);
        }
        let alive = summary.alive.iter().copied().collect();
        let left = leaves.runs_by(&summary.columns, summary.cutoff, &alive).0 + leaves.events(summary.cutoff).0;
        let missing = (summary.runs + summary.events).saturating_sub(left);
        let explained = u64::try_from(more).unwrap_or(0);
        if missing > explained {
            let what = format!(
                "{missing} runs and events of {name} that were anchored at {at} are missing, and only {explained} of them have been \
                 archived since"
            );
            report.find("runs", name, what);
        }
        since = since.max(explained);
    }
    if said.is_empty() || compared {
        return true;
    }
    report.note(format!(
        "{since} runs and events of {name} were archived after that anchor, so the rest cannot be compared with it: \
         write a new anchor now"
    ));
    false
}

fn compare(name: &str, summary: &Stated, at: Time, leaves: &Leaves, report: &mut Report) {
    let alive: HashSet<Uuid> = summary.alive.iter().copied().collect();
    let (count, digest) = leaves.runs_by(&summary.columns, summary.cutoff, &alive);
    if count != summary.runs {
        let what = format!(
            "{name} had {} runs that had ended when it was anchored at {at}, and has {count} of them now",
            summary.runs
        );
        report.find("runs", name, what);
    } else if digest != summary.digest && !(count == 0 && summary.runs == 0) {
        let what = format!("one of the {count} runs of {name} that had ended differs from what was anchored at {at}");
        report.find("runs", name, what);
    }
    let (count, digest) = leaves.events(summary.cutoff);
    if count != summary.events {
        let what =
            format!("{name} had {} events when it was anchored at {at}, and has {count} of them now", summary.events);
        report.find("events", name, what);
    } else if digest != summary.events_digest {
        report.find(
            "events",
            name,
            format!("one of the {count} events of {name} differs from what was anchored at {at}"),
        );
    }
}

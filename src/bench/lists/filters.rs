//! Filters to measure, with values that match much, little, nothing, or only old rows.

use crate::machine::Status;
use crate::store::events::EventFilter;
use crate::store::history::{at, id};
use crate::store::runs::listing::RunFilter;

/// A filter's name, and how to set it for a history with this many rows.
pub(super) type Named<F> = (&'static str, fn(&mut F, i64));

pub(super) const OF_RUNS: [Named<RunFilter>; 24] = [
    ("all", |_, _| {}),
    ("workflow, rare", |f, _| f.workflow = Some("crm-erp/rare".into())),
    ("workflow, most", |f, _| f.workflow = Some("closed-won".into())),
    ("workflow, retired", |f, _| f.workflow = Some("retired".into())),
    ("workflow, unknown", |f, _| f.workflow = Some("nowhere".into())),
    ("version, most", |f, _| f.version = Some("1.1.0".into())),
    ("version, retired", |f, _| f.version = Some("0.9.0".into())),
    ("version, of 40 workflows", |f, _| f.version = Some("2.0.0".into())),
    ("status, faulted", |f, _| f.status = vec![Status::Faulted]),
    ("status, completed", |f, _| f.status = vec![Status::Completed]),
    ("status, waiting", |f, _| f.status = vec![Status::Waiting]),
    ("status, three", |f, _| f.status = vec![Status::Waiting, Status::Completed, Status::Faulted]),
    ("status, two that are rare", |f, _| f.status = vec![Status::Cancelled, Status::Compensated]),
    ("attention, any", |f, _| f.attention = Some("any".into())),
    ("attention, none", |f, _| f.attention = Some("none".into())),
    ("attention, poison", |f, _| f.attention = Some("poison".into())),
    ("fingerprint", |f, _| f.fingerprint = Some("cause1".into())),
    ("key", |f, _| f.key = Some("006Ws00000042".into())),
    ("event", |f, _| f.event = Some(id(77))),
    ("q, ten match", |f, _| f.q = Some("006Ws0000004".into())),
    ("q, ten thousand old ones match", |f, _| f.q = Some("006Ws0000".into())),
    ("q, a hundred thousand old ones match", |f, _| f.q = Some("006Ws000".into())),
    ("since", |f, rows| f.since = Some(at(rows * 3 / 4))),
    ("until", |f, rows| f.until = Some(at(rows / 100))),
];

pub(super) const OF_EVENTS: [Named<EventFilter>; 16] = [
    ("all", |_, _| {}),
    ("source, rare", |f, _| f.source = Some("rare".into())),
    ("source, a third", |f, _| f.source = Some("crm".into())),
    ("source, unknown", |f, _| f.source = Some("nobody".into())),
    ("type, rare", |f, _| f.r#type = Some("never".into())),
    ("type, former", |f, _| f.r#type = Some("former".into())),
    ("type, most", |f, _| f.r#type = Some("changed".into())),
    ("outcome, rejected", |f, _| f.outcome = Some("rejected".into())),
    ("outcome, unmatched", |f, _| f.outcome = Some("unmatched".into())),
    ("outcome, run", |f, _| f.outcome = Some("run".into())),
    ("outcome, resumed", |f, _| f.outcome = Some("resumed".into())),
    ("outcome, none", |f, _| f.outcome = Some("gathered".into())),
    ("event id", |f, _| f.event_id = Some("id77".into())),
    ("attention", |f, _| f.attention = true),
    ("since", |f, rows| f.since = Some(at(rows * 3 / 4))),
    ("until", |f, rows| f.until = Some(at(rows / 100))),
];

/// Each filter alone, and every pair that sets different fields.
pub(super) fn pairs<F: Default>(filters: &[Named<F>], rows: i64) -> Vec<(String, F)> {
    let mut all = Vec::new();
    for (i, (name, set)) in filters.iter().enumerate() {
        let mut alone = F::default();
        set(&mut alone, rows);
        all.push(((*name).to_owned(), alone));
        for (other, set_other) in &filters[i + 1..] {
            if i == 0 || field(name) == field(other) {
                continue;
            }
            let mut both = F::default();
            set(&mut both, rows);
            set_other(&mut both, rows);
            all.push((format!("{name} + {other}"), both));
        }
    }
    all
}

fn field(name: &str) -> &str {
    name.split_once(',').map_or(name, |(field, _)| field)
}

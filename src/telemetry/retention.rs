//! Metrics of retention.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, gauge};

pub(super) fn describe() {
    describe_counter!("stepwell_retention_archived_total", "Runs and events written to archives, by kind");
    describe_counter!("stepwell_retention_bytes_total", "Bytes of archives written");
    describe_counter!("stepwell_retention_removed_total", "Runs and events removed after they were archived, by kind");
    describe_counter!(
        "stepwell_retention_refused_total",
        "Runs that were not archived because their journals were changed"
    );
    describe_gauge!(
        "stepwell_retention_overdue_seconds",
        "How long the oldest due run has been waiting to be archived; 0 if none is due"
    );
}

/// Counts an archive's runs, events and bytes.
pub fn retention_archived(runs: u64, events: u64, bytes: u64) {
    counter!("stepwell_retention_archived_total", "kind" => "runs").increment(runs);
    counter!("stepwell_retention_archived_total", "kind" => "events").increment(events);
    counter!("stepwell_retention_bytes_total").increment(bytes);
}

/// Counts deleted items that were archived; `kind` is `runs` or `events`.
pub fn retention_removed(kind: &'static str, count: u64) {
    counter!("stepwell_retention_removed_total", "kind" => kind).increment(count);
}

/// Counts a run that was not archived because its journal had been tampered with.
pub fn retention_refused() {
    counter!("stepwell_retention_refused_total").increment(1);
}

/// Sets how long the oldest due run has been overdue for archiving.
pub fn retention_overdue(overdue: Duration) {
    gauge!("stepwell_retention_overdue_seconds").set(overdue.as_secs_f64());
}

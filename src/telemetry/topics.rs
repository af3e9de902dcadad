//! Metrics of the topics that this node subscribes to.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

pub(super) fn describe() {
    describe_counter!(
        "stepwell_topic_events_total",
        "Events received from topics that this node subscribes to, by source, topic and outcome"
    );
    describe_histogram!(
        "stepwell_topic_delay_seconds",
        "Time from the change in the sender's system until its event was stored, by source"
    );
    describe_counter!("stepwell_topic_connects_total", "Subscriptions that this node started, by source and topic");
    describe_counter!(
        "stepwell_topic_losses_total",
        "Rejected replay ids (events may be missing), by source and topic"
    );
    describe_gauge!("stepwell_topic_connected", "1 while this node is connected to a topic, by source and topic");
    describe_gauge!(
        "stepwell_topic_age_seconds",
        "Time since a topic's position was last known to be the newest, over all nodes, by source and topic"
    );
}

/// Counts an event of a topic: `stored`, `duplicate`, `rejected` or `filtered`.
pub fn topic_event(source: &str, topic: &str, outcome: &'static str) {
    let (source, topic) = (source.to_owned(), topic.to_owned());
    counter!("stepwell_topic_events_total", "source" => source, "topic" => topic, "outcome" => outcome).increment(1);
}

/// Records the time from an event's creation to its storage.
pub fn topic_delay(source: &str, delay: Duration) {
    histogram!("stepwell_topic_delay_seconds", "source" => source.to_owned()).record(delay.as_secs_f64());
}

/// Sets whether this node is connected to a topic, and counts connects.
pub fn topic_connected(source: &str, topic: &str, is_connected: bool) {
    let (source, topic) = (source.to_owned(), topic.to_owned());
    if is_connected {
        counter!("stepwell_topic_connects_total", "source" => source.clone(), "topic" => topic.clone()).increment(1);
    }
    gauge!("stepwell_topic_connected", "source" => source, "topic" => topic).set(f64::from(u8::from(is_connected)));
}

/// Counts a refused replay id.
pub fn topic_lost(source: &str, topic: &str) {
    counter!("stepwell_topic_losses_total", "source" => source.to_owned(), "topic" => topic.to_owned()).increment(1);
}

/// Sets the age of a topic's position, when `/metrics` is read.
pub fn topic_age(source: &str, topic: &str, age: Duration) {
    gauge!("stepwell_topic_age_seconds", "source" => source.to_owned(), "topic" => topic.to_owned())
        .set(age.as_secs_f64());
}

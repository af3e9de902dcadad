//! Logs and metrics.
//!
//! Every metric of Stepwell is named here once, with what it means. Label values come from closed sets or from what an
//! operator deployed (routes, connections, statuses): never from a request.

mod retention;
mod topics;

use std::io::IsTerminal as _;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::redact::Known;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
pub use retention::{retention_archived, retention_overdue, retention_refused, retention_removed};
pub use topics::{topic_age, topic_connected, topic_delay, topic_event, topic_lost};

/// Bounds of all histograms of seconds: from a commit to a slow ERP.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0];

/// Bounds of histograms of counts.
const COUNTS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// Sends log lines to standard error: those that `wanted` names, else `RUST_LOG`, else from this level on.
///
/// # Errors
/// `wanted` or `RUST_LOG` cannot be read: what someone asked for is not silently something else.
pub fn init_logs(format: LogFormat, wanted: Option<&str>, level: &str) -> Result<(), String> {
    let variable = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|text| !text.trim().is_empty());
    let filter = match (wanted, variable) {
        (Some(wanted), _) => {
            refuse_unknown_level("`log` or STEPWELL_LOG", wanted)?;
            log_filter("`log` or STEPWELL_LOG", &format!("{QUIET},{wanted}"))?
        }
        (None, Some(variable)) => log_filter("RUST_LOG", &variable)?,
        (None, None) => log_filter("the usual log filter", &format!("{QUIET},{level}"))?,
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        // Said on the same standard error, and with a panic where nobody reads it.
        .log_internal_errors(false)
        .with_writer(|| Redacting { to: std::io::stderr(), known: Known::of_process() });
    // A program that embeds Stepwell may have its own subscriber: then that one stays.
    let _ = match format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    Ok(())
}

/// Libraries that say much at `info`; a filter that names one shows it.
const QUIET: &str = "sqlx=warn,hyper=warn";

fn log_filter(setting: &str, text: &str) -> Result<EnvFilter, String> {
    EnvFilter::builder().parse(text).map_err(|error| format!("{setting} says {text:?}, which cannot be read: {error}"))
}

/// A word that is no level would count as the name of a module, and nothing else would be logged.
fn refuse_unknown_level(setting: &str, text: &str) -> Result<(), String> {
    let is_unknown = |word: &&str| {
        let is_directive = word.contains(['=', '[', ':']);
        !word.is_empty() && !is_directive && word.parse::<tracing::level_filters::LevelFilter>().is_err()
    };
    match text.split(',').map(str::trim).find(is_unknown) {
        None => Ok(()),
        Some(word) => Err(format!(
            "{setting} says {word:?}, which is no level: use error, warn, info, debug, trace or off, or module=level"
        )),
    }
}

/// Writes lines without the secrets that are known. Each line of the log is one write.
struct Redacting<W> {
    to: W,
    known: Known,
}

impl<W: std::io::Write> std::io::Write for Redacting<W> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.to.write_all(&self.known.all().bytes(line.to_vec()))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// Installs the process's recorder and gives the handle that renders `/metrics`. Once per process.
///
/// # Errors
/// A recorder is installed already.
pub fn init_metrics() -> Result<PrometheusHandle, BuildError> {
    let handle = builder()?.install_recorder()?;
    describe();
    Ok(handle)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &COUNTS)
}

fn describe() {
    describe_counter!(
        "stepwell_runs_started_total",
        "Runs that were accepted, by what started them, workflow and source"
    );
    describe_counter!("stepwell_runs_settled_total", "Runs that ended or came to need a person, by status");
    describe_counter!(
        "stepwell_runs_lost_total",
        "Runs that another node had taken over when this one wanted to write"
    );
    describe_counter!("stepwell_leases_lost_total", "Incarnations of this node that ended because the lease was lost");
    describe_counter!("stepwell_transitions_total", "Decisions committed");
    describe_histogram!("stepwell_commit_batch_size", "Transitions per commit");
    describe_histogram!("stepwell_commit_seconds", "Duration of one commit, from the first statement to the reply");
    describe_gauge!("stepwell_commit_queue", "Writes that wait for the committer");
    describe_counter!("stepwell_events_delivered_total", "Deliveries of emitted events, by sink and result");
    describe_counter!("stepwell_schedules_fired_total", "Firings of schedules for which a run was asked");
    describe_histogram!("stepwell_schedule_lateness_seconds", "From a firing's time to its run");
    describe_counter!("stepwell_calls_total", "Attempts of calls, by connection and by how they ended");
    describe_histogram!("stepwell_call_seconds", "Duration of attempts, by connection");
    describe_gauge!(
        "stepwell_connection_authorized",
        "0 while a provider does not accept a connection's refresh token"
    );
    describe_gauge!("stepwell_connection_held_back", "1 while a connection's circuit breaker holds calls back");
    describe_gauge!("stepwell_connection_waiting", "Calls that wait for the shared limits of a connection");
    describe_counter!("stepwell_ingress_answers_total", "Answers to webhooks and events, by status");
    describe_counter!("stepwell_events_filtered_total", "Events that the filter of their source kept out, by source");
    describe_histogram!("stepwell_ingress_seconds", "From a webhook's headers to its answer");
    describe_counter!("stepwell_connections_ended_total", "Connections that were ended for the sake of others, by why");
    describe_counter!("stepwell_http_requests_total", "Requests, by method, route and status");
    describe_counter!("stepwell_refusals_total", "Attempts without the right to it, by kind");
    describe_gauge!("stepwell_runs_in_memory", "Runs that this node holds in memory");
    describe_gauge!(
        "stepwell_runs_live",
        "Runs that have not ended, by status, over all nodes; counting stops at 10,000"
    );
    describe_gauge!(
        "stepwell_database_snapshot_seconds",
        "For how long the oldest transaction has kept vacuum from removing dead rows, as far as the node's role may see it"
    );
    describe_gauge!("stepwell_connection_paused", "Whether somebody paused the connection: its calls wait");
    describe_gauge!("stepwell_runs_attention", "Runs that need a person, over all nodes; counting stops at 10,000");
    describe_gauge!(
        "stepwell_runs_unacknowledged",
        "Ended runs whose work did not happen, because a fault undid it, and that nobody has acknowledged; counting stops at 10,000"
    );
    describe_gauge!("stepwell_bulk_acts_running", "Bulk acts that tell runs now, over all nodes");
    describe_gauge!(
        "stepwell_proposals_open",
        "Acts that wait for a second person, over all nodes; counting stops at 10,000"
    );
    describe_gauge!("stepwell_tasks_open", "Steps that wait for people, over all nodes; counting stops at 10,000");
    describe_gauge!(
        "stepwell_events_needing_attention",
        "Events that a workflow subscribes to but rejected, or that could not be read, until someone replays or dismisses them, by source, \
         over all nodes; counting stops at 10,000"
    );
    describe_gauge!("stepwell_source_gaps", "Ranges of numbers of a source's events that are missing, over all nodes");
    topics::describe();
    describe_counter!("stepwell_stage_failures_total", "Failures of the stages of a node's loops, by stage");
    describe_gauge!("stepwell_stage_failing", "1 while the last try of a stage of a node's loops failed, by stage");
    describe_gauge!(
        "stepwell_subscription_set_aside",
        "1 while schedule.on of a workflow takes too long and is not asked, by workflow"
    );
    describe_gauge!("stepwell_loop_age_seconds", "Since a loop of this node last came round, by loop");
    retention::describe();
    describe_gauge!("stepwell_ready", "1 while the node takes new work");
}

/// A run was accepted; `by` is `event`, `api` or `schedule`, `workflow` is `namespace/name`, `source` one that is configured or
/// that a definition names, else [`OTHER_SOURCE`], or [`NO_SOURCE`].
pub fn run_started(by: &'static str, workflow: String, source: &str) {
    runs_started(by, workflow, source).increment(1);
}

/// A workflow that a source starts is deployed: its count begins at zero, so that a source that has been silent since the
/// node started can be alerted on.
pub fn source_expected(workflow: String, source: &str) {
    runs_started("event", workflow, source).increment(0);
}

fn runs_started(by: &'static str, workflow: String, source: &str) -> metrics::Counter {
    counter!("stepwell_runs_started_total", "by" => by, "workflow" => workflow, "source" => source.to_owned())
}

/// The source of runs that no event started.
pub const NO_SOURCE: &str = "none";

/// A source that a sender of events made up: a label of its own for each would let a sender fill the memory.
pub const OTHER_SOURCE: &str = "other";

/// Someone was turned away.
pub fn refused(kind: &'static str) {
    counter!("stepwell_refusals_total", "kind" => kind).increment(1);
}

/// The filter of a source kept events out.
pub fn events_filtered(source: &str, events: usize) {
    counter!("stepwell_events_filtered_total", "source" => source.to_owned()).increment(events as u64);
}

/// An emitted event was delivered, or was not; without a sink to this hub itself.
pub fn event_delivered(sink: Option<&str>, arrived: bool) {
    let result = if arrived { "arrived" } else { "failed" };
    let sink = sink.unwrap_or("stepwell").to_owned();
    counter!("stepwell_events_delivered_total", "sink" => sink, "result" => result).increment(1);
}

/// A schedule fired, so long after its time.
pub fn schedule_fired(late: Duration) {
    counter!("stepwell_schedules_fired_total").increment(1);
    histogram!("stepwell_schedule_lateness_seconds").record(late.as_secs_f64());
}

/// A stage of one of the node's loops failed.
pub fn stage_failed(stage: &'static str) {
    counter!("stepwell_stage_failures_total", "stage" => stage).increment(1);
}

/// Whether the last try of a stage failed.
pub fn stage_failing(stage: &'static str, failing: bool) {
    gauge!("stepwell_stage_failing", "stage" => stage).set(f64::from(u8::from(failing)));
}

/// Whether the filters of a workflow, `namespace/name`, are not asked because they take too long.
pub fn subscription_set_aside(workflow: &str, is_set_aside: bool) {
    gauge!("stepwell_subscription_set_aside", "workflow" => workflow.to_owned()).set(f64::from(u8::from(is_set_aside)));
}

/// How long ago a loop of this node came round, taken when `/metrics` is read.
pub fn loop_age(name: &'static str, age: Duration) {
    gauge!("stepwell_loop_age_seconds", "loop" => name).set(age.as_secs_f64());
}

/// A batch was committed.
#[expect(clippy::cast_precision_loss, reason = "a batch is small")]
pub fn committed(transitions: usize, took: Duration) {
    counter!("stepwell_transitions_total").increment(transitions as u64);
    histogram!("stepwell_commit_batch_size").record(transitions as f64);
    histogram!("stepwell_commit_seconds").record(took.as_secs_f64());
}

/// A run ended, or came to need a person.
pub fn run_settled(status: &'static str) {
    counter!("stepwell_runs_settled_total", "status" => status).increment(1);
}

/// Another node had taken a run over.
pub fn run_lost() {
    counter!("stepwell_runs_lost_total").increment(1);
}

/// An incarnation of this node lost its lease.
pub fn lease_lost() {
    counter!("stepwell_leases_lost_total").increment(1);
}

/// An attempt ended. `connection` is a configured name, `direct`, or the kind of a program; `class` is `succeeded` or a fault class.
pub fn call_ended(connection: &str, class: &'static str, took: Duration) {
    let connection = connection.to_owned();
    counter!("stepwell_calls_total", "connection" => connection.clone(), "class" => class).increment(1);
    histogram!("stepwell_call_seconds", "connection" => connection).record(took.as_secs_f64());
}

/// A webhook or event was answered.
pub fn ingress_answered(status: u16, took: Duration) {
    counter!("stepwell_ingress_answers_total", "status" => status.to_string()).increment(1);
    histogram!("stepwell_ingress_seconds").record(took.as_secs_f64());
}

/// A connection was ended for the sake of others: `replaced` because it did nothing and a new one came, `refused` because its peer
/// had as many as it may.
pub fn connection_ended(why: &'static str) {
    counter!("stepwell_connections_ended_total", "why" => why).increment(1);
}

/// A request was answered; `route` is the pattern, not the path.
pub fn http_answered(method: &http::Method, route: &str, status: u16) {
    let method = if KNOWN_METHODS.contains(method) { method.to_string() } else { "other".to_owned() };
    counter!("stepwell_http_requests_total", "method" => method, "route" => route.to_owned(), "status" => status.to_string())
        .increment(1);
}

/// A sender may invent methods.
const KNOWN_METHODS: [http::Method; 7] = [
    http::Method::GET,
    http::Method::HEAD,
    http::Method::POST,
    http::Method::PUT,
    http::Method::PATCH,
    http::Method::DELETE,
    http::Method::OPTIONS,
];

/// State of this node, taken when `/metrics` is read.
#[expect(clippy::cast_precision_loss, reason = "a gauge")]
pub fn node_state(runs_in_memory: usize, writes_waiting: usize, ready: bool) {
    gauge!("stepwell_runs_in_memory").set(runs_in_memory as f64);
    gauge!("stepwell_commit_queue").set(writes_waiting as f64);
    gauge!("stepwell_ready").set(f64::from(u8::from(ready)));
}

/// State of a connection on this node, taken when `/metrics` is read.
#[expect(clippy::cast_precision_loss, reason = "a gauge")]
pub fn connection_state(connection: &str, breaker: Option<&str>, waiting: Option<usize>) {
    if let Some(phase) = breaker {
        let held_back = f64::from(u8::from(phase != "closed"));
        gauge!("stepwell_connection_held_back", "connection" => connection.to_owned()).set(held_back);
    }
    if let Some(waiting) = waiting {
        gauge!("stepwell_connection_waiting", "connection" => connection.to_owned()).set(waiting as f64);
    }
}

/// Whether somebody paused a connection, taken when `/metrics` is read.
pub fn connection_paused(connection: &str, is_paused: bool) {
    gauge!("stepwell_connection_paused", "connection" => connection.to_owned()).set(f64::from(u8::from(is_paused)));
}

/// Whether the provider accepts a connection's refresh token.
pub fn connection_authorized(connection: &str, is_authorized: bool) {
    gauge!("stepwell_connection_authorized", "connection" => connection.to_owned())
        .set(f64::from(u8::from(is_authorized)));
}

/// State of all nodes together, taken when `/metrics` is read.
#[expect(clippy::cast_precision_loss, reason = "a gauge")]
pub fn live_runs(by_status: &[(String, i64)], attention: i64, unacknowledged: i64) {
    for (status, runs) in by_status {
        gauge!("stepwell_runs_live", "status" => status.clone()).set(*runs as f64);
    }
    gauge!("stepwell_runs_attention").set(attention as f64);
    gauge!("stepwell_runs_unacknowledged").set(unacknowledged as f64);
}

/// Acts that wait for a second person, taken when `/metrics` is read.
#[expect(clippy::cast_precision_loss, reason = "a gauge")]
pub fn open_proposals(open: i64) {
    gauge!("stepwell_proposals_open").set(open as f64);
}

/// Steps that wait for people, taken when `/metrics` is read.
#[expect(clippy::cast_precision_loss, reason = "a gauge")]
pub fn open_tasks(open: i64) {
    gauge!("stepwell_tasks_open").set(open as f64);
}

/// Bulk acts that tell runs now, over all nodes.
#[expect(clippy::cast_precision_loss, reason = "a count of bulk acts is exact in a float")]
pub fn running_bulk_acts(running: i64) {
    gauge!("stepwell_bulk_acts_running").set(running as f64);
}

/// For how long the oldest transaction has held vacuum back, taken when `/metrics` is read.
pub fn oldest_snapshot(seconds: f64) {
    gauge!("stepwell_database_snapshot_seconds").set(seconds);
}

/// Events that need a person, by source, taken when `/metrics` is read.
#[expect(clippy::cast_precision_loss, reason = "a gauge")]
pub fn events_needing_attention<'s>(sources: impl Iterator<Item = (&'s str, i64)>) {
    for (source, events) in sources {
        gauge!("stepwell_events_needing_attention", "source" => source.to_owned()).set(events as f64);
    }
}

/// Open gaps of the sources that number their events, taken when `/metrics` is read.
#[expect(clippy::cast_precision_loss, reason = "a gauge")]
pub fn source_gaps<'s>(sources: impl Iterator<Item = (&'s str, i64)>) {
    for (source, gaps) in sources {
        gauge!("stepwell_source_gaps", "source" => source.to_owned()).set(gaps as f64);
    }
}

#[cfg(test)]
mod tests;

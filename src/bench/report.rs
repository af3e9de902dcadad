//! The results, as text and as JSON.

use std::time::Duration;

use serde::Serialize;

/// Work done at full speed.
#[derive(Debug)]
pub(super) struct Saturated {
    pub(super) runs: u64,
    pub(super) seconds: f64,
}

/// All measurements, from one machine and one session.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Description of the machine.
    pub machine: String,
    /// Three HTTP calls, as fast as possible.
    pub calls: Throughput,
    /// Three `set` tasks, started by webhooks, as fast as possible.
    pub noops: Throughput,
    /// Three `set` tasks, started through the API, as fast as possible.
    pub noops_by_api: Throughput,
    /// Three HTTP calls at five starts per second.
    pub low: Latency,
    /// Three HTTP calls at 80 % of the throughput above.
    pub busy: Latency,
    /// Resident memory of the node before the first run.
    pub idle_bytes: u64,
    /// Resident memory of the node with [`Self::in_flight`] runs waiting for an answer.
    pub resident_bytes: u64,
    /// Resident memory of the node after all measurements.
    pub after_bytes: u64,
    /// Number of runs in flight for [`Self::resident_bytes`].
    pub in_flight: usize,
    /// Raw batched transitions per second on the same Postgres.
    pub floor: f64,
}

/// Throughput of a saturated node.
#[derive(Debug, Clone, Serialize)]
pub struct Throughput {
    /// Runs that ended.
    pub runs: u64,
    /// Length of the measurement.
    pub seconds: f64,
    /// CPU time of the node.
    pub node_cpu_seconds: f64,
    /// CPU time of Postgres.
    pub postgres_cpu_seconds: f64,
    /// Transactions that Postgres committed.
    pub commits: u64,
    /// Write-ahead log that Postgres wrote.
    pub wal_bytes: u64,
}

impl Throughput {
    /// Runs per second.
    #[must_use]
    pub fn runs_per_second(&self) -> f64 {
        self.count() / self.seconds
    }

    /// CPU time of node and Postgres per run.
    #[must_use]
    pub fn cpu_seconds_per_run(&self) -> f64 {
        (self.node_cpu_seconds + self.postgres_cpu_seconds) / self.count()
    }

    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn count(&self) -> f64 {
        self.runs.max(1) as f64
    }
}

/// Latency for senders and for runs.
#[derive(Debug, Clone, Serialize)]
pub struct Latency {
    /// Starts per second.
    pub rate: f64,
    /// Runs measured.
    pub runs: usize,
    /// Webhook to `202`, median.
    pub accepted_p50: Duration,
    /// Webhook to `202`, 99th percentile.
    pub accepted_p99: Duration,
    /// Webhook to the end of the run, median.
    pub done_p50: Duration,
    /// Webhook to the end of the run, 99th percentile.
    pub done_p99: Duration,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "machine                {}", self.machine)?;
        writeln!(f, "floor                  {:>10.0} raw batched transitions/s", self.floor)?;
        for (name, t, steps) in [
            ("three HTTP calls", &self.calls, 3.0),
            ("three set tasks", &self.noops, 3.0),
            ("three set tasks, started through the API", &self.noops_by_api, 3.0),
        ] {
            #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
            let (commits, wal) = (t.commits as f64, t.wal_bytes as f64);
            let per_run_ms = |seconds: f64| seconds * 1_000.0 / t.count();
            writeln!(f, "\n{name}")?;
            writeln!(
                f,
                "  throughput           {:>10.0} runs/s  {:>10.0} steps/s",
                t.runs_per_second(),
                t.runs_per_second() * steps
            )?;
            writeln!(
                f,
                "  CPU per run          {:>10.3} ms = {:.3} node + {:.3} Postgres",
                per_run_ms(t.node_cpu_seconds + t.postgres_cpu_seconds),
                per_run_ms(t.node_cpu_seconds),
                per_run_ms(t.postgres_cpu_seconds)
            )?;
            writeln!(f, "  commits per run      {:>10.3}", commits / t.count())?;
            writeln!(f, "  WAL per run          {:>10.0} bytes", wal / t.count())?;
        }
        let ratio = self.noops_by_api.cpu_seconds_per_run() / self.noops.cpu_seconds_per_run();
        writeln!(f, "\nstart through the API  {ratio:>10.2} of the CPU time of a webhook")?;
        for (name, l) in [("at low load", &self.low), ("at 80 % of saturation", &self.busy)] {
            writeln!(f, "\n{name}: {:.0} starts/s, {} runs", l.rate, l.runs)?;
            writeln!(
                f,
                "  webhook to 202       {:>10.2} ms p50 {:>10.2} ms p99",
                ms(l.accepted_p50),
                ms(l.accepted_p99)
            )?;
            writeln!(f, "  webhook to done      {:>10.2} ms p50 {:>10.2} ms p99", ms(l.done_p50), ms(l.done_p99))?;
        }
        #[allow(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        writeln!(
            f,
            "\nresident memory        {:>10.1} MiB with {} runs in flight, {:.1} idle, {:.1} after everything",
            mib(self.resident_bytes),
            self.in_flight,
            mib(self.idle_bytes),
            mib(self.after_bytes)
        )
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

//! How a node behaves: leases, intervals, bounds.

use std::time::Duration;

/// Settings of the engine. Defaults suit production.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// What people call the node.
    pub name: String,
    /// A node that could not confirm its heartbeat for this long is dead.
    pub lease: Duration,
    /// How often it looks for work of others: due timers, dead nodes, commands.
    pub sweep_interval: Duration,
    /// How long calls in flight may take at shutdown.
    pub grace: Duration,
    /// Runs in memory; beyond it new runs wait in the database.
    pub runs_max: usize,
    /// Writes waiting for the committer; beyond it ingress answers 503.
    pub queue_max: usize,
    /// Connections that commit batches side by side.
    pub committers: usize,
    /// A run that waits no longer than this stays in memory.
    pub linger: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            name: "stepwell".to_owned(),
            lease: Duration::from_secs(10),
            sweep_interval: Duration::from_millis(500),
            grace: Duration::from_secs(10),
            runs_max: 10_000,
            queue_max: 20_000,
            committers: 2,
            linger: Duration::from_secs(2),
        }
    }
}

//! `[processes]`: programs that workflows may run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::connect::ProcessSettings;
use crate::dsl::ProcessKind;

/// `[processes]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Processes {
    /// Kinds that `run` may use: `shell`, `javascript`, `python`, `container`. They run with the node's privileges.
    pub enable: Vec<ProcessKind>,
    /// Time limit per program.
    pub time_seconds: u64,
    /// Address space of a shell or Python process; memory of a container.
    pub memory_mb: u64,
    /// Longest output of a program.
    pub output_kb: usize,
    /// Programs running at the same time on this node.
    pub concurrency: usize,
    /// Container engine.
    pub container: String,
    /// Images that may run; `prefix*` matches every image that starts with the prefix. Empty: any image.
    pub container_images: Vec<String>,
    /// Container network to use.
    pub container_network: String,
    /// CPUs per container.
    pub container_cpus: f64,
    /// Processes per container.
    pub container_pids: u32,
}

impl Default for Processes {
    fn default() -> Self {
        let usual = ProcessSettings::default();
        Self {
            enable: Vec::new(),
            time_seconds: usual.time.as_secs(),
            memory_mb: usual.memory_bytes >> 20,
            output_kb: usual.output_bytes >> 10,
            concurrency: usual.concurrency,
            container: usual.container,
            container_images: usual.container_images,
            container_network: usual.container_network,
            container_cpus: usual.container_cpus,
            container_pids: usual.container_pids,
        }
    }
}

impl Processes {
    /// Converts to the settings of [`crate::connect`].
    #[must_use]
    pub fn settings(&self) -> ProcessSettings {
        ProcessSettings {
            enable: self.enable.iter().copied().collect(),
            time: Duration::from_secs(self.time_seconds),
            memory_bytes: self.memory_mb.saturating_mul(1 << 20),
            output_bytes: self.output_kb.saturating_mul(1 << 10),
            concurrency: self.concurrency,
            container: self.container.clone(),
            container_images: self.container_images.clone(),
            container_network: self.container_network.clone(),
            container_cpus: self.container_cpus.clamp(0.01, 1_024.0),
            container_pids: self.container_pids.max(1),
        }
    }
}

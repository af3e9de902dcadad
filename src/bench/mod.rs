//! `stepwell bench`: measures this machine's performance from outside, on a real node and a real Postgres.
//!
//! The node is a separate process, so its CPU time is its own; the load generator and the mock target run here. Every
//! figure is reported next to the floor: raw batched transitions per second on the same Postgres in the same run.

pub mod catalog;
mod floor;
pub mod lists;
mod load;
mod mock;
mod node;
mod process;
mod report;

use std::time::Duration;

use anyhow::Context;

pub use report::Report;

use load::{Door, Kind, Load};
use mock::Mock;
use node::{BenchNode, Setup};

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Postgres server to measure on. A separate database is created there and dropped at the end.
    pub database_url: String,
    /// Length of each measurement.
    pub duration: Duration,
    /// Runs in flight while memory is measured.
    pub in_flight: usize,
}

/// Runs all measurements.
///
/// # Errors
/// The node does not start, or a measurement fails.
pub async fn run(plan: &Plan) -> anyhow::Result<Report> {
    let mock = Mock::start().await?;
    let setup = Setup { workflows: None, target: mock.address(), environment: Vec::new() };
    let node = BenchNode::start(&plan.database_url, &setup).await?;
    let measured = measure(plan, &mock, &node).await;
    node.stop().await?;
    measured
}

async fn measure(plan: &Plan, mock: &Mock, node: &BenchNode) -> anyhow::Result<Report> {
    let load = Load::connect(node, 64).await.context("connecting the load generator to the node")?;
    // Memory first, before other measurements affect the heap.
    let idle_bytes = node.resident_bytes();
    let resident_bytes = load.hold(plan.in_flight, mock, node).await?;
    load.saturate(Door::Webhook, Kind::Calls, Duration::from_secs(2), mock).await?;
    let calls = node.metered(load.saturate(Door::Webhook, Kind::Calls, plan.duration, mock)).await?;
    let noops = node.metered(load.saturate(Door::Webhook, Kind::Noops, plan.duration, mock)).await?;
    let noops_by_api = node.metered(load.saturate(Door::Api, Kind::Noops, plan.duration, mock)).await?;
    let low = load.paced(Kind::Calls, 5.0, plan.duration.max(Duration::from_secs(10)), node).await?;
    let busy = load.paced(Kind::Calls, calls.runs_per_second() * 0.8, plan.duration, node).await?;
    let after_bytes = node.resident_bytes();
    let floor = floor::transitions_per_second(node.database_url(), plan.duration).await?;
    Ok(Report {
        machine: process::machine(),
        calls,
        noops,
        noops_by_api,
        low,
        busy,
        idle_bytes,
        resident_bytes,
        after_bytes,
        in_flight: plan.in_flight,
        floor,
    })
}

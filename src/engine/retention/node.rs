//! The loop of a node: a round every ten minutes, at a gentle pace. What fails is tried again, and neither runs nor senders wait for it.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::{Keeper, KeeperSettings, Pace, RetentionError, Round};
use crate::engine::context::Context;
use crate::telemetry;

/// How often a node looks for what is due.
const LOOK_EVERY: Duration = Duration::from_mins(10);

/// How long until it looks again after a failure, or if another node is at it.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// As log, readiness and metrics call it.
const STAGE: &str = "retention";

/// The loop of a node. Without a folder of archives it does nothing.
pub(in crate::engine) async fn keep(context: Arc<Context>) {
    let settings = KeeperSettings {
        policy: context.settings.retention.clone(),
        environment: context.environment.clone(),
        name: context.settings.name.clone(),
        looks_back: context.settings.events_kept,
        pace: Pace::Gentle,
    };
    if settings.policy.folder().is_none() {
        return;
    }
    let mut keeper =
        Keeper::new(context.pool.clone(), context.reader.clone(), settings, context.membership.closing.clone());
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = context.membership.closing.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let outcome = keeper.round(&|_| {}).await;
        if outcome.as_ref().map_or(true, |done| done.is_busy) {
            ticks.reset_after(LOOK_AGAIN);
        }
        if let Ok(done) = &outcome
            && *done != (Round { is_busy: done.is_busy, ..Round::default() })
        {
            let Round { archives, bytes, runs, events, keys, changed, .. } = done;
            info!(archives, bytes, runs, events, keys, changed, "archived and removed what was due");
        }
        match outcome {
            // Whoever took over notes the result of it; and an outage of the database is noted elsewhere.
            Err(RetentionError::Lost) => {
                warn!("another node took over archiving, because this one did not renew its lease in time");
                telemetry::stage_failed(STAGE);
            }
            Err(RetentionError::Store(error)) if error.is_disconnected() => {}
            outcome => {
                context.membership.health.note_aside(STAGE, outcome.map(drop).map_err(|error| error.to_string()))
            }
        }
    }
}

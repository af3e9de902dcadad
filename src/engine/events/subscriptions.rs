//! Subscriptions whose filters take too long. A filter that recurses or is expensive is evaluated by a child process, and every
//! webhook would wait for it: so an event has a little time for all of them, and a workflow whose filters use it up again and again
//! is set aside for a while. An event that was not shown to a workflow for that reason says so and can be replayed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tracing::error;

use crate::dsl::{Definition, WorkflowRef};
use crate::machine::SchemaViolation;
use crate::telemetry;

/// What one event may wait for filters that are evaluated elsewhere, all of them together.
const EVENT_MAX: Duration = Duration::from_millis(500);

/// Events in a row whose time a workflow may use up.
const STRIKES_MAX: u32 = 3;

/// For so long nobody asks its filters then; after that one event tries again.
const SET_ASIDE: Duration = Duration::from_mins(1);

/// How long the filters of an event may still take.
#[derive(Debug)]
pub(super) struct Patience {
    until: Option<Instant>,
    is_over: AtomicBool,
    was_needed: AtomicBool,
}

impl Patience {
    /// For an event whose sender waits.
    pub(super) fn of_a_sender() -> Self {
        Self { until: Some(Instant::now() + EVENT_MAX), ..Self::unlimited() }
    }

    /// Where nobody waits: the evaluator's own limit counts.
    pub(super) fn unlimited() -> Self {
        Self { until: None, is_over: AtomicBool::new(false), was_needed: AtomicBool::new(false) }
    }

    /// Waits for a value; none if it takes too long.
    pub(super) async fn wait<T>(&self, value: impl Future<Output = T>) -> Option<T> {
        self.was_needed.store(true, Ordering::Relaxed);
        let Some(until) = self.until else { return Some(value.await) };
        let waited = tokio::time::timeout_at(until.into(), value).await.ok();
        if waited.is_none() {
            self.is_over.store(true, Ordering::Relaxed);
        }
        waited
    }

    /// Whether anything had to be waited for.
    pub(super) fn was_needed(&self) -> bool {
        self.was_needed.load(Ordering::Relaxed)
    }

    /// Whether something took too long since this was asked last.
    pub(super) fn was_lost(&self) -> bool {
        self.is_over.swap(false, Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Strikes {
    count: u32,
    set_aside_until: Option<Instant>,
}

/// Which workflows are set aside on this node.
#[derive(Debug, Default)]
pub(in crate::engine) struct Subscriptions(Mutex<HashMap<(String, String), Strikes>>);

impl Subscriptions {
    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Strikes>> {
        self.0.lock().expect("nothing panics while it holds the strikes")
    }

    /// Whether the filters of a workflow are not to be asked now.
    pub(super) fn is_set_aside(&self, workflow: &WorkflowRef) -> bool {
        let strikes = self.lock();
        strikes.get(&key(workflow)).and_then(|s| s.set_aside_until).is_some_and(|until| Instant::now() < until)
    }

    /// The filters of a workflow were asked.
    pub(super) fn asked(&self, definition: &Definition, took_too_long: bool) {
        let workflow = &definition.workflow;
        let mut all = self.lock();
        if !took_too_long {
            if all.remove(&key(workflow)).is_some_and(|s| s.set_aside_until.is_some()) {
                telemetry::subscription_set_aside(&named(workflow), false);
            }
            return;
        }
        let strikes = all.entry(key(workflow)).or_insert(Strikes { count: 0, set_aside_until: None });
        strikes.count += 1;
        if strikes.count >= STRIKES_MAX {
            strikes.set_aside_until = Some(Instant::now() + SET_ASIDE);
            telemetry::subscription_set_aside(&named(workflow), true);
            error!(
                %workflow,
                "its schedule.on takes too long and is set aside for a minute: events that it may match are stored as rejected and can be \
                 replayed; deploy a version with a simpler filter"
            );
        }
    }
}

/// What an event says that a workflow was not asked about.
pub(super) fn not_asked(definition: &Definition) -> SchemaViolation {
    let workflow = &definition.workflow;
    let message = format!(
        "schedule.on of {workflow} takes too long, so it is unknown whether it matches this event; replay the event once a version with a \
         simpler filter is deployed"
    );
    SchemaViolation { pointer: String::new(), message }
}

fn key(workflow: &WorkflowRef) -> (String, String) {
    (workflow.namespace.clone(), workflow.name.clone())
}

fn named(workflow: &WorkflowRef) -> String {
    format!("{}/{}", workflow.namespace, workflow.name)
}

//! Workflows that start by themselves: one firing each, whatever the number of nodes and whenever one of them dies.
//!
//! A firing is known by its workflow and its time. The run is started under that name first, then the schedule moves on:
//! a node that dies in between, or one that fires at the same moment, starts the same run. `missed` says what happens to
//! firings that nobody was there for, `operate` is what people see and do.

mod missed;
mod operate;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures::StreamExt;
use serde_json::json;
use tracing::{info, warn};

use super::context::Context;
use super::runs::Runs;
use super::runs::starts::Origin;
use super::{StartError, StartRequest};
use crate::dsl::Definition;
use crate::dsl::timing::{Misfire, Repeat, Timing};
use crate::machine::{Actor, RunId, Time};
use crate::store::StoreError;
use crate::store::schedules::{self, NewSchedule, ScheduleRow};
use crate::telemetry;
use missed::{CATCH_UP_MAX, first_to_fire};
pub use operate::{ScheduleAct, ScheduleActed};

/// Schedules read at once.
const PAGE: i64 = 200;
/// Firings of one schedule in one sweep; the next sweep continues. What else a sweep is for waits no longer.
const FIRINGS_MAX: usize = 50;
/// Schedules that fire side by side: many are due at midnight, and their runs share commits.
const SIDE_BY_SIDE: usize = 16;

/// Keeps the table of schedules and starts the runs that are due.
pub(super) struct Schedules {
    context: Arc<Context>,
    runs: Arc<Runs>,
}

impl Schedules {
    pub(super) fn new(runs: &Arc<Runs>) -> Self {
        Self { context: Arc::clone(&runs.context), runs: Arc::clone(runs) }
    }

    /// Makes the table of schedules what the latest versions say, where a version was loaded since.
    pub(super) async fn sync_schedules(&self) -> Result<(), StoreError> {
        let (mut failed, mut outcome) = (Vec::new(), Ok(()));
        for workflow in self.context.catalog.take_unscheduled() {
            if let Err(error) = self.sync_schedule(&workflow).await {
                warn!(workflow = %format!("{}/{}", workflow.0, workflow.1), %error, "cannot read a schedule, trying again later");
                failed.push(workflow);
                outcome = outcome.and(Err(error));
            }
        }
        self.context.catalog.give_back_unscheduled(failed);
        outcome
    }

    async fn sync_schedule(&self, (namespace, name): &(String, String)) -> Result<(), StoreError> {
        let definitions_read = self.context.catalog.last_read();
        let Some(definition) = self.timed(namespace, name) else {
            return schedules::remove(&self.context.pool, namespace, name, definitions_read).await;
        };
        let Some(timing) = &definition.timing else { return Ok(()) };
        let now = self.context.now();
        let next_at = match timing.repeat {
            Repeat::After(_) => Some(now),
            _ => timing.next(now, now),
        };
        let signature = timing.signature();
        let workflow = &definition.workflow;
        let new = NewSchedule { workflow, definitions_read, signature: &signature, anchor: now, next_at };
        schedules::put(&self.context.pool, &new).await
    }

    /// Fires what is due. The first failure is given back, after all were tried: no schedule stops another.
    pub(super) async fn fire_schedules(self: &Arc<Self>) -> Result<(), StoreError> {
        let mut outcome = self.fire_after_ends().await?;
        let mut seen = Vec::new();
        loop {
            let due = schedules::due(&self.context.pool, &seen, PAGE).await?;
            let is_last = due.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            seen.extend(due.iter().map(|schedule| format!("{}/{}", schedule.namespace, schedule.name)));
            for fired in self.fire_side_by_side(due).await {
                outcome = outcome.and(fired);
            }
            self.context.membership.health.came_round("schedules");
            if is_last {
                return outcome;
            }
        }
    }

    /// Sets the next firing of schedules that waited for the end of a run. The first failure is inside, after all were tried.
    async fn fire_after_ends(&self) -> Result<Result<(), StoreError>, StoreError> {
        let (mut seen, mut outcome) = (Vec::new(), Ok(()));
        loop {
            let page = schedules::ended(&self.context.pool, &seen, PAGE).await?;
            for ended in &page {
                seen.push(format!("{}/{}", ended.namespace, ended.name));
                let definition = self.timed(&ended.namespace, &ended.name);
                let repeat = definition.as_ref().and_then(|d| Some(&d.timing.as_ref()?.repeat));
                let Some(Repeat::After(delay)) = repeat else { continue };
                outcome =
                    outcome.and(schedules::fire_after(&self.context.pool, ended, later(ended.ended_at, *delay)).await);
            }
            if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(outcome);
            }
        }
    }

    async fn fire_side_by_side(self: &Arc<Self>, due: Vec<ScheduleRow>) -> Vec<Result<(), StoreError>> {
        // Boxed, for the compiler cannot see through a stream of futures that they may move between threads.
        let firings = due.into_iter().map(|schedule| {
            let schedules = Arc::clone(self);
            Box::pin(async move {
                let fired = schedules.fire(&schedule).await;
                if let Err(error) = &fired {
                    warn!(workflow = %format!("{}/{}", schedule.namespace, schedule.name), %error, "a schedule cannot fire yet, trying again later");
                }
                fired
            }) as futures::future::BoxFuture<'_, _>
        });
        futures::stream::iter(firings).buffer_unordered(SIDE_BY_SIDE).collect().await
    }

    /// The latest version of a workflow, if it starts by itself.
    fn timed(&self, namespace: &str, name: &str) -> Option<Arc<Definition>> {
        let deployed = self.context.catalog.deployed();
        let latest = deployed.definitions.get(&(namespace.to_owned(), name.to_owned()))?.first()?;
        latest.timing.is_some().then(|| Arc::clone(latest))
    }

    /// Fires a schedule from the time that is due up to now.
    async fn fire(&self, schedule: &ScheduleRow) -> Result<(), StoreError> {
        let Some(definition) = self.timed(&schedule.namespace, &schedule.name) else { return Ok(()) };
        let (Some(timing), Some(due)) = (&definition.timing, schedule.next_at) else { return Ok(()) };
        // This node does not know the version yet that the schedule is from, or the schedule is not yet that of the version
        // that it knows. The next sweep sees both.
        if timing.signature() != schedule.signature {
            return Ok(());
        }
        let now = self.context.now();
        let mut next = first_to_fire(timing, schedule.anchor, due, now);
        if next != Some(due) {
            say_what_is_passed_over(&definition, timing.misfire, due, next);
            if !schedules::pass_over(&self.context.pool, schedule, next).await? {
                return Ok(());
            }
        }
        for _ in 0..FIRINGS_MAX {
            let Some(at) = next.filter(|at| *at <= now) else { return Ok(()) };
            let run = match self.start_scheduled(&definition, at).await {
                Ok(run) => {
                    telemetry::schedule_fired((self.context.now() - at).to_std().unwrap_or_default());
                    Some(run)
                }
                // The database is away or the node full: the next sweep tries again.
                Err(StartError::Unavailable(why)) => {
                    warn!(workflow = %definition.workflow, scheduled_for = %at, why, "a scheduled run cannot start yet, trying again later");
                    return Ok(());
                }
                Err(error) => {
                    say_what_was_refused(&definition, at, &error);
                    None
                }
            };
            next = following(timing, schedule.anchor, at, run, now);
            if !schedules::fired(&self.context.pool, schedule, at, run, next).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Starts the run of one firing; asked twice, it is started once.
    async fn start_scheduled(&self, definition: &Definition, at: Time) -> Result<RunId, StartError> {
        let key = Some(instant(at));
        let request = scheduled(definition, at, Actor("schedule".to_owned()), key);
        self.runs.start_as(RunId::now_v7(), None, request, Origin::Schedule).await
    }
}

/// What starts the run of a firing.
fn scheduled(definition: &Definition, at: Time, actor: Actor, idempotency_key: Option<String>) -> StartRequest {
    StartRequest {
        namespace: definition.workflow.namespace.clone(),
        name: definition.workflow.name.clone(),
        version: Some(definition.workflow.version.clone()),
        input: json!({ "scheduledFor": instant(at) }),
        idempotency_key,
        actor,
    }
}

fn instant(at: Time) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The firing after the one of `at`, for which this run was started if one was.
fn following(timing: &Timing, anchor: Time, at: Time, run: Option<RunId>, now: Time) -> Option<Time> {
    match (&timing.repeat, run) {
        (Repeat::After(_), Some(_)) => None,
        // Without a run whose end it could wait for it continues by the clock.
        (Repeat::After(delay), None) => Some(later(now, *delay)),
        _ => timing.next(anchor, at),
    }
}

/// So long after a moment; the end of time where there is none.
fn later(from: Time, delay: std::time::Duration) -> Time {
    chrono::Duration::from_std(delay).ok().and_then(|delay| from.checked_add_signed(delay)).unwrap_or(Time::MAX_UTC)
}

fn say_what_is_passed_over(definition: &Definition, misfire: Misfire, due: Time, next: Option<Time>) {
    let (workflow, next) = (&definition.workflow, next.map(instant).unwrap_or_default());
    match misfire {
        Misfire::All => {
            warn!(%workflow, from = %due, %next, "more than {CATCH_UP_MAX} firings were missed: the oldest are dropped");
        }
        Misfire::Skip => info!(%workflow, from = %due, %next, "missed firings are skipped"),
        Misfire::Once => info!(%workflow, from = %due, %next, "one run is started for all missed firings"),
    }
}

fn say_what_was_refused(definition: &Definition, at: Time, error: &StartError) {
    let detail = match error {
        StartError::Refused(violations) => {
            violations.iter().map(|v| format!("{}: {}", v.pointer, v.message)).collect::<Vec<_>>().join("; ")
        }
        _ => String::new(),
    };
    warn!(
        workflow = %definition.workflow, scheduled_for = %at, %error, detail,
        "a firing started no run; deploy a version whose input schema accepts {{ scheduledFor }}"
    );
}

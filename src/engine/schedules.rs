//! Workflows that start by themselves: one firing each, whatever the number of nodes and whenever one of them dies.
//!
//! A firing is known by its workflow and its time. The run is started under that name first, then the schedule moves on:
//! a node that dies in between, or one that fires at the same moment, starts the same run.

use std::sync::Arc;

use serde_json::json;
use tracing::{info, warn};

use super::{Inner, StartError, StartRequest};
use crate::dsl::Definition;
use crate::dsl::timing::{Misfire, Repeat, Timing};
use crate::machine::{Actor, RunId, Time};
use crate::store::schedules::{self, ScheduleRow};
use crate::store::{StoreError, listing};
use crate::telemetry;

/// Schedules looked at in one sweep.
const SWEEP_MAX: i64 = 200;
/// A firing that is later than this was missed: no node was there.
const LATE_MAX: chrono::Duration = chrono::Duration::seconds(60);
/// Missed firings that are made up for at once.
const CATCH_UP_MAX: usize = 1_000;

impl Inner {
    /// Makes the table of schedules what the latest versions say, where a version was loaded since.
    pub(super) async fn sync_schedules(&self) -> Result<(), StoreError> {
        let mut changed = self.catalog.take_unscheduled();
        while let Some(workflow) = changed.pop() {
            if let Err(error) = self.sync_schedule(&workflow).await {
                changed.push(workflow);
                self.catalog.give_back_unscheduled(changed);
                return Err(error);
            }
        }
        Ok(())
    }

    async fn sync_schedule(&self, workflow: &(String, String)) -> Result<(), StoreError> {
        let deployed = self.catalog.deployed();
        let Some(versions) = deployed.definitions.get(workflow) else {
            return schedules::remove(&self.pool, &workflow.0, &workflow.1).await;
        };
        let now = self.clock.now();
        match versions.first().and_then(|latest| Some((&latest.workflow, latest.timing.as_ref()?))) {
            Some((workflow, timing)) => {
                let first = match timing.repeat {
                    Repeat::After(_) => Some(now),
                    _ => timing.next(now, now),
                };
                schedules::put(&self.pool, workflow, &timing.signature(), now, first).await
            }
            None => schedules::remove(&self.pool, &workflow.0, &workflow.1).await,
        }
    }

    /// Fires what is due.
    pub(super) async fn fire_schedules(self: &Arc<Self>) -> Result<(), StoreError> {
        for (namespace, name, ended) in schedules::ended(&self.pool, SWEEP_MAX).await? {
            let Some(Repeat::After(delay)) = self.timed(&namespace, &name).map(|d| repeat(&d)) else { continue };
            let at = ended + chrono::Duration::from_std(delay).unwrap_or(chrono::Duration::MAX);
            schedules::resume_at(&self.pool, &namespace, &name, at).await?;
        }
        for schedule in schedules::due(&self.pool, SWEEP_MAX).await? {
            self.fire(&schedule).await?;
        }
        Ok(())
    }

    /// The latest version of a workflow, if it starts by itself.
    fn timed(&self, namespace: &str, name: &str) -> Option<Arc<Definition>> {
        let deployed = self.catalog.deployed();
        let latest = deployed.definitions.get(&(namespace.to_owned(), name.to_owned()))?.first()?;
        latest.timing.is_some().then(|| Arc::clone(latest))
    }

    async fn fire(self: &Arc<Self>, schedule: &ScheduleRow) -> Result<(), StoreError> {
        let Some(definition) = self.timed(&schedule.namespace, &schedule.name) else { return Ok(()) };
        let (Some(timing), Some(due)) = (&definition.timing, schedule.next_at) else { return Ok(()) };
        let now = self.clock.now();
        let times = to_fire(timing, schedule.anchor, due, now);
        let mut run = None;
        for at in &times {
            match self.start_scheduled(&definition, *at).await {
                Ok(started) => run = Some(started),
                // The database is away or the node full: the next sweep tries again.
                Err(StartError::Unavailable(why)) => {
                    warn!(workflow = %definition.workflow, why, "a scheduled run starts later");
                    return Ok(());
                }
                Err(error) => warn!(workflow = %definition.workflow, %error, "a scheduled run cannot start"),
            }
            telemetry::schedule_fired((now - *at).to_std().unwrap_or_default());
        }
        let next = match &timing.repeat {
            // Without a run whose end it could wait for it goes on by the clock.
            Repeat::After(delay) if run.is_none() => Some(now + chrono::Duration::from_std(*delay).unwrap_or_default()),
            Repeat::After(_) => None,
            _ => timing.next(schedule.anchor, times.last().copied().unwrap_or(due).max(past(timing, now))),
        };
        if times.len() > 1 || (times.is_empty() && due < now) {
            info!(workflow = %definition.workflow, missed_since = %due, started = times.len(), "missed firings");
        }
        schedules::fired(&self.pool, schedule, run, next).await
    }

    /// Starts the run of one firing; asked twice, it is started once.
    pub(super) async fn start_scheduled(
        self: &Arc<Self>,
        definition: &Definition,
        at: Time,
    ) -> Result<RunId, StartError> {
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let request = StartRequest {
            namespace: definition.workflow.namespace.clone(),
            name: definition.workflow.name.clone(),
            version: None,
            input: json!({ "scheduledFor": at }),
            idempotency_key: Some(format!("schedule {at}")),
            actor: Actor("schedule".to_owned()),
        };
        Arc::clone(self).start(request).await
    }

    /// What a schedule looks like from outside.
    pub(super) fn describe_schedule(&self, row: ScheduleRow, upcoming: usize) -> super::Schedule {
        let definition = self.timed(&row.namespace, &row.name);
        let timing = definition.as_ref().and_then(|d| d.timing.as_ref());
        let mut next: Vec<Time> = row.next_at.into_iter().collect();
        while let (Some(timing), Some(last)) = (timing, next.last())
            && next.len() < upcoming
            && let Some(following) = timing.next(row.anchor, *last)
        {
            next.push(following);
        }
        super::Schedule {
            namespace: row.namespace,
            name: row.name,
            version: row.version,
            kind: timing.map_or("unknown", Timing::kind),
            expression: timing.map(Timing::expression).unwrap_or_default(),
            time_zone: timing.map(|t| t.zone.name().to_owned()).unwrap_or_default(),
            misfire: timing.map_or("once", |t| t.misfire.as_str()),
            last: row.last_at,
            run: row.run_id,
            next: if row.paused_at.is_some() { Vec::new() } else { next },
            paused_at: row.paused_at,
            paused_by: row.paused_by,
            reason: row.reason,
        }
    }

    /// When a schedule that was paused goes on: firings of the pause are not made up for.
    pub(super) async fn next_of(&self, namespace: &str, name: &str) -> Result<Option<Time>, StoreError> {
        let Some(definition) = self.timed(namespace, name) else { return Ok(None) };
        let Some(timing) = &definition.timing else { return Ok(None) };
        let row = schedules::list(&self.pool, Some((namespace, name)), None, 1).await?.pop();
        let now = self.clock.now();
        Ok(match (&timing.repeat, row) {
            (Repeat::After(_), Some(row)) if row.next_at.is_none() => {
                let running = match row.run_id {
                    Some(run) => listing::run(&self.pool, run).await?.is_some_and(|r| r.finished_at.is_none()),
                    None => false,
                };
                (!running).then_some(now)
            }
            (Repeat::After(_), _) => Some(now),
            (_, row) => timing.next(row.map_or(now, |row| row.anchor), now),
        })
    }
}

fn repeat(definition: &Definition) -> Repeat {
    match definition.timing.as_ref().map(|t| &t.repeat) {
        Some(Repeat::After(delay)) => Repeat::After(*delay),
        _ => Repeat::After(std::time::Duration::ZERO),
    }
}

/// From when on a schedule looks ahead once its missed firings were dealt with.
fn past(timing: &Timing, now: Time) -> Time {
    match timing.misfire {
        // What is less than a minute late is still to come.
        Misfire::Skip | Misfire::Once => now - LATE_MAX,
        Misfire::All => Time::MIN_UTC,
    }
}

/// The firings from the one that is due up to now for which a run starts.
fn to_fire(timing: &Timing, anchor: Time, due: Time, now: Time) -> Vec<Time> {
    let is_late = |at: &Time| now - *at > LATE_MAX;
    if matches!(timing.repeat, Repeat::After(_)) {
        return vec![due];
    }
    let mut times = vec![due];
    while times.len() < CATCH_UP_MAX
        && let Some(next) = times.last().and_then(|last| timing.next(anchor, *last)).filter(|next| *next <= now)
    {
        times.push(next);
    }
    let missed = times.iter().take_while(|at| is_late(at)).count();
    match timing.misfire {
        Misfire::All => times,
        Misfire::Skip => times.split_off(missed),
        Misfire::Once => times.split_off(missed.saturating_sub(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + chrono::Duration::seconds(seconds)
    }

    fn fired(misfire: Misfire, due: i64, now: i64) -> Vec<i64> {
        let repeat = Repeat::Every(std::time::Duration::from_secs(100));
        let timing = Timing { repeat, zone: chrono_tz::Tz::UTC, misfire };
        to_fire(&timing, at(0), at(due), at(now)).into_iter().map(|at| at.timestamp()).collect()
    }

    #[test]
    fn a_firing_in_time_starts_one_run_whatever_the_policy() {
        for misfire in [Misfire::Skip, Misfire::Once, Misfire::All] {
            assert_eq!(fired(misfire, 100, 101), [100]);
        }
    }

    #[test]
    fn missed_firings_follow_the_policy() {
        assert_eq!(fired(Misfire::Skip, 100, 570), Vec::<i64>::new());
        assert_eq!(fired(Misfire::Skip, 100, 510), [500], "what is only just late is no miss");
        assert_eq!(fired(Misfire::Once, 100, 570), [500]);
        assert_eq!(fired(Misfire::All, 100, 570), [100, 200, 300, 400, 500]);
    }
}

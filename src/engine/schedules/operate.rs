//! What people see of schedules and do to them.

use std::str::FromStr;

use tracing::info;

use super::{Schedules, scheduled};
use crate::dsl::timing::{Repeat, Timing};
use crate::engine::node::loops::Look;
use crate::engine::{Engine, Schedule, StartError};
use crate::machine::{Actor, RunId, Time};
use crate::store::StoreError;
use crate::store::acts::{StartAct, StartKind};
use crate::store::runs::listing;
use crate::store::schedules::{self, ActRow, NewAct, ScheduleRow};

/// What a person does to a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleAct {
    /// No run starts until it is resumed.
    Pause,
    /// It continues; firings of the pause are not made up for.
    Resume,
    /// A run starts now, beside the schedule, which continues as before. It may be paused.
    Fire,
}

impl FromStr for ScheduleAct {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "pause" => Ok(Self::Pause),
            "resume" => Ok(Self::Resume),
            "fire" => Ok(Self::Fire),
            other => Err(format!("a schedule can be paused (pause), resumed (resume) or fired (fire), not {other:?}")),
        }
    }
}

/// The outcome of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleActed {
    /// It is paused, or continues.
    Done,
    /// This run was started.
    Started(RunId),
    /// The workflow does not start by itself.
    Unknown,
}

impl Engine {
    /// Workflows that start by themselves, by name, those after `after`; `upcoming` firings of each are foretold.
    ///
    /// # Errors
    /// The database is away.
    pub async fn schedules(
        &self,
        after: Option<(&str, &str)>,
        limit: i64,
        upcoming: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        let rows = schedules::list(&self.inner.context.reader, after, limit).await?;
        Ok(rows.into_iter().map(|row| self.inner.schedules.describe(row, upcoming)).collect())
    }

    /// When a workflow starts by itself; none if it does not.
    ///
    /// # Errors
    /// The database is away.
    pub async fn schedule(&self, namespace: &str, name: &str, upcoming: usize) -> Result<Option<Schedule>, StoreError> {
        let row = schedules::find(&self.inner.context.reader, namespace, name).await?;
        Ok(row.map(|row| self.inner.schedules.describe(row, upcoming)))
    }

    /// Returns the acts on a schedule, newest first.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn schedule_acts(&self, namespace: &str, name: &str, limit: i64) -> Result<Vec<ActRow>, StoreError> {
        schedules::acts(&self.inner.context.reader, namespace, name, limit).await
    }

    /// Does what a person asks and records it.
    ///
    /// # Errors
    /// The database is away; for [`ScheduleAct::Fire`] also what keeps a run from starting.
    pub async fn act_on_schedule(
        &self,
        namespace: &str,
        name: &str,
        act: ScheduleAct,
        by: &Actor,
        reason: Option<&str>,
    ) -> Result<ScheduleActed, StartError> {
        let inner = &self.inner;
        let new = NewAct { namespace, name, actor: &by.0, reason };
        let done = match act {
            ScheduleAct::Pause => schedules::pause(&inner.context.pool, &new).await.map_err(away)?,
            ScheduleAct::Resume => {
                let next = inner.schedules.next_of(namespace, name).await.map_err(away)?;
                schedules::resume(&inner.context.pool, &new, next).await.map_err(away)?
            }
            ScheduleAct::Fire => return inner.schedules.fire_now(&new, by).await,
        };
        if !done {
            return Ok(ScheduleActed::Unknown);
        }
        info!(workflow = %format!("{namespace}/{name}"), ?act, by = by.0, reason, "act on a schedule");
        inner.context.node().wakes.wake(Look::Schedules);
        Ok(ScheduleActed::Done)
    }
}

fn away(error: StoreError) -> StartError {
    StartError::Unavailable(error.to_string())
}

impl Schedules {
    async fn fire_now(&self, new: &NewAct<'_>, by: &Actor) -> Result<ScheduleActed, StartError> {
        if self.timed(new.namespace, new.name).is_none() {
            self.context.catalog.catch_up(&self.context.pool).await.map_err(away)?;
        }
        let Some(definition) = self.timed(new.namespace, new.name) else { return Ok(ScheduleActed::Unknown) };
        let request = scheduled(&definition, self.context.now(), by.clone(), None);
        let fire = StartKind::Fire { namespace: new.namespace.to_owned(), name: new.name.to_owned() };
        let act = StartAct { actor: by.clone(), reason: new.reason.map(str::to_owned), kind: fire };
        let run = self.runs.start_by(request, act).await?;
        info!(workflow = %definition.workflow, run.id = %run, by = by.0, reason = new.reason, "fired manually");
        Ok(ScheduleActed::Started(run))
    }

    /// What a schedule looks like from outside.
    fn describe(&self, row: ScheduleRow, upcoming: usize) -> Schedule {
        let definition = self.timed(&row.namespace, &row.name);
        let timing = definition.as_ref().and_then(|d| d.timing.as_ref());
        let mut next: Vec<Time> = row.next_at.into_iter().collect();
        while let (Some(timing), Some(last)) = (timing, next.last())
            && next.len() < upcoming
            && let Some(following) = timing.next(row.anchor, *last)
        {
            next.push(following);
        }
        Schedule {
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

    /// When a schedule that was paused continues: firings of the pause are not made up for.
    async fn next_of(&self, namespace: &str, name: &str) -> Result<Option<Time>, StoreError> {
        let Some(definition) = self.timed(namespace, name) else { return Ok(None) };
        let Some(timing) = &definition.timing else { return Ok(None) };
        let row = schedules::find(&self.context.pool, namespace, name).await?;
        let now = self.context.now();
        Ok(match (&timing.repeat, row) {
            (Repeat::After(_), Some(row)) if row.next_at.is_none() => {
                let running = match row.run_id {
                    Some(run) => listing::run(&self.context.pool, run).await?.is_some_and(|r| r.finished_at.is_none()),
                    None => false,
                };
                (!running).then_some(now)
            }
            (Repeat::After(_), _) => Some(now),
            (_, row) => timing.next(row.map_or(now, |row| row.anchor), now),
        })
    }
}

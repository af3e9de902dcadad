//! Bulk acts: one act over all runs that fit a filter, previewed first, on trial, at a rate, and stopped when somebody says so.
//!
//! The runs are chosen once, when the bulk act is asked for. From then on it is a row: every node looks for those that may go on, prepares
//! their next runs, and the one whose transaction comes first tells them ([`bulk::tell`]). So a bulk act needs no owner, survives every
//! node, and acts on each run once. A run that needed a person and has moved on since is left alone.

mod preview;
mod samples;
mod view;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

pub use preview::{NextCall, Preview, PreviewGroup};
pub use samples::Sample;
pub use view::{BulkCounts, BulkItem, BulkView, Rate};

use crate::engine::node::loops::Look;
use crate::engine::runs::acts::restarts::Again;
use crate::engine::{ActError, Engine, Inner, clean_act};
use crate::machine::{Act, Actor, RunId, Time};
use crate::store::StoreError;
use crate::store::access::Identity;
use crate::store::acts::By;
use crate::store::runs::bulk::{self, Due, NewBulk, NextItem, Page, Steer, Telling, Whose};
use crate::store::runs::listing::{self, Order, RunFilter, RunRow};

/// Runs of one bulk act, the oldest first; the others are left for the next one.
pub const RUNS_MAX: usize = 10_000;

/// Runs that are looked at in one page while they are chosen.
const CHOSEN_PAGE: i64 = 1_000;

/// Choosing runs takes no longer; what it has found by then is what the bulk act is about.
const CHOOSING_MAX: Duration = Duration::from_secs(10);

/// Runs told in one transaction.
const PAGE: i32 = 100;

/// Runs of one bulk act that have been told and have not answered. It leaves the nodes room for other work, and a pause takes effect soon.
const OPEN_MAX: i32 = 200;

/// Pages of one look; the next look goes on.
const PAGES_MAX: usize = 100;

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct BulkAsked {
    /// UUIDv7. The same again is the same bulk act.
    pub id: Uuid,
    /// What to do.
    pub act: Act,
    /// Which runs.
    pub filter: RunFilter,
    /// The same as it was written.
    pub written: Value,
    /// Why.
    pub reason: Option<String>,
    /// After how many runs it waits for a person.
    pub trial: Option<i32>,
    /// How fast.
    pub rate: Option<Rate>,
}

/// Why a bulk act was not steered.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// There is none with this id.
    #[error("no bulk act {0}")]
    Unknown(Uuid),
    /// It has ended.
    #[error("bulk act {id} is {status}: it cannot {verb} any more")]
    Ended {
        /// Which one.
        id: Uuid,
        /// How.
        status: String,
        /// What somebody wanted.
        verb: &'static str,
    },
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is done for a run of a bulk act before it is told.
enum Prepared {
    /// Nothing: one person may do the act.
    Command,
    /// It needs a second person.
    Proposal(Box<crate::machine::Proposed>),
    /// The act itself.
    Done,
}

impl Inner {
    /// Tells the next runs of each bulk act that may go on, and notes what runs have answered.
    pub(in crate::engine) async fn carry_on_bulk_acts(self: &Arc<Self>) -> Result<(), StoreError> {
        if !bulk::is_pending(&self.pool).await? {
            return Ok(());
        }
        bulk::settle(&self.pool).await?;
        for _ in 0..PAGES_MAX {
            let mut is_told = false;
            for due in bulk::due(&self.pool, PAGE, OPEN_MAX).await? {
                is_told |= self.tell_next(&due).await?;
            }
            if !is_told {
                break;
            }
            self.node().wakes.wake(Look::Commands);
        }
        Ok(())
    }

    /// Tells the next runs of one bulk act; false if it told none.
    async fn tell_next(self: &Arc<Self>, due: &Due) -> Result<bool, StoreError> {
        let act: Act = match serde_json::from_str(&due.act) {
            Ok(act) if due.permitted => act,
            Ok(_) => {
                let why = format!("{} may not act on runs any more; whoever may can resume it", due.acts_as);
                bulk::hold(&self.pool, due.id, &why).await?;
                return Ok(false);
            }
            Err(error) => {
                bulk::hold(&self.pool, due.id, &format!("this version cannot read its act: {error}")).await?;
                return Ok(false);
            }
        };
        if due.allowed < 1 {
            return Ok(false);
        }
        let items = bulk::next_items(&self.pool, due.id, due.told, i64::from(due.allowed)).await?;
        let actor = Actor(due.acts_as.clone());
        let by = By { actor: &actor, reason: due.reason.as_deref() };
        let mut prepared = Vec::with_capacity(items.len());
        for item in &items {
            match self.prepare_item(item, &act, by, due.created_at).await {
                Ok(found) => prepared.push(Ok(found)),
                Err(ActError::Unavailable(_)) => return Ok(false),
                Err(why) => prepared.push(Err(why.to_string())),
            }
        }
        let mut page = Page {
            bulk: due.id,
            told: due.told,
            act: &act,
            text: &due.act,
            by,
            items: Vec::with_capacity(items.len()),
        };
        for (item, prepared) in items.into_iter().zip(&prepared) {
            let telling = match prepared {
                Err(why) => Telling::Refused(why.clone()),
                Ok(Prepared::Proposal(proposed)) => Telling::Proposal(self.new_proposal(item.run, proposed)),
                Ok(Prepared::Command) => Telling::Command,
                Ok(Prepared::Done) => Telling::Done,
            };
            page.items.push((item, telling));
        }
        match bulk::tell(&self.pool, &page).await {
            // The others go on; this one needs whoever can change what the database refuses.
            Err(error) if error.is_about_values() => {
                bulk::hold(&self.pool, due.id, &format!("its next runs could not be told: {error}")).await?;
                Ok(false)
            }
            told => told,
        }
    }

    /// What is done for a run before it is told. A restart is done here: repeated after a crash, it finds the run that it started.
    /// So is an acknowledgement, which concerns no node that drives runs.
    async fn prepare_item(
        self: &Arc<Self>,
        item: &NextItem,
        act: &Act,
        by: By<'_>,
        since: Time,
    ) -> Result<Prepared, ActError> {
        let definition = item.definition_id.ok_or(ActError::Unknown(item.run))?;
        if !item.stands {
            return Err(ActError::Refused("it has moved on since it was chosen".to_owned()));
        }
        if let Act::Restart { version, again } = act {
            let how = Again { version: version.as_deref(), again: *again, since: Some(since) };
            self.restart(item.run, how, by).await?;
            return Ok(Prepared::Done);
        }
        if *act == Act::Acknowledge {
            self.acknowledge(item.run, by).await?;
            return Ok(Prepared::Done);
        }
        let proposed = self.to_propose(item.run, definition, act, by.reason).await?;
        Ok(proposed.map_or(Prepared::Command, |proposed| Prepared::Proposal(Box::new(proposed))))
    }

    /// The runs that fit, oldest first, and whether there are more of them.
    async fn chosen(&self, filter: &RunFilter) -> Result<(Vec<RunRow>, bool), StoreError> {
        let filter = RunFilter { order: Order::Oldest, ..filter.clone() };
        let until = Instant::now() + CHOOSING_MAX;
        let (mut chosen, mut after) = (Vec::new(), None);
        loop {
            let left = i64::try_from(RUNS_MAX - chosen.len()).unwrap_or(CHOSEN_PAGE);
            let page = listing::page(&self.reader, &filter, after, left.min(CHOSEN_PAGE)).await?;
            chosen.extend(page.rows);
            after = page.next;
            if after.is_none() || chosen.len() >= RUNS_MAX || Instant::now() >= until {
                return Ok((chosen, after.is_some()));
            }
        }
    }

    /// Begins a bulk act on the runs that fit now, in the name of somebody who must still be allowed to act.
    pub(in crate::engine) async fn begin_bulk(
        &self,
        asked: &BulkAsked,
        actor: &Actor,
        whose: Whose,
    ) -> Result<(), StoreError> {
        let redactor = self.redactor();
        let (chosen, more) = self.chosen(&asked.filter).await?;
        let runs: Vec<(RunId, Option<i32>)> =
            chosen.iter().map(|run| (run.id, run.attention.as_ref().map(|_| run.seq))).collect();
        let (act, reason) = (clean_act(asked.act.clone(), &redactor), asked.reason.clone().map(|r| redactor.text(r)));
        let new = NewBulk {
            id: asked.id,
            act: &act,
            filter: &asked.written,
            more,
            trial: asked.trial,
            rate: asked.rate.map(Rate::per_second),
            whose,
            runs: &runs,
        };
        bulk::create(&self.crowd, &new, By { actor, reason: reason.as_deref() }).await?;
        self.node().wakes.wake(Look::Bulk);
        Ok(())
    }
}

impl Engine {
    /// What a bulk act would do. It changes nothing.
    ///
    /// # Errors
    /// The database is away.
    pub async fn preview_bulk(&self, act: &Act, filter: &RunFilter) -> Result<Preview, StoreError> {
        let (chosen, more) = self.inner.chosen(filter).await?;
        preview::of(self, act, &chosen, more).await
    }

    /// Begins a bulk act on the runs that fit now. Nodes carry it out, also after this one has died.
    ///
    /// # Errors
    /// The database is away, or refuses a value.
    pub async fn begin_bulk(&self, asked: &BulkAsked, by: &Identity) -> Result<BulkView, StoreError> {
        self.inner.begin_bulk(asked, &by.actor(), by.principal.into()).await?;
        let row = bulk::find(&self.inner.crowd, asked.id).await?;
        row.map(BulkView::of).ok_or_else(|| missing(asked.id))
    }

    /// Waits until a bulk act has ended or waits for a person, and its runs have answered; at most this long.
    ///
    /// # Errors
    /// The database is away.
    pub async fn await_bulk(&self, id: Uuid, longest: Duration) -> Result<BulkView, StoreError> {
        let until = Instant::now() + longest;
        let mut pause = Duration::from_millis(10);
        loop {
            let view = self.bulk(id).await?.ok_or_else(|| missing(id))?;
            if view.is_settled() || Instant::now() >= until {
                return Ok(view);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    /// A bulk act; none if there is none with this id.
    ///
    /// # Errors
    /// The database is away.
    pub async fn bulk(&self, id: Uuid) -> Result<Option<BulkView>, StoreError> {
        Ok(bulk::find(&self.inner.reader, id).await?.map(BulkView::of))
    }

    /// Bulk acts, latest first, those before `before`.
    ///
    /// # Errors
    /// The database is away.
    pub async fn bulk_acts(&self, before: Option<Uuid>, limit: i64) -> Result<Vec<BulkView>, StoreError> {
        Ok(bulk::list(&self.inner.reader, before, limit).await?.into_iter().map(BulkView::of).collect())
    }

    /// Runs of a bulk act in order, those behind the place `after`, with what became of them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn bulk_items(
        &self,
        id: Uuid,
        result: Option<&str>,
        after: i32,
        limit: i64,
    ) -> Result<Vec<BulkItem>, StoreError> {
        let rows = bulk::items(&self.inner.reader, id, result, after, limit).await?;
        Ok(rows.into_iter().map(BulkItem::from).collect())
    }

    /// How many bulk acts tell runs now.
    ///
    /// # Errors
    /// The database is away.
    pub async fn running_bulk_acts(&self) -> Result<i64, StoreError> {
        bulk::count_running(&self.inner.reader).await
    }

    /// Pauses, resumes or stops a bulk act. What stands so already stays so.
    ///
    /// # Errors
    /// There is none, it has ended, or the database is away.
    pub async fn steer_bulk(
        &self,
        id: Uuid,
        steer: Steer,
        by: &Identity,
        reason: Option<&str>,
    ) -> Result<BulkView, BulkError> {
        let inner = &self.inner;
        let reason = reason.map(|reason| inner.redactor().text(reason.to_owned()));
        let by_whom = By { actor: &by.actor(), reason: reason.as_deref() };
        let steered = bulk::steer(&inner.crowd, id, steer, by.principal.into(), by_whom).await?;
        inner.node().wakes.wake(Look::Bulk);
        let view = bulk::find(&inner.crowd, id).await?.map(BulkView::of).ok_or(BulkError::Unknown(id))?;
        match view.finished_at {
            // One that was resumed may be done already.
            Some(_) if !steered && view.status != steer.status() => {
                Err(BulkError::Ended { id, status: view.status, verb: steer.as_str() })
            }
            _ => Ok(view),
        }
    }
}

fn missing(id: Uuid) -> StoreError {
    StoreError::Unreadable { table: "bulk_acts", why: format!("{id} is gone") }
}

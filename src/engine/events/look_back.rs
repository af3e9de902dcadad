//! A run that begins to wait looks at the events that came before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tracing::{error, warn};
use uuid::Uuid;

use super::filters::Matcher;
use super::looking::{FilterId, Looking};
use super::subscriptions::Patience;
use super::{MESSAGES_BYTES_MAX, MESSAGES_MAX, PAGE, Seen, is_last, message, seen};
use crate::dsl::{EventFilter, TaskKind};
use crate::engine::catalog::Loaded;
use crate::engine::context::Context;
use crate::engine::node::loops::Look;
use crate::engine::runs::consequences::{Kind, key};
use crate::machine::RunId;
use crate::store::StoreError;
use crate::store::events;
use crate::store::events::listeners::{self, Unchecked};
use crate::store::runs::commands::{self, NewMessage};
use crate::store::runs::journal::Hash;

/// Ids of events read at once.
const IDS_PAGE: i64 = 10_000;
/// Earlier events that a run gets before it has to ask again: it may have enough by then.
pub(super) const TOLD_MAX: usize = 1_000;
/// Pages of earlier events that are looked at for one run before others have their turn.
pub(super) const PAGES_AT_ONCE: usize = 20;
/// And how long they are looked at.
const TURN_MAX: Duration = Duration::from_millis(500);

/// Runs that look at earlier events at once, as soon as they wait.
const AT_ONCE_MAX: usize = 2;

/// Shows runs that begin to wait the events that came before.
pub(in crate::engine) struct LookBack {
    context: Arc<Context>,
    /// How far runs have looked at earlier events.
    looking: Looking,
    /// Runs that look at once, beside the loop.
    places: Arc<Semaphore>,
}

impl LookBack {
    pub(in crate::engine) fn new(context: &Arc<Context>) -> Self {
        let places = Arc::new(Semaphore::new(AT_ONCE_MAX));
        Self { context: Arc::clone(context), looking: Looking::default(), places }
    }

    /// Lets these runs look at once. If many begin to wait at once, the loop looks for all of them.
    pub(in crate::engine) fn begin(self: &Arc<Self>, runs: Vec<RunId>) {
        for run in runs {
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                return self.context.node().wakes.wake(Look::Listeners);
            };
            let look_back = Arc::clone(self);
            tokio::spawn(async move {
                let _place = place;
                if let Err(error) = look_back.look_back(run).await {
                    warn!(%error, run.id = %run, "cannot check earlier events yet, trying again later");
                }
            });
        }
    }

    /// What a crash left undone: runs that did not look at earlier events yet. The first failure is given back, after all
    /// were tried.
    pub(in crate::engine) async fn look_back_for_all(&self) -> Result<(), StoreError> {
        let under_way = listeners::under_way(&self.context.pool).await?;
        let (mut after, mut outcome) = (None, Ok(()));
        loop {
            let page = listeners::unchecked_runs(&self.context.pool, under_way, after, PAGE).await?;
            after = page.last().copied();
            for run in &page {
                let looked = self.look_back(*run).await;
                self.context.membership.health.came_round("listeners");
                match looked {
                    Err(error) if error.is_disconnected() => return Err(error),
                    Err(error) => {
                        error!(run.id = %run, %error, "a run cannot read the events that arrived before it started waiting");
                        outcome = outcome.and(Err(error));
                    }
                    Ok(()) => {}
                }
            }
            if is_last(&page, PAGE) {
                return outcome;
            }
        }
    }

    /// Shows a run that begins to wait the events that came before.
    pub(in crate::engine) async fn look_back(&self, run: RunId) -> Result<(), StoreError> {
        let mut waiting: BTreeMap<i32, Vec<Unchecked>> = BTreeMap::new();
        for unchecked in listeners::unchecked(&self.context.pool, run).await? {
            waiting.entry(unchecked.execution).or_default().push(unchecked);
        }
        for (execution, filters) in waiting {
            let under_way = listeners::under_way(&self.context.pool).await?;
            if filters.iter().any(|f| f.settles.is_some_and(|settles| under_way.oldest < settles)) {
                continue;
            }
            let from = self.looking.reached_by((run, execution));
            let missed = self.missed(run, execution, &filters, from).await?;
            self.tell_missed(run, &missed.messages).await?;
            self.looking.note((run, execution), missed.up_to);
            if missed.up_to.is_some() {
                // The next look continues from there, if the run still waits.
                self.context.node().wakes.wake(Look::Listeners);
                continue;
            }
            for filter in filters {
                // Whatever was under way at the first look may still bring an event that saw nobody wait.
                let settles = filter.settles.is_none().then_some(under_way.next);
                listeners::looked(&self.context.pool, run, &filter, settles).await?;
            }
        }
        Ok(())
    }

    async fn tell_missed(&self, run: RunId, messages: &[NewMessage]) -> Result<(), StoreError> {
        let mut rest = messages;
        while !rest.is_empty() {
            let (mut count, mut bytes) = (0, 0);
            while count < rest.len() && count < MESSAGES_MAX && (count == 0 || bytes < MESSAGES_BYTES_MAX) {
                bytes += rest[count].message.len();
                count += 1;
            }
            let (some, others) = rest.split_at(count);
            let ids: Vec<Uuid> = some.iter().filter_map(|m| m.event.map(|(id, _)| id)).collect();
            let mut transaction = self.context.pool.begin().await?;
            // Events before messages, as routing an event does: see `store`, "Order of locks".
            events::lock(&mut transaction, &ids).await?;
            commands::tell(&mut transaction, &some.iter().collect::<Vec<_>>()).await?;
            events::resumed(&mut transaction, &ids, run).await?;
            transaction.commit().await?;
            self.context.node().wakes.wake(Look::Commands);
            rest = others;
        }
        Ok(())
    }

    /// What a `listen` missed behind the event `from`, oldest first.
    async fn missed(
        &self,
        run: RunId,
        execution: i32,
        filters: &[Unchecked],
        from: Option<Uuid>,
    ) -> Result<Missed, StoreError> {
        let mut fitting = Fitting::new();
        // Behind this event not every filter was looked at.
        let mut horizon: Option<Uuid> = None;
        for filter in filters {
            if let Some(up_to) = self.look_through(run, filter, from, &mut fitting).await? {
                horizon = Some(horizon.map_or(up_to, |horizon| horizon.min(up_to)));
            }
        }
        // A run gets an event once, with all filters that it fits.
        fitting.retain(|id, _| horizon.is_none_or(|horizon| *id <= horizon));
        let messages =
            fitting.into_values().map(|(filters, event)| message((run, execution), &filters, &event)).collect();
        Ok(Missed { messages, up_to: horizon })
    }

    /// Adds what fits one filter behind the event `after`; gives the event at which its turn ended, if there may be more behind it.
    async fn look_through(
        &self,
        run: RunId,
        filter: &Unchecked,
        mut after: Option<Uuid>,
        fitting: &mut Fitting,
    ) -> Result<Option<Uuid>, StoreError> {
        let kept = self.context.settings.events_kept.as_secs_f64();
        let Some(asked) = self.filter_of(&filter.kind).await else { return Ok(None) };
        let mut turn = Turn::begin();
        loop {
            let ids = events::missed(&self.context.pool, run, filter, kept, after, IDS_PAGE).await?;
            let (last, is_last) = (ids.last().copied(), is_last(&ids, IDS_PAGE));
            let may_fit = self.looking.that_may_fit(asked.id, &filter.key, ids);
            for some in may_fit.chunks(usize::try_from(PAGE).unwrap_or(usize::MAX)) {
                for candidate in events::candidates(&self.context.pool, some).await? {
                    after = Some(candidate.id);
                    let bytes = candidate.body.len();
                    let Some(event) = seen(candidate) else { continue };
                    if self.keys_for(&asked, &event).await.iter().any(|key| key.as_slice() == filter.key) {
                        turn.found(bytes);
                        fitting.entry(event.id).or_insert_with(|| (Vec::new(), event)).0.push(filter.filter);
                    }
                    // Its filter is expensive, or there is much to be told: others have their turn.
                    if turn.took_too_long() {
                        return Ok(after);
                    }
                }
                if turn.has_enough_after_a_page() {
                    return Ok(after);
                }
            }
            // What follows the last candidate is known not to fit.
            after = last.or(after);
            if is_last {
                return Ok(None);
            }
            if turn.took_too_long() {
                return Ok(after);
            }
        }
    }

    /// The keys under which runs at this filter wait for the event; none if it does not match at all.
    pub(super) async fn keys_for(&self, asked: &Asked, event: &Seen) -> Vec<Hash> {
        // An empty `any` matches every event.
        let Some(filter) = asked.filter() else { return vec![key(&[])] };
        let patience = Patience::unlimited();
        let matcher = Matcher::new(&self.context.evaluator, &patience, &event.envelope);
        let keys = matcher.keys_of(filter).await.unwrap_or_default();
        // What another process could not evaluate now it may be able to evaluate later.
        if !patience.was_needed() {
            self.looking.note_keys(asked.id, event.id, &keys);
        }
        keys
    }

    /// The filter of this kind of `listen`, if this version knows it.
    pub(super) async fn filter_of(&self, kind: &str) -> Option<Asked> {
        let parsed = Kind::parse(kind)?;
        let loaded = match self.context.definition_of(parsed.definition).await {
            Ok(loaded) => loaded,
            Err(error) => {
                warn!(%error, kind, "an event cannot be matched");
                return None;
            }
        };
        let task = *loaded.definition.by_reference.get(parsed.task)?;
        let id = FilterId { definition: parsed.definition, task, filter: parsed.filter };
        matches!(loaded.definition.task(task).kind, TaskKind::Listen(_)).then_some(Asked { id, loaded })
    }
}

/// A filter that events are held against.
pub(super) struct Asked {
    id: FilterId,
    loaded: Loaded,
}

impl Asked {
    fn filter(&self) -> Option<&EventFilter> {
        let TaskKind::Listen(listen) = &self.loaded.definition.task(self.id.task).kind else { return None };
        listen.strategy.filter(usize::try_from(self.id.filter).ok()?)
    }
}

/// Events by id, each with the filters that it fits.
type Fitting = BTreeMap<Uuid, (Vec<i16>, Seen)>;

/// How much one look has done, so that others have their turn.
struct Turn {
    began: Instant,
    pages: usize,
    found: usize,
    bytes: usize,
}

impl Turn {
    fn begin() -> Self {
        Self { began: Instant::now(), pages: 0, found: 0, bytes: 0 }
    }

    fn found(&mut self, bytes: usize) {
        self.found += 1;
        self.bytes += bytes;
    }

    fn took_too_long(&self) -> bool {
        self.began.elapsed() >= TURN_MAX
    }

    fn has_enough_after_a_page(&mut self) -> bool {
        self.pages += 1;
        self.pages >= PAGES_AT_ONCE
            || self.found >= TOLD_MAX
            || self.bytes >= MESSAGES_BYTES_MAX
            || self.took_too_long()
    }
}

/// What a `listen` missed.
struct Missed {
    messages: Vec<NewMessage>,
    /// The last event that was looked at, if there are more behind it.
    up_to: Option<Uuid>,
}

//! Events and the runs that wait for them. An event that comes finds who waits by an index; a run that begins to wait
//! looks at what came before. Both look after their own commit, so one of the two sees the other; whoever was told already
//! is not told again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use tracing::{error, warn};
use uuid::Uuid;

use super::Inner;
use super::catalog::Loaded;
use super::consequences::{Kind, key};
use super::looking::FilterId;
use super::loops::Look;
use super::subscriptions::Patience;
use crate::dsl::{EventFilter, TaskKind};
use crate::machine::{ExecutionId, Message, RunId};
use crate::store::commands::{self, NewMessage};
use crate::store::events::{self, Candidate, Routing};
use crate::store::journal::Hash;
use crate::store::listeners::Unchecked;
use crate::store::{StoreError, listeners};
use crate::text::without_nul;

/// Rows read at once: events with their bodies, runs that wait. Nothing ends there: the next page follows.
const PAGE: i64 = 100;
/// Ids of events read at once.
const IDS_PAGE: i64 = 10_000;
/// Runs read at once that wait for an event.
const WAITING_PAGE: i64 = 5_000;
/// Earlier events that a run is told of before it has to ask again: it may have enough by then.
const TOLD_MAX: usize = 1_000;
/// Pages of earlier events that are looked at for one run before others have their turn.
const PAGES_AT_ONCE: usize = 20;
/// And how long they are looked at.
const TURN_MAX: Duration = Duration::from_millis(500);
/// Messages of one transaction, and the bytes of events in them together.
const MESSAGES_MAX: usize = 1_000;
const MESSAGES_BYTES_MAX: usize = 8 << 20;

/// An event as filters see it.
pub(super) struct Seen {
    pub(super) id: Uuid,
    pub(super) source: String,
    pub(super) envelope: Arc<Value>,
}

/// Whom an event reached.
#[derive(Debug, Default)]
pub(super) struct Routed {
    /// Runs that it started, alone or with events before it.
    pub(super) runs: Vec<RunId>,
    /// Runs that waited for it.
    pub(super) resumed: Vec<RunId>,
    /// Whether it waits for others with which it starts a run.
    pub(super) gathered: bool,
}

impl From<Routing> for Routed {
    fn from(there: Routing) -> Self {
        Self { runs: there.runs, resumed: there.resumed, gathered: there.gathered }
    }
}

impl Inner {
    /// Tells the runs that wait for an event, and lets it start a run with others.
    pub(super) async fn route(self: &Arc<Self>, event: Uuid) -> Result<Routed, StoreError> {
        for candidate in events::unrouted(&self.crowd, Some(event), None, 1).await? {
            let routed = self.route_one(candidate).await?;
            if !routed.gathered {
                return Ok(routed);
            }
            self.start_gathered(Some(event)).await?;
        }
        // Read back, for a sweep may have been faster.
        let mut connection = self.crowd.acquire().await?;
        Ok(events::routing(&mut connection, event).await?.into())
    }

    /// What a crash left undone: events that nobody was told of. One that cannot be handled is set aside. The first failure is given
    /// back, after all were tried.
    pub(super) async fn catch_up_on_events(self: &Arc<Self>) -> Result<(), StoreError> {
        let (mut after, mut outcome) = (None, Ok(()));
        loop {
            let page = events::unrouted(&self.pool, None, after, PAGE).await?;
            after = page.last().map(|candidate| candidate.id);
            let is_last = is_last(&page, PAGE);
            for candidate in page {
                let id = candidate.id;
                let routed = match self.route_one(candidate).await {
                    Err(error) => self.set_event_aside(id, error).await,
                    Ok(_) => Ok(()),
                };
                self.health.came_round("events");
                match routed {
                    Err(error) if error.is_disconnected() => return Err(error),
                    routed => outcome = outcome.and(routed),
                }
            }
            if is_last {
                return outcome;
            }
        }
    }

    /// An event that cannot be handled, however often it is tried, is left to a person. Gives back what is no fault of the
    /// event.
    async fn set_event_aside(&self, event: Uuid, error: StoreError) -> Result<(), StoreError> {
        if !error.is_about_values() {
            return Err(error);
        }
        if !self.health.is_hopeless(event) {
            warn!(%event, %error, "cannot notify the runs that wait for an event, trying again later");
            return Ok(());
        }
        error!(%event, %error, "an event cannot be handled and is set aside as rejected; replay it once the cause is fixed");
        let message = without_nul(format!("set aside, no run was notified: {error}")).0;
        let detail = json!({ "errors": [{ "pointer": "", "message": message }] }).to_string();
        events::set_aside(&self.pool, event, &detail).await
    }

    /// What a crash left undone: runs that did not look at earlier events yet. The first failure is given back, after all
    /// were tried.
    pub(super) async fn look_back_for_all(&self) -> Result<(), StoreError> {
        let under_way = listeners::under_way(&self.pool).await?;
        let (mut after, mut outcome) = (None, Ok(()));
        loop {
            let page = listeners::unchecked_runs(&self.pool, under_way, after, PAGE).await?;
            after = page.last().copied();
            for run in &page {
                let looked = self.look_back(*run).await;
                self.health.came_round("listeners");
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

    async fn route_one(&self, candidate: Candidate) -> Result<Routed, StoreError> {
        let bytes = candidate.body.len();
        let event_type = candidate.r#type.clone();
        let event = read(candidate)?;
        let fitting: Vec<((RunId, i32), Vec<i16>)> = self.who_waits(&event_type, &event).await?.into_iter().collect();
        let mut resumed: Vec<RunId> = fitting.iter().map(|((run, _), _)| *run).collect();
        resumed.dedup();
        let (gatherers, _) = self.gatherers(&event.envelope, &Patience::unlimited()).await;
        let at_once = (MESSAGES_BYTES_MAX / bytes.max(1)).clamp(1, MESSAGES_MAX);
        let last = fitting.len().saturating_sub(1) / at_once * at_once;
        for some in fitting[..last].chunks(at_once) {
            let mut transaction = self.crowd.begin().await?;
            let there = events::routing(&mut transaction, event.id).await?;
            if there.routed {
                return Ok(there.into());
            }
            let told = tell_all(&mut transaction, some, &event).await?;
            events::resumed_some(&mut transaction, event.id, &told).await?;
            transaction.commit().await?;
            self.node().wakes.wake(Look::Commands);
        }
        let mut transaction = self.crowd.begin().await?;
        let there = events::routing(&mut transaction, event.id).await?;
        if there.routed {
            return Ok(there.into());
        }
        let told = tell_all(&mut transaction, &fitting[last..], &event).await?;
        let gathered = self.gather(&mut transaction, &event, &gatherers).await?;
        events::routed(&mut transaction, event.id, &told, gathered).await?;
        transaction.commit().await?;
        if !resumed.is_empty() {
            self.node().wakes.wake(Look::Commands);
        }
        Ok(Routed { runs: Vec::new(), resumed, gathered })
    }

    /// Every `listen` that waits for an event, with those of its filters that the event fits. A run is told of an event once, so all
    /// of them must be known before.
    async fn who_waits(&self, event_type: &str, event: &Seen) -> Result<BTreeMap<(RunId, i32), Vec<i16>>, StoreError> {
        let mut fitting: BTreeMap<(RunId, i32), Vec<i16>> = BTreeMap::new();
        for wanted in [event_type, ""] {
            for kind in listeners::kinds(&self.crowd, wanted).await? {
                for key in self.fits(&kind, event).await {
                    let mut after = None;
                    loop {
                        let page = listeners::waiting(&self.crowd, wanted, &kind, &key, after, WAITING_PAGE).await?;
                        after = page.last().copied();
                        for waiting in &page {
                            fitting.entry((waiting.run_id, waiting.execution)).or_default().push(waiting.filter);
                        }
                        if is_last(&page, WAITING_PAGE) {
                            break;
                        }
                    }
                }
            }
        }
        Ok(fitting)
    }

    /// Shows a run that begins to wait the events that came before.
    pub(super) async fn look_back(&self, run: RunId) -> Result<(), StoreError> {
        let mut waiting: BTreeMap<i32, Vec<Unchecked>> = BTreeMap::new();
        for unchecked in listeners::unchecked(&self.pool, run).await? {
            waiting.entry(unchecked.execution).or_default().push(unchecked);
        }
        for (execution, filters) in waiting {
            let under_way = listeners::under_way(&self.pool).await?;
            if filters.iter().any(|f| f.settles.is_some_and(|settles| under_way.oldest < settles)) {
                continue;
            }
            let from = self.looking.reached_by((run, execution));
            let missed = self.missed(run, execution, &filters, from).await?;
            self.tell_missed(run, &missed.messages).await?;
            self.looking.note((run, execution), missed.up_to);
            if missed.up_to.is_some() {
                // The next look goes on from there, if the run still waits.
                self.node().wakes.wake(Look::Listeners);
                continue;
            }
            for filter in filters {
                // Whatever was under way at the first look may still bring an event that saw nobody wait.
                let settles = filter.settles.is_none().then_some(under_way.next);
                listeners::looked(&self.pool, run, &filter, settles).await?;
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
            let mut transaction = self.pool.begin().await?;
            // Events before messages, as whoever routes an event does: see `store`, "Order of locks".
            events::lock(&mut transaction, &ids).await?;
            commands::tell(&mut transaction, &some.iter().collect::<Vec<_>>()).await?;
            events::resumed(&mut transaction, &ids, run).await?;
            transaction.commit().await?;
            self.node().wakes.wake(Look::Commands);
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
        // A run is told of an event once, with all filters that it fits.
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
        let kept = self.settings.events_kept.as_secs_f64();
        let Some(asked) = self.filter_of(&filter.kind).await else { return Ok(None) };
        let mut turn = Turn::begin();
        loop {
            let ids = events::missed(&self.pool, run, filter, kept, after, IDS_PAGE).await?;
            let (last, is_last) = (ids.last().copied(), is_last(&ids, IDS_PAGE));
            let may_fit = self.looking.that_may_fit(asked.id, &filter.key, ids);
            for some in may_fit.chunks(usize::try_from(PAGE).unwrap_or(usize::MAX)) {
                for candidate in events::candidates(&self.pool, some).await? {
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

    /// The keys under which runs of this kind wait for the event; none if it does not fit their filter at all.
    async fn fits(&self, kind: &str, event: &Seen) -> Vec<Hash> {
        match self.filter_of(kind).await {
            Some(asked) => self.keys_for(&asked, event).await,
            None => Vec::new(),
        }
    }

    async fn keys_for(&self, asked: &Asked, event: &Seen) -> Vec<Hash> {
        // An empty `any` takes everything.
        let Some(filter) = asked.filter() else { return vec![key(&[])] };
        let patience = Patience::unlimited();
        let keys = self.keys_of(filter, &event.envelope, &patience).await.unwrap_or_default();
        // What another process could not evaluate now it may be able to evaluate later.
        if !patience.was_needed() {
            self.looking.note_keys(asked.id, event.id, &keys);
        }
        keys
    }

    async fn filter_of(&self, kind: &str) -> Option<Asked> {
        let parsed = Kind::parse(kind)?;
        let loaded = match self.definition_of(parsed.definition).await {
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

/// Events by id, each with the filters that it fits.
type Fitting = BTreeMap<Uuid, (Vec<i16>, Seen)>;

/// A filter that events are held against.
struct Asked {
    id: FilterId,
    loaded: Loaded,
}

impl Asked {
    fn filter(&self) -> Option<&EventFilter> {
        let TaskKind::Listen(listen) = &self.loaded.definition.task(self.id.task).kind else { return None };
        listen.strategy.filter(usize::try_from(self.id.filter).ok()?)
    }
}

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

fn is_last<T>(page: &[T], limit: i64) -> bool {
    page.len() < usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Leaves a message for each of these; gives the runs that were not told before.
async fn tell_all(
    conn: &mut PgConnection,
    fitting: &[((RunId, i32), Vec<i16>)],
    event: &Seen,
) -> Result<Vec<RunId>, StoreError> {
    if fitting.is_empty() {
        return Ok(Vec::new());
    }
    let messages: Vec<_> = fitting.iter().map(|(to, filters)| message(*to, filters, event)).collect();
    let mut told = commands::tell(conn, &messages.iter().collect::<Vec<_>>()).await?;
    told.sort_unstable();
    told.dedup();
    Ok(told)
}

fn message((run, execution): (RunId, i32), filters: &[i16], event: &Seen) -> NewMessage {
    let mut filters: Vec<u16> = filters.iter().filter_map(|filter| u16::try_from(*filter).ok()).collect();
    filters.sort_unstable();
    let message = Message::Event {
        execution: ExecutionId::try_from(execution).unwrap_or_default(),
        filters,
        event: Arc::clone(&event.envelope),
    };
    NewMessage {
        id: Uuid::now_v7(),
        run,
        message: serde_json::to_string(&message).unwrap_or_else(|_| "null".to_owned()),
        actor: format!("source:{}", event.source),
        event: Some((event.id, execution)),
        is_kept: false,
    }
}

/// An event as filters see it; none if it cannot be read.
pub(super) fn seen(candidate: Candidate) -> Option<Seen> {
    read(candidate).ok()
}

fn read(candidate: Candidate) -> Result<Seen, StoreError> {
    let Candidate { id, source, attributes, data, body, .. } = candidate;
    let unreadable = |e: serde_json::Error| StoreError::Unreadable { table: "events", why: format!("{id}: {e}") };
    let attributes: Map<String, Value> = serde_json::from_str(&attributes).map_err(unreadable)?;
    let data = match &data {
        Some(data) => serde_json::from_str(data).map_err(unreadable)?,
        None => serde_json::from_slice(&body).map_err(unreadable)?,
    };
    Ok(Seen { id, source, envelope: Arc::new(envelope(attributes.into_iter(), data)) })
}

/// A CloudEvent as JSON.
pub(super) fn envelope(attributes: impl Iterator<Item = (String, Value)>, data: Value) -> Value {
    let mut members = Map::new();
    members.insert("specversion".to_owned(), "1.0".into());
    members.extend(attributes);
    members.insert("data".to_owned(), data);
    Value::Object(members)
}

#[cfg(test)]
mod tests;

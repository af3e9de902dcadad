//! What one transaction of the committer writes: the items of a batch, and what became of each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::PgConnection;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::machine::RunId;
use crate::store::acts::StartAct;
use crate::store::commit::{self, Consequences, NewEvent, NewRun, Transition};
use crate::store::freezes::{self, Freeze};
use crate::store::journal::{self, NewRow};
use crate::store::redeliveries::{self, Redelivered};
use crate::store::snapshots::{self, NewSnapshot};
use crate::store::topics::{self, NewPosition};
use crate::store::{StoreError, attention, commands, sequences};

/// An event and the runs that it starts; without an event, runs started by the API.
#[derive(Debug)]
pub(super) struct Accept {
    pub(super) event: Option<NewEvent>,
    pub(super) runs: Vec<FirstStep>,
    /// What a person does by it; recorded with each of the runs.
    pub(super) act: Option<StartAct>,
    /// How far the topic has come that the event was read from. Whoever may not write it stores nothing.
    pub(super) position: Option<NewPosition>,
    /// The freezes by which the runs were judged; none of runs that no freeze holds back.
    pub(super) judged_by: Option<Arc<Vec<Freeze>>>,
}

impl Accept {
    /// Whether its runs were judged without one of these freezes.
    fn missed_one_of(&self, in_force: &[Uuid]) -> bool {
        let knows = |judged_by: &[Freeze], id: &Uuid| judged_by.iter().any(|freeze| freeze.id == *id);
        self.judged_by.as_ref().is_some_and(|judged_by| !in_force.iter().all(|id| knows(judged_by, id)))
    }
}

/// A run with its first records and what follows from them.
#[derive(Debug)]
pub(super) struct FirstStep {
    pub(super) run: NewRun,
    pub(super) rows: Vec<NewRow>,
    pub(super) consequences: Consequences,
}

/// What became of an [`Accept`].
#[derive(Debug)]
pub(super) enum AcceptOutcome {
    /// Committed. `awaited` if a run may wait for the event.
    Done { awaited: bool },
    /// The event's key was there: the first event, its runs, and whether this is the same one: by its bytes, or since its
    /// sender proved itself.
    Duplicate { event: Uuid, runs: Vec<RunId>, resumed: Vec<RunId>, is_same: bool },
    /// The database refuses a value: nothing is stored, and never will be.
    Refused(String),
    /// The event was read from a topic that another node reads by now, or reads further on: nothing is stored.
    Lost,
    /// A freeze has begun since the runs were judged: nothing is stored, and they are to be judged again.
    Frozen,
    /// Nothing is stored.
    Failed(String),
}

/// What [`AcceptOutcome::Lost`] is, in words.
pub(super) const LOST: &str = "another node, or an earlier try of this one, wrote the topic's position";

/// A transition with its journal rows and the commands that it answers.
#[derive(Debug)]
pub(super) struct Advance {
    pub(super) transition: Transition,
    pub(super) rows: Vec<NewRow>,
    pub(super) consequences: Consequences,
    pub(super) answers: Vec<(Uuid, Option<String>)>,
    pub(super) snapshot: Option<SnapshotChange>,
}

/// What becomes of a run's snapshot.
#[derive(Debug)]
pub(super) enum SnapshotChange {
    /// It is replaced.
    Put(NewSnapshot),
    /// The run has ended.
    Remove,
}

impl Advance {
    /// A transition alone.
    pub(super) fn of(transition: Transition) -> Self {
        Self {
            transition,
            rows: Vec::new(),
            consequences: Consequences::default(),
            answers: Vec::new(),
            snapshot: None,
        }
    }
}

/// What became of an [`Advance`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AdvanceOutcome {
    /// Committed.
    Done,
    /// Another node owns the run: nothing was written.
    Lost,
    /// The database refuses a value of this one; nothing was written.
    Refused(String),
}

/// Something to write, and where its outcome is awaited.
pub(super) enum Item {
    Accept(Box<Accept>, oneshot::Sender<AcceptOutcome>),
    Advance(Box<Advance>, oneshot::Sender<AdvanceOutcome>),
    Answer(Uuid, Option<String>, oneshot::Sender<()>),
}

/// What a row costs beside its values.
const ROW_BYTES: usize = 256;

fn bytes_of_rows(rows: &[NewRow]) -> usize {
    rows.iter().map(|row| ROW_BYTES + row.data.len()).sum()
}

fn bytes_of(consequences: &Consequences) -> usize {
    let messages = consequences.messages.iter().map(|message| ROW_BYTES + message.message.len());
    let outgoing = consequences.outgoing.iter().map(|outgoing| ROW_BYTES + outgoing.event.len());
    ROW_BYTES * consequences.listeners.len() + messages.chain(outgoing).sum::<usize>()
}

impl Item {
    /// About how many bytes it sends to the database.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Accept(accept, _) => {
                let event = accept.event.as_ref().map_or(0, |event| {
                    event.body.len()
                        + event.headers.len()
                        + event.attributes.len()
                        + event.data.as_ref().map_or(0, String::len)
                });
                let of_run = |first: &FirstStep| bytes_of_rows(&first.rows) + bytes_of(&first.consequences);
                ROW_BYTES + event + accept.runs.iter().map(of_run).sum::<usize>()
            }
            Self::Advance(advance, _) => {
                let snapshot = match &advance.snapshot {
                    Some(SnapshotChange::Put(snapshot)) => snapshot.data.len(),
                    _ => 0,
                };
                ROW_BYTES + bytes_of_rows(&advance.rows) + bytes_of(&advance.consequences) + snapshot
            }
            Self::Answer(..) => ROW_BYTES,
        }
    }

    pub(super) fn reply_done(self) {
        match self {
            // What became of it is looked up, not remembered: somebody may wait.
            Self::Accept(_, reply) => drop(reply.send(AcceptOutcome::Done { awaited: true })),
            Self::Advance(_, reply) => drop(reply.send(AdvanceOutcome::Done)),
            Self::Answer(_, _, reply) => drop(reply.send(())),
        }
    }
}

/// The event that took a key first.
struct Known {
    event: Uuid,
    body_hash: Vec<u8>,
    runs: Vec<RunId>,
    resumed: Vec<RunId>,
}

/// What a committed batch did.
#[derive(Default)]
pub(super) struct Written {
    /// Duplicates, by (source, event id).
    known: HashMap<(String, String), Known>,
    won: HashSet<Uuid>,
    /// Events whose positions could not be written.
    lost: HashSet<Uuid>,
    /// First runs of accepts that a freeze came before.
    frozen: HashSet<RunId>,
    awaited: HashSet<Uuid>,
    moved: HashSet<Uuid>,
}

impl Written {
    pub(super) fn reply(mut self, batch: Vec<Item>) {
        for item in batch {
            match item {
                Item::Accept(accept, reply) => drop(reply.send(self.outcome(&accept))),
                Item::Advance(advance, reply) => {
                    let moved = self.moved.contains(&advance.transition.id);
                    drop(reply.send(if moved { AdvanceOutcome::Done } else { AdvanceOutcome::Lost }));
                }
                Item::Answer(_, _, reply) => drop(reply.send(())),
            }
        }
    }

    fn outcome(&mut self, accept: &Accept) -> AcceptOutcome {
        if accept.runs.first().is_some_and(|first| self.frozen.contains(&first.run.id)) {
            return AcceptOutcome::Frozen;
        }
        let Some(event) = &accept.event else { return AcceptOutcome::Done { awaited: false } };
        if self.lost.contains(&event.id) {
            return AcceptOutcome::Lost;
        }
        if self.won.contains(&event.id) {
            return AcceptOutcome::Done { awaited: self.awaited.contains(&event.id) };
        }
        match self.known.get(&(event.source.clone(), event.event_id.clone())) {
            Some(first) => AcceptOutcome::Duplicate {
                event: first.event,
                runs: first.runs.clone(),
                resumed: first.resumed.clone(),
                is_same: event.is_proven || first.body_hash == event.body_hash,
            },
            // Taken by a transaction that this one cannot see yet.
            None => AcceptOutcome::Failed("another node is storing an event with the same id right now".to_owned()),
        }
    }
}

pub(super) async fn write_all(conn: &mut PgConnection, batch: &[&Item]) -> Result<Written, StoreError> {
    let mut written = Written::default();
    let accepts: Vec<&Accept> = batch.iter().filter_map(|item| item.as_accept()).collect();
    let advances: Vec<&Advance> = batch.iter().filter_map(|item| item.as_advance()).collect();
    let accepts = look_at_freezes(conn, accepts, &mut written).await?;
    let accepts = write_positions(conn, accepts, &mut written).await?;
    write_events(conn, &accepts, &mut written).await?;
    let taken: Vec<&Accept> = accepts.into_iter().filter(|a| written.takes(a)).collect();
    let runs: Vec<&FirstStep> = taken.iter().flat_map(|a| &a.runs).collect();
    if !runs.is_empty() {
        commit::insert_runs(conn, &runs.iter().map(|first| &first.run).collect::<Vec<_>>()).await?;
    }
    if !advances.is_empty() {
        let mut transitions: Vec<&Transition> = advances.iter().map(|a| &a.transition).collect();
        transitions.sort_unstable_by_key(|t| (crate::store::shard(t.id), t.id));
        written.moved = commit::advance_runs(conn, &transitions).await?.into_iter().collect();
    }
    let mut rows: Vec<(RunId, &NewRow)> =
        runs.iter().flat_map(|first| first.rows.iter().map(|r| (first.run.id, r))).collect();
    let mut consequences: Vec<(RunId, &Consequences)> =
        runs.iter().map(|first| (first.run.id, &first.consequences)).collect();
    let mut answers = Vec::new();
    let (mut snapshots, mut without) = (Vec::new(), Vec::new());
    for advance in advances.iter().filter(|a| written.moved.contains(&a.transition.id)) {
        match &advance.snapshot {
            Some(SnapshotChange::Put(snapshot)) => snapshots.push((advance.transition.id, snapshot)),
            Some(SnapshotChange::Remove) => without.push(advance.transition.id),
            None => {}
        }
        rows.extend(advance.rows.iter().map(|r| (advance.transition.id, r)));
        consequences.push((advance.transition.id, &advance.consequences));
        answers.extend(advance.answers.iter().cloned());
    }
    answers.extend(batch.iter().filter_map(|item| item.as_answer()));
    if !rows.is_empty() {
        journal::append(conn, &rows).await?;
    }
    if !snapshots.is_empty() {
        snapshots::put(conn, &snapshots).await?;
    }
    if !without.is_empty() {
        snapshots::remove(conn, &without).await?;
    }
    consequences.retain(|(_, consequences)| !consequences.is_empty());
    if !consequences.is_empty() {
        commit::insert_consequences(conn, &consequences).await?;
    }
    if !answers.is_empty() {
        commands::answer(conn, &answers).await?;
    }
    // Last, for it takes the lock of the chain of acts. A batch in which no person starts a run takes none.
    for accept in &taken {
        let Some(act) = &accept.act else { continue };
        for first in &accept.runs {
            act.record(conn, first.run.id).await?;
        }
    }
    Ok(written)
}

impl Item {
    fn as_accept(&self) -> Option<&Accept> {
        match self {
            Self::Accept(accept, _) => Some(accept),
            _ => None,
        }
    }

    fn as_advance(&self) -> Option<&Advance> {
        match self {
            Self::Advance(advance, _) => Some(advance),
            _ => None,
        }
    }

    fn as_answer(&self) -> Option<(Uuid, Option<String>)> {
        match self {
            Self::Answer(id, refusal, _) => Some((*id, refusal.clone())),
            _ => None,
        }
    }
}

impl Written {
    /// What is kept of a delivery that is a duplicate with other bytes than the first.
    fn differing<'e>(&self, event: &'e NewEvent) -> Option<Redelivered<'e>> {
        let first = self.known.get(&(event.source.clone(), event.event_id.clone()))?;
        let differs = event.is_proven && first.body_hash != event.body_hash;
        let (body_hash, body, at) = (event.body_hash, event.body.as_slice(), event.received_at);
        differs.then_some(Redelivered { event: first.event, body_hash, body, at })
    }

    /// Whether the runs of an accept are to be inserted: its event won its key, or it has none.
    fn takes(&self, accept: &Accept) -> bool {
        accept.event.as_ref().is_none_or(|event| self.won.contains(&event.id))
    }
}

/// Gives the accepts that no freeze came before since they were judged. First of all, so that the others are written without them.
async fn look_at_freezes<'a>(
    conn: &mut PgConnection,
    accepts: Vec<&'a Accept>,
    written: &mut Written,
) -> Result<Vec<&'a Accept>, StoreError> {
    if !accepts.iter().any(|accept| accept.judged_by.is_some() && !accept.runs.is_empty()) {
        return Ok(accepts);
    }
    let in_force = freezes::in_force(conn).await?;
    let (late, held): (Vec<&Accept>, Vec<&Accept>) =
        accepts.into_iter().partition(|accept| !accept.runs.is_empty() && accept.missed_one_of(&in_force));
    written.frozen = late.iter().filter_map(|accept| Some(accept.runs.first()?.run.id)).collect();
    Ok(held)
}

/// Writes how far topics have come; gives the accepts that go on, which are those that read from no topic, or from one that was theirs.
async fn write_positions<'a>(
    conn: &mut PgConnection,
    accepts: Vec<&'a Accept>,
    written: &mut Written,
) -> Result<Vec<&'a Accept>, StoreError> {
    let mut positions: Vec<&NewPosition> = accepts.iter().filter_map(|accept| accept.position.as_ref()).collect();
    if positions.is_empty() {
        return Ok(accepts);
    }
    positions.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let moved = topics::advance(conn, &positions).await?;
    let is_written = |position| moved.iter().any(|moved| moved.is_of(position));
    let (held, lost): (Vec<&Accept>, Vec<&Accept>) =
        accepts.into_iter().partition(|accept| accept.position.as_ref().is_none_or(is_written));
    written.lost = lost.iter().filter_map(|accept| Some(accept.event.as_ref()?.id)).collect();
    Ok(held)
}

async fn write_events(conn: &mut PgConnection, accepts: &[&Accept], written: &mut Written) -> Result<(), StoreError> {
    let mut events: Vec<&NewEvent> = accepts.iter().filter_map(|a| a.event.as_ref()).collect();
    if events.is_empty() {
        return Ok(());
    }
    events.sort_unstable_by(|a, b| (&a.source, &a.event_id).cmp(&(&b.source, &b.event_id)));
    written.won = commit::take_event_keys(conn, &events).await?.into_iter().collect();
    let (won, lost): (Vec<&NewEvent>, Vec<&NewEvent>) = events.into_iter().partition(|e| written.won.contains(&e.id));
    if !won.is_empty() {
        written.awaited = commit::insert_events(conn, &won).await?.into_iter().collect();
    }
    let unsettled: Vec<_> = won.iter().filter(|event| event.needs_attention).copied().collect();
    if !unsettled.is_empty() {
        attention::ask(conn, &unsettled).await?;
    }
    let counted: Vec<_> = won.iter().filter_map(|e| Some((e.source.as_str(), e.counted.as_ref()?))).collect();
    if !counted.is_empty() {
        sequences::arrived(conn, &counted).await?;
    }
    if !lost.is_empty() {
        let keys: Vec<(&str, &str)> = lost.iter().map(|e| (e.source.as_str(), e.event_id.as_str())).collect();
        for known in commit::known_events(conn, &keys).await? {
            let (runs, resumed) = (known.runs, known.resumed);
            let first = Known { event: known.event, body_hash: known.body_hash, runs, resumed };
            written.known.insert((known.source, known.event_id), first);
        }
        let differing: Vec<Redelivered<'_>> = lost.iter().filter_map(|event| written.differing(event)).collect();
        if !differing.is_empty() {
            redeliveries::note(conn, &differing).await?;
        }
    }
    Ok(())
}

/// For each item whether it was committed.
pub(super) async fn look(conn: &mut PgConnection, batch: &[&Item]) -> Result<Vec<bool>, StoreError> {
    let events: Vec<&NewEvent> =
        batch.iter().filter_map(|item| item.as_accept()).filter_map(|a| a.event.as_ref()).collect();
    let keys: Vec<(&str, &str)> = events.iter().map(|e| (e.source.as_str(), e.event_id.as_str())).collect();
    let known: HashSet<Uuid> = commit::known_events(conn, &keys).await?.into_iter().map(|k| k.event).collect();
    let accepted =
        batch.iter().filter_map(|item| item.as_accept()).flat_map(|a| a.runs.iter().map(|first| first.run.id));
    let advanced = batch.iter().filter_map(|item| item.as_advance()).map(|a| a.transition.id);
    let ids: Vec<RunId> = accepted.chain(advanced).collect();
    let standings: HashMap<Uuid, (i32, Vec<u8>)> =
        commit::standings(conn, &ids).await?.into_iter().map(|s| (s.id, (s.seq, s.head))).collect();
    Ok(batch
        .iter()
        .map(|item| match item {
            Item::Accept(accept, _) => match &accept.event {
                Some(event) => known.contains(&event.id),
                None => accept.runs.iter().all(|first| standings.contains_key(&first.run.id)),
            },
            Item::Advance(advance, _) => {
                let state = &advance.transition.state;
                standings.get(&advance.transition.id).is_some_and(|(seq, head)| {
                    (*seq, head.as_slice()) == (state.seq, state.head.as_slice()) && !advance.rows.is_empty()
                })
            }
            // Answering twice changes nothing.
            Item::Answer(..) => false,
        })
        .collect())
}

//! What one transaction of the committer writes: the items of a batch, and what became of each.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::machine::RunId;
use crate::store::acts::StartAct;
use crate::store::commit::{self, Consequences, NewEvent, NewRun, Transition};
use crate::store::journal::{self, NewRow};
use crate::store::redeliveries::{self, Redelivered};
use crate::store::{StoreError, commands, sequences};

/// An event and the runs that it starts; without an event, runs started by the API.
#[derive(Debug)]
pub(super) struct Accept {
    pub(super) event: Option<NewEvent>,
    pub(super) runs: Vec<FirstStep>,
    /// What a person does by it; recorded with each of the runs.
    pub(super) act: Option<StartAct>,
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
    /// Nothing is stored.
    Failed(String),
}

/// A transition with its journal rows and the commands that it answers.
#[derive(Debug)]
pub(super) struct Advance {
    pub(super) transition: Transition,
    pub(super) rows: Vec<NewRow>,
    pub(super) consequences: Consequences,
    pub(super) answers: Vec<(Uuid, Option<String>)>,
}

impl Advance {
    /// A transition alone.
    pub(super) fn of(transition: Transition) -> Self {
        Self { transition, rows: Vec::new(), consequences: Consequences::default(), answers: Vec::new() }
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

impl Item {
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
        let Some(event) = &accept.event else { return AcceptOutcome::Done { awaited: false } };
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
            None => AcceptOutcome::Failed("the event's id is being taken by another node at this moment".to_owned()),
        }
    }
}

pub(super) async fn write_all(conn: &mut PgConnection, batch: &[Item]) -> Result<Written, StoreError> {
    let mut written = Written::default();
    let accepts: Vec<&Accept> = batch.iter().filter_map(Item::as_accept).collect();
    let advances: Vec<&Advance> = batch.iter().filter_map(Item::as_advance).collect();
    write_events(conn, &accepts, &mut written).await?;
    let taken: Vec<&Accept> = accepts.into_iter().filter(|a| written.takes(a)).collect();
    let runs: Vec<&FirstStep> = taken.iter().flat_map(|a| &a.runs).collect();
    if !runs.is_empty() {
        commit::insert_runs(conn, &runs.iter().map(|first| &first.run).collect::<Vec<_>>()).await?;
    }
    for accept in &taken {
        let Some(act) = &accept.act else { continue };
        for first in &accept.runs {
            act.record(conn, first.run.id).await?;
        }
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
    for advance in advances.iter().filter(|a| written.moved.contains(&a.transition.id)) {
        rows.extend(advance.rows.iter().map(|r| (advance.transition.id, r)));
        consequences.push((advance.transition.id, &advance.consequences));
        answers.extend(advance.answers.iter().cloned());
    }
    answers.extend(batch.iter().filter_map(Item::as_answer));
    if !rows.is_empty() {
        journal::append(conn, &rows).await?;
    }
    consequences.retain(|(_, consequences)| !consequences.is_empty());
    if !consequences.is_empty() {
        commit::insert_consequences(conn, &consequences).await?;
    }
    if !answers.is_empty() {
        commands::answer(conn, &answers).await?;
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
pub(super) async fn look(conn: &mut PgConnection, batch: &[Item]) -> Result<Vec<bool>, StoreError> {
    let events: Vec<&NewEvent> = batch.iter().filter_map(Item::as_accept).filter_map(|a| a.event.as_ref()).collect();
    let keys: Vec<(&str, &str)> = events.iter().map(|e| (e.source.as_str(), e.event_id.as_str())).collect();
    let known: HashSet<Uuid> = commit::known_events(conn, &keys).await?.into_iter().map(|k| k.event).collect();
    let accepted = batch.iter().filter_map(Item::as_accept).flat_map(|a| a.runs.iter().map(|first| first.run.id));
    let advanced = batch.iter().filter_map(Item::as_advance).map(|a| a.transition.id);
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

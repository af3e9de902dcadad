//! What one transaction of the committer writes: the items of a batch, and the outcome of each.

mod write;

pub(super) use write::{needs_one_statement, write};

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::PgConnection;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::machine::RunId;
use crate::store::StoreError;
use crate::store::acts::StartAct;
use crate::store::events::topics::NewPosition;
use crate::store::runs::commit::{self, Consequences, NewEvent, NewRun, Standing, Transition};
use crate::store::runs::freezes::Freeze;
use crate::store::runs::journal::NewRow;
use crate::store::runs::snapshots::NewSnapshot;

/// An event and the runs that it starts; without an event, runs started by the API.
#[derive(Debug)]
pub(in crate::engine) struct Accept {
    pub(in crate::engine) event: Option<NewEvent>,
    pub(in crate::engine) runs: Vec<FirstStep>,
    /// What a person does by it; recorded with each of the runs.
    pub(in crate::engine) act: Option<StartAct>,
    /// How far the topic has come that the event was read from. Whoever may not write it stores nothing.
    pub(in crate::engine) position: Option<NewPosition>,
    /// The freezes by which the runs were judged; none of runs that no freeze holds back.
    pub(in crate::engine) judged_by: Option<Arc<Vec<Freeze>>>,
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
pub(in crate::engine) struct FirstStep {
    pub(in crate::engine) run: NewRun,
    pub(super) rows: Vec<NewRow>,
    pub(super) consequences: Consequences,
}

/// The outcome of an [`Accept`].
#[derive(Debug)]
pub(in crate::engine) enum AcceptOutcome {
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
pub(in crate::engine) const LOST: &str = "another node, or an earlier try of this one, wrote the topic's position";

/// A transition with its journal rows and the commands that it answers.
#[derive(Debug)]
pub(super) struct Advance {
    pub(super) transition: Transition,
    pub(super) rows: Vec<NewRow>,
    pub(super) consequences: Consequences,
    pub(super) answers: Vec<(Uuid, Option<String>)>,
    pub(super) snapshot: Option<SnapshotChange>,
    /// The definition that the run has from now on, if it moves to another version.
    pub(super) moves_to: Option<i32>,
}

/// What happens to a run's snapshot.
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
            moves_to: None,
        }
    }
}

/// The outcome of an [`Advance`].
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
    let asked = consequences.tasks.asked.len() * ROW_BYTES + consequences.tasks.bytes();
    ROW_BYTES * consequences.listeners.len() + asked + messages.chain(outgoing).sum::<usize>()
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
            // Its outcome is looked up, not remembered: someone may wait.
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
    let standings: HashMap<Uuid, Standing> =
        commit::standings(conn, &ids).await?.into_iter().map(|standing| (standing.id, standing)).collect();
    Ok(batch
        .iter()
        .map(|item| match item {
            Item::Accept(accept, _) => match &accept.event {
                Some(event) => known.contains(&event.id),
                None => accept.runs.iter().all(|first| standings.contains_key(&first.run.id)),
            },
            Item::Advance(advance, _) => {
                let Transition { owner, fence, state, .. } = &advance.transition;
                standings.get(&advance.transition.id).is_some_and(|now| match advance.rows.is_empty() {
                    // Nothing but a release has no rows, and a run is driven under a fence only once.
                    true => (now.owner, now.fence) != (Some(*owner), *fence),
                    false => (now.seq, now.head.as_slice()) == (state.seq, state.head.as_slice()),
                })
            }
            // Answering twice changes nothing.
            Item::Answer(..) => false,
        })
        .collect())
}

//! What the committer writes: batches of accepted events with their runs, and of transitions, each one statement over arrays.
//!
//! Every write for a run carries the predicate (owner, fence, expected seq) on the run's own row (GUARANTEES.md, section 3):
//! a node that lost the run changes nothing.

mod accept;
mod advance;
mod consequences;

pub use accept::{Acceptance, Beginning, START_TYPE, accept, known_events};
pub use advance::{Standing, advance, redefine, standings};
pub use consequences::insert_consequences;

use uuid::Uuid;

use super::commands::NewMessage;
use super::journal::Hash;
use super::queues::ConcurrencyKey;
use super::tasks::TaskChanges;
use crate::machine::{RunId, Time};
use crate::memory::sequences::Counted;
use crate::store::events::listeners::NewListener;
use crate::store::events::outgoing::NewOutgoing;
use crate::store::nodes::formats::Format;

/// An event to store.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// UUIDv7.
    pub id: Uuid,
    /// With `event_id` the identity for dedupe.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// CloudEvents type.
    pub r#type: String,
    /// Database time.
    pub received_at: Time,
    /// JSON text of the headers.
    pub headers: String,
    /// As received.
    pub body: Vec<u8>,
    /// SHA-256 of the body.
    pub body_hash: Hash,
    /// JSON text of the attributes.
    pub attributes: String,
    /// JSON text of the data where it is not the body itself.
    pub data: Option<String>,
    /// `run`, `resumed`, `gathered`, `unmatched` or `rejected`.
    pub outcome: &'static str,
    /// Runs that it starts.
    pub runs: Vec<RunId>,
    /// JSON text: why it was rejected.
    pub detail: Option<String>,
    /// Whether it is known already that someone waits for it.
    pub awaited: bool,
    /// Its place among the events of its sender, if that one counts.
    pub counted: Option<Counted>,
    /// Whether it needs attention: a workflow subscribes to it but rejected it.
    pub needs_attention: bool,
    /// Whether its sender proved itself: under a known id it is a duplicate then, whatever its bytes.
    pub is_proven: bool,
}

/// A key that was there already.
#[derive(Debug)]
pub struct KnownEvent {
    /// The source.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// The first event.
    pub event: Uuid,
    /// Hash of its body.
    pub body_hash: Vec<u8>,
    /// The runs that it started.
    pub runs: Vec<Uuid>,
    /// The runs that waited for it.
    pub resumed: Vec<Uuid>,
}

/// A run to insert.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// UUIDv7.
    pub id: RunId,
    /// Which definition.
    pub definition_id: i32,
    /// The accepted event.
    pub event_id: Option<Uuid>,
    /// The run that started it.
    pub parent_id: Option<Uuid>,
    /// Business key.
    pub key: Option<String>,
    /// Database time.
    pub created_at: Time,
    /// The row's state after its first records.
    pub state: RunState,
}

/// The columns of a run that change.
#[derive(Debug, Clone)]
pub struct RunState {
    /// Its status.
    pub status: &'static str,
    /// Why it needs attention.
    pub attention: Option<&'static str>,
    /// Task reference where it stands.
    pub task: Option<String>,
    /// JSON text: why it stopped, or ended otherwise than well.
    pub error: Option<String>,
    /// What runs that need a person for the same cause share.
    pub fingerprint: Option<String>,
    /// Who drives it from now on.
    pub owner: Option<Uuid>,
    /// When it continues by itself.
    pub wake_at: Option<Time>,
    /// Number of the last record.
    pub seq: i32,
    /// Hash of the row that holds it.
    pub head: Hash,
    /// The newest format that was written.
    pub format: Format,
    /// Set once closed.
    pub finished_at: Option<Time>,
}

/// What is written with the records that led to it.
#[derive(Debug, Clone, Default)]
pub struct Consequences {
    /// Events to wait for from now on.
    pub listeners: Vec<NewListener>,
    /// `listen`s that are over.
    pub unlisten: Vec<i32>,
    /// Events that go out.
    pub outgoing: Vec<NewOutgoing>,
    /// What other runs are told.
    pub messages: Vec<NewMessage>,
    /// Where the run queues up from now on.
    pub enters: Option<ConcurrencyKey>,
    /// Where it has been.
    pub leaves: Option<ConcurrencyKey>,
    /// The freeze for whose end it waits from now on.
    pub frozen: Option<Uuid>,
    /// It continues, whatever freeze it waited for.
    pub thawed: bool,
    /// It undoes its work after a fault from now on, and no other run answers for it.
    pub undoing: bool,
    /// It has ended with its work undone.
    pub undone: bool,
    /// Steps that begin or stop to wait for people.
    pub tasks: TaskChanges,
}

impl Consequences {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_quiet = self.listeners.is_empty() && self.unlisten.is_empty() && self.outgoing.is_empty();
        let is_still = self.enters.is_none() && self.leaves.is_none() && self.frozen.is_none() && !self.thawed;
        let is_kept = !self.undoing && !self.undone;
        is_quiet && is_still && is_kept && self.messages.is_empty() && self.tasks.is_empty()
    }
}

/// One transition of a run that a node owns.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The run.
    pub id: RunId,
    /// The incarnation that owns it.
    pub owner: Uuid,
    /// The fence under which it does.
    pub fence: i64,
    /// Number of journal rows before.
    pub seq_before: i32,
    /// What it becomes.
    pub state: RunState,
    /// Whether it shows that the run does not kill its nodes: it got on, beyond being taken over or called again.
    pub progress: bool,
}

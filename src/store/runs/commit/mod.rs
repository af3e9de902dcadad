//! What the committer writes: batches of accepted events with their runs, and batches of transitions, each in one
//! statement over arrays.
//!
//! Every write to a run checks owner, fence and expected seq on the run's row (GUARANTEES.md, section 3), so a node
//! that has lost the run changes nothing.

mod accept;
mod advance;
mod consequences;

pub use accept::{Acceptance, Beginning, START_TYPE, accept, known_events};
pub use advance::{Standing, advance, redefine, standings};
pub use consequences::insert_consequences;

use bytes::Bytes;
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
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Name of the source; the deduplication key together with `event_id`.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// CloudEvents `type`.
    pub r#type: String,
    /// Database time at which it was received.
    pub received_at: Time,
    /// Headers as JSON text.
    pub headers: String,
    /// The body as received.
    pub body: Bytes,
    /// SHA-256 of the body.
    pub body_hash: Hash,
    /// CloudEvents attributes as JSON text.
    pub attributes: String,
    /// Its data as JSON text, if that differs from the body.
    pub data: Option<String>,
    /// Outcome: `run`, `resumed`, `gathered`, `unmatched` or `rejected`.
    pub outcome: &'static str,
    /// Runs that it starts.
    pub runs: Vec<RunId>,
    /// Why it was rejected, as JSON text.
    pub detail: Option<String>,
    /// Whether a run is already known to wait for it.
    pub awaited: bool,
    /// Its sequence number, if the source numbers its events.
    pub counted: Option<Counted>,
    /// Whether it needs attention: a workflow subscribes to it but rejected it.
    pub needs_attention: bool,
    /// Whether the sender authenticated itself. If so, an event with a known id is a duplicate even if its bytes
    /// differ.
    pub is_proven: bool,
}

/// A key that already exists.
#[derive(Debug)]
pub struct KnownEvent {
    /// Name of the source.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// Id of the first event with this key.
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
    /// Id, a UUIDv7.
    pub id: RunId,
    /// Id of its definition.
    pub definition_id: i32,
    /// Event that started it.
    pub event_id: Option<Uuid>,
    /// The run that started it.
    pub parent_id: Option<Uuid>,
    /// Business key of the run.
    pub key: Option<String>,
    /// Database time at which it was accepted.
    pub created_at: Time,
    /// The row's state after its first records.
    pub state: RunState,
}

/// The columns of a run that transitions change.
#[derive(Debug, Clone)]
pub struct RunState {
    /// Status as text.
    pub status: &'static str,
    /// Why it needs attention.
    pub attention: Option<&'static str>,
    /// Reference of the task it is at.
    pub task: Option<String>,
    /// Error as JSON text, if it faulted or did not complete.
    pub error: Option<String>,
    /// Fingerprint shared by runs that need attention for the same cause.
    pub fingerprint: Option<String>,
    /// Node that drives it from now on.
    pub owner: Option<Uuid>,
    /// Time at which it continues by itself.
    pub wake_at: Option<Time>,
    /// Number of the last record.
    pub seq: i32,
    /// Hash of the journal row that contains that record.
    pub head: Hash,
    /// The newest format written so far.
    pub format: Format,
    /// Time at which it closed.
    pub finished_at: Option<Time>,
}

/// Rows that follow from records and are written with them.
#[derive(Debug, Clone, Default)]
pub struct Consequences {
    /// Listeners to add.
    pub listeners: Vec<NewListener>,
    /// Executions of `listen` that have ended.
    pub unlisten: Vec<i32>,
    /// Events to send.
    pub outgoing: Vec<NewOutgoing>,
    /// Messages to other runs.
    pub messages: Vec<NewMessage>,
    /// Queue that the run enters.
    pub enters: Option<ConcurrencyKey>,
    /// Queue that the run leaves.
    pub leaves: Option<ConcurrencyKey>,
    /// Freeze whose end the run now waits for.
    pub frozen: Option<Uuid>,
    /// Whether the run no longer waits for a freeze.
    pub thawed: bool,
    /// It undoes its work after a fault from now on, and no other run answers for it.
    pub undoing: bool,
    /// It has ended with its work undone.
    pub undone: bool,
    /// Tasks for people that are opened or closed.
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
    /// Id of the run.
    pub id: RunId,
    /// Node that owns it.
    pub owner: Uuid,
    /// Fence of the ownership.
    pub fence: i64,
    /// Number of the last record before this transition.
    pub seq_before: i32,
    /// The new state.
    pub state: RunState,
    /// Whether the run made progress beyond being claimed or called again, which shows that it does not kill its nodes.
    pub progress: bool,
}

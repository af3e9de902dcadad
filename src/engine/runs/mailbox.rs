//! Where operators' commands wait for the run that they are for.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use tokio::sync::Notify;
use uuid::Uuid;

use crate::connect::Room;
use crate::store::runs::commands::OpenCommand;

/// Bytes of commands that wait in one mailbox; the others wait in the database.
const BYTES_MAX: usize = 4 << 20;

/// The mailbox of one run in memory. It is small while empty: there are as many as runs.
#[derive(Debug, Default)]
pub(in crate::engine) struct Mailbox {
    inbox: Mutex<Inbox>,
    filled: Notify,
    /// What the run holds in memory, as far as its node was told.
    pub(in crate::engine) run_bytes: AtomicUsize,
    /// Room of the run's large answers, until what they led to is committed.
    rooms: Mutex<Vec<Room>>,
}

#[derive(Debug, Default)]
struct Inbox {
    waiting: Vec<OpenCommand>,
    bytes: usize,
    /// Every sweep brings each open command again; each is executed once.
    seen: Vec<Uuid>,
}

impl Mailbox {
    /// Puts in a command, unless it was there before, or others fill the mailbox: then a later look brings it again.
    pub(in crate::engine) fn put(&self, command: OpenCommand) {
        let mut inbox = self.inbox();
        let is_full = !inbox.waiting.is_empty() && inbox.bytes + command.act.len() > BYTES_MAX;
        if !is_full && !inbox.seen.contains(&command.id) {
            inbox.seen.push(command.id);
            inbox.bytes += command.act.len();
            inbox.waiting.push(command);
            self.filled.notify_one();
        }
    }

    /// Waits for a command; they come in the order in which they were put in.
    pub(super) async fn take(&self) -> OpenCommand {
        loop {
            if let Some(command) = self.try_take() {
                return command;
            }
            // Only the run's own task waits here, and a notification before it does is kept.
            self.filled.notified().await;
        }
    }

    /// The next command, if there is one.
    pub(super) fn try_take(&self) -> Option<OpenCommand> {
        let mut inbox = self.inbox();
        if inbox.waiting.is_empty() {
            return None;
        }
        let command = inbox.waiting.remove(0);
        inbox.bytes -= command.act.len();
        Some(command)
    }

    /// The run has got large answers, which take this room.
    pub(super) fn occupy(&self, rooms: Vec<Room>) {
        if !rooms.is_empty() {
            self.rooms().extend(rooms);
        }
    }

    /// What the run's answers led to is committed.
    pub(super) fn vacate(&self) {
        drop(std::mem::take(&mut *self.rooms()));
    }

    fn rooms(&self) -> std::sync::MutexGuard<'_, Vec<Room>> {
        self.rooms.lock().expect("the lock of an answer's room is never poisoned")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inbox().waiting.is_empty()
    }

    fn inbox(&self) -> std::sync::MutexGuard<'_, Inbox> {
        self.inbox.lock().expect("the lock of a mailbox is never poisoned")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(n: u128) -> OpenCommand {
        let id = Uuid::from_u128(n);
        OpenCommand { id, run_id: id, act: String::new(), actor: String::new(), reason: None, approval: None }
    }

    #[tokio::test]
    async fn a_command_that_every_sweep_brings_again_is_taken_once() {
        let mailbox = Mailbox::default();
        for n in [1, 2, 1] {
            mailbox.put(command(n));
        }
        assert_eq!(mailbox.take().await.id, Uuid::from_u128(1));
        mailbox.put(command(1));
        assert_eq!(mailbox.take().await.id, Uuid::from_u128(2));
        assert!(mailbox.is_empty());
    }

    #[tokio::test]
    async fn an_event_that_exceeds_the_batch_is_stored_when_it_comes_again() {
        let mailbox = Mailbox::default();
        let large = |n| OpenCommand { act: "x".repeat(BYTES_MAX), ..command(n) };
        for n in [1, 2] {
            mailbox.put(large(n));
        }
        assert_eq!(mailbox.take().await.id, Uuid::from_u128(1), "one always fits");
        assert!(mailbox.is_empty());
        mailbox.put(large(2));
        assert_eq!(mailbox.take().await.id, Uuid::from_u128(2));
    }
}

//! Where operators' commands wait for the run that they are for.

use std::sync::Mutex;

use tokio::sync::Notify;
use uuid::Uuid;

use crate::store::commands::OpenCommand;

/// The mailbox of one run in memory. It is small while empty: there are as many as runs.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    letters: Mutex<Letters>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Letters {
    waiting: Vec<OpenCommand>,
    /// Every sweep brings each open command again; each is obeyed once.
    seen: Vec<Uuid>,
}

impl Mailbox {
    /// Puts in a command, unless it was there before.
    pub(super) fn put(&self, command: OpenCommand) {
        let mut letters = self.letters();
        if !letters.seen.contains(&command.id) {
            letters.seen.push(command.id);
            letters.waiting.push(command);
            self.filled.notify_one();
        }
    }

    /// Waits for a command; they come in the order in which they were put in.
    pub(super) async fn take(&self) -> OpenCommand {
        loop {
            {
                let mut letters = self.letters();
                if !letters.waiting.is_empty() {
                    return letters.waiting.remove(0);
                }
            }
            // Only the run's own task waits here, and a notification before it does is kept.
            self.filled.notified().await;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.letters().waiting.is_empty()
    }

    fn letters(&self) -> std::sync::MutexGuard<'_, Letters> {
        self.letters.lock().expect("the lock of a mailbox is never poisoned")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(n: u128) -> OpenCommand {
        let id = Uuid::from_u128(n);
        OpenCommand { id, run_id: id, act: String::new(), actor: String::new(), reason: None }
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
}

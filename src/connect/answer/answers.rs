//! Bounds the memory that large answers use, from their first bytes until the facts they led to are committed.
//!
//! A small answer needs no permit. An answer that turns out to be large waits for one before more of it is read; to the
//! target this looks like a slow reader. The caller that drives a run keeps the permits with [`carrying`]; otherwise
//! they are released once the answer has been read.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Answers up to this many bytes need no room.
pub(in crate::connect) const SMALL: usize = 64 << 10;

/// Bytes available to all large answers of this process.
const ROOM: usize = 256 << 20;

/// Bytes per semaphore permit: the semaphore cannot count single bytes up to [`ROOM`].
const UNIT: usize = 1 << 10;

static LARGE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(ROOM / UNIT)));

tokio::task_local! {
    static CARRIED: RefCell<Vec<Room>>;
}

/// Memory reserved for one answer; released on drop.
#[derive(Debug)]
pub struct Room(OwnedSemaphorePermit);

impl Room {
    /// Waits until an answer of up to `bytes_max` bytes fits.
    pub(in crate::connect) async fn wait(bytes_max: usize) -> Option<Self> {
        Self::wait_in(&LARGE, ROOM, bytes_max).await
    }

    async fn wait_in(room: &Arc<Semaphore>, all: usize, bytes_max: usize) -> Option<Self> {
        // Acquire everything at once: two answers that each hold a part would wait for each other forever.
        let units = u32::try_from(bytes_max.min(all).div_ceil(UNIT)).unwrap_or(u32::MAX);
        Arc::clone(room).acquire_many_owned(units).await.ok().map(Self)
    }

    /// Called once the whole answer is read: releases what it did not need and passes the rest to [`carrying`].
    pub(in crate::connect) fn keep(mut self, bytes: usize) {
        let needed = bytes.div_ceil(UNIT);
        let spare = self.0.num_permits().saturating_sub(needed);
        drop(self.0.split(spare));
        // Outside `carrying`, the room is released here.
        let _ = CARRIED.try_with(|carried| carried.borrow_mut().push(self));
    }
}

/// Makes a call and returns its result with the room that its answers still occupy.
pub async fn carrying<T>(call: impl Future<Output = T>) -> (T, Vec<Room>) {
    let scoped = async move {
        let outcome = call.await;
        (outcome, CARRIED.with(RefCell::take))
    };
    CARRIED.scope(RefCell::default(), scoped).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn large_answers_wait_for_room_and_keep_it_until_they_are_dealt_with() {
        let (room, all) = (Arc::new(Semaphore::new(10)), 10 * UNIT);
        let (first, carried) = carrying(async {
            let first = Room::wait_in(&room, all, 8 * UNIT).await.unwrap();
            first.keep(5 * UNIT);
        })
        .await;
        assert_eq!((first, carried.len(), room.available_permits()), ((), 1, 5), "what it did not need is back");
        let second = Room::wait_in(&room, all, 6 * UNIT);
        tokio::pin!(second);
        assert!(futures::poll!(second.as_mut()).is_pending(), "there is no room for it yet");
        drop(carried);
        let second = second.await.unwrap();
        second.keep(6 * UNIT);
        assert_eq!(room.available_permits(), 10, "nobody carries it");
        assert!(Room::wait_in(&room, all, 100 * UNIT).await.is_some(), "one always fits");
    }
}

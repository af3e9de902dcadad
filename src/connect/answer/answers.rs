//! Room for large answers: so many bytes of them are in memory at once, from their first bytes until what they led to is committed.
//!
//! A small answer needs no room. One that turns out to be large waits before it is read further, which its target notices as a slow
//! reader. Whoever drives a run carries the room on ([`carrying`]); where nobody does it ends with the answer's reading.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// An answer that is not longer needs no room.
pub(in crate::connect) const SMALL: usize = 64 << 10;

/// Room for all large answers of this process.
const ROOM: usize = 256 << 20;

/// What the room is counted in, so that it fits a semaphore's numbers.
const UNIT: usize = 1 << 10;

static LARGE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(ROOM / UNIT)));

tokio::task_local! {
    static CARRIED: RefCell<Vec<Room>>;
}

/// Room that an answer takes until it is dropped.
#[derive(Debug)]
pub struct Room(OwnedSemaphorePermit);

impl Room {
    /// Waits for the room of an answer of which at most so many bytes are read.
    pub(in crate::connect) async fn wait(bytes_max: usize) -> Option<Self> {
        Self::wait_in(&LARGE, ROOM, bytes_max).await
    }

    async fn wait_in(room: &Arc<Semaphore>, all: usize, bytes_max: usize) -> Option<Self> {
        // All of it at once: two answers that each hold a part would wait for each other.
        let units = u32::try_from(bytes_max.min(all).div_ceil(UNIT)).unwrap_or(u32::MAX);
        Arc::clone(room).acquire_many_owned(units).await.ok().map(Self)
    }

    /// The answer is whole: what it did not need is given back, the rest is carried on.
    pub(in crate::connect) fn keep(mut self, bytes: usize) {
        let needed = bytes.div_ceil(UNIT);
        let spare = self.0.num_permits().saturating_sub(needed);
        drop(self.0.split(spare));
        // Nobody carries it: then it ends here.
        let _ = CARRIED.try_with(|carried| carried.borrow_mut().push(self));
    }
}

/// Makes a call and gives the room that its answers take beside its result.
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

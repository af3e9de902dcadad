//! What is remembered of looks at earlier events.
//!
//! How far runs have looked whose events are too many for one turn. Events may be committed in another order than that of their
//! ids. What comes late before this place saw nobody wait, so its transaction was under way at the first look; and the last look,
//! after all of those have ended, begins again.
//!
//! And the keys of events, as the filters of each kind of `listen` compute them: however many runs of a kind look back, an event is
//! read and evaluated once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use hashlink::LruCache;
use uuid::Uuid;

use crate::dsl::TaskId;
use crate::machine::RunId;
use crate::store::runs::journal::Hash;

/// Runs of which it is remembered how far they have looked. One that is forgotten begins again.
const LOOKING_MAX: usize = 10_000;

/// Events of which keys are remembered: some 30 MB. One that is forgotten is read again.
const KEYS_MAX: usize = 200_000;

/// A filter of a definition: what every run at the same `listen` has in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FilterId {
    pub(super) definition: i32,
    pub(super) task: TaskId,
    pub(super) filter: i16,
}

/// See the comment of this module.
#[derive(Debug)]
pub(in crate::engine) struct Looking {
    reached: Mutex<HashMap<(RunId, i32), Uuid>>,
    keys: Mutex<KnownKeys>,
}

type KnownKeys = LruCache<(FilterId, Uuid), Box<[Hash]>>;

impl Default for Looking {
    fn default() -> Self {
        Self { reached: Mutex::default(), keys: Mutex::new(LruCache::new(KEYS_MAX)) }
    }
}

impl Looking {
    fn lock(&self) -> MutexGuard<'_, HashMap<(RunId, i32), Uuid>> {
        self.reached.lock().expect("nothing panics while it holds how far runs have looked")
    }

    /// The last event that a `listen` has looked at.
    pub(super) fn reached_by(&self, listen: (RunId, i32)) -> Option<Uuid> {
        self.lock().get(&listen).copied()
    }

    pub(super) fn note(&self, listen: (RunId, i32), up_to: Option<Uuid>) {
        let mut looking = self.lock();
        if looking.len() >= LOOKING_MAX {
            looking.clear();
        }
        match up_to {
            Some(event) => drop(looking.insert(listen, event)),
            None => drop(looking.remove(&listen)),
        }
    }

    /// Remembers under which keys runs wait that an event fits; none if it does not match the filter at all.
    pub(super) fn note_keys(&self, filter: FilterId, event: Uuid, keys: &[Hash]) {
        let mut known = self.keys.lock().expect("nothing panics while it holds keys");
        known.insert((filter, event), keys.into());
    }

    /// Those of the events, in order, that may have this key: those that are known to, and those that nobody has read yet.
    pub(super) fn that_may_fit(&self, filter: FilterId, key: &[u8], mut events: Vec<Uuid>) -> Vec<Uuid> {
        let mut known = self.keys.lock().expect("nothing panics while it holds keys");
        events.retain(|event| match known.get(&(filter, *event)) {
            Some(keys) => keys.iter().any(|known| known.as_slice() == key),
            None => true,
        });
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_events_that_nobody_read_or_that_have_the_key_are_read_again() {
        let looking = Looking::default();
        let filter = FilterId { definition: 1, task: TaskId(0), filter: 0 };
        let [unread, fitting, other] = [1, 2, 3].map(Uuid::from_u128);
        looking.note_keys(filter, fitting, &[[7; 32], [8; 32]]);
        looking.note_keys(filter, other, &[]);
        let left = looking.that_may_fit(filter, &[8; 32], vec![unread, fitting, other]);
        assert_eq!(left, [unread, fitting]);
        let of_another = FilterId { filter: 1, ..filter };
        assert_eq!(looking.that_may_fit(of_another, &[8; 32], vec![other]), [other]);
    }
}

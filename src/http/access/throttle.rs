//! Rate limit for attempts: a bucket of tries per key that refills with time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

/// Most keys remembered. Beyond it, the keys that used the least are forgotten.
const KEYS_MAX: usize = 4_096;

/// Remaining tries by key.
pub struct Throttle<K> {
    /// Tries in a full bucket.
    burst: u32,
    /// Time to refill one try.
    every: Duration,
    /// By key: when its bucket will be full again. A full bucket is not stored.
    used: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq> Throttle<K> {
    /// Allows `burst` tries at once, then one per `every`.
    #[must_use]
    pub fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, used: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        self.used.lock().expect("nothing panics while it holds the tries")
    }

    /// Returns how long until the key has a try again, or `None` if it has one now.
    #[must_use]
    pub fn wait(&self, key: &K) -> Option<Duration> {
        let now = Instant::now();
        let free_at = *self.lock().get(key)? + self.every;
        let limit = now + self.every * self.burst;
        (free_at > limit).then(|| free_at - limit)
    }

    /// Uses up a try.
    pub fn count(&self, key: K) {
        let now = Instant::now();
        let mut used = self.lock();
        if used.len() >= KEYS_MAX && !used.contains_key(&key) {
            used.retain(|_, until| *until > now);
            if used.len() >= KEYS_MAX {
                let mut ends: Vec<Instant> = used.values().copied().collect();
                let (_, middle, _) = ends.select_nth_unstable(KEYS_MAX / 2);
                let middle = *middle;
                used.retain(|_, until| *until > middle);
            }
        }
        let until = used.entry(key).or_insert(now);
        // Tries beyond the limit do not prolong the wait.
        *until = ((*until).max(now) + self.every).min(now + self.every * self.burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tries_are_used_up_by_key_and_come_back() {
        let throttle = Throttle::new(2, Duration::from_secs(6));
        for _ in 0..2 {
            assert_eq!(throttle.wait(&"a"), None);
            throttle.count("a");
        }
        assert_eq!((throttle.wait(&"a"), throttle.wait(&"b")), (Some(Duration::from_secs(6)), None));
        for _ in 0..100 {
            throttle.count("a");
        }
        assert_eq!(throttle.wait(&"a"), Some(Duration::from_secs(6)), "trying on makes it no longer");
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(throttle.wait(&"a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn many_keys_do_not_fill_the_memory() {
        let throttle = Throttle::new(2, Duration::from_secs(6));
        for n in 0..3 * KEYS_MAX {
            throttle.count(n);
            throttle.count(n);
        }
        assert!(throttle.lock().len() <= KEYS_MAX);
    }
}

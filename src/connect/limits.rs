//! Limits that all nodes share, since targets count calls per account and not per node.
//!
//! Calls of a limited connection queue at its [`Gate`]. One task per gate asks the [`Ledger`] for as many calls as are
//! waiting and reports how many are in flight, so that one round trip serves many calls.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// What all nodes together may send to a target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SharedLimits {
    /// Calls in flight at the same time.
    pub concurrency: Option<u32>,
    /// Calls per period.
    pub rate: Option<Rate>,
}

/// A number of requests per period. After a pause, the whole number may be sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests allowed per period.
    pub requests: u32,
    /// Length of the period.
    pub per: Duration,
}

impl Rate {
    /// Requests per second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        f64::from(self.requests) / self.per.as_secs_f64().max(0.001)
    }
}

/// The ledger's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Calls that may be sent now.
    pub calls: u32,
    /// How long to wait before asking for more.
    pub again: Duration,
}

/// Where all nodes record what they use.
pub trait Ledger: Send + Sync + std::fmt::Debug {
    /// Reports that this node has `used` calls in flight, and asks for `wanted` more.
    fn take<'a>(
        &'a self,
        connection: &'a str,
        limits: &'a SharedLimits,
        used: u32,
        wanted: u32,
    ) -> BoxFuture<'a, Result<Grant, String>>;
}

/// Queue of one connection's calls.
#[derive(Debug)]
pub struct Gate {
    connection: String,
    limits: SharedLimits,
    state: Mutex<State>,
    /// A call arrived or ended.
    changed: Notify,
    /// A call ended.
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Whether a ledger decides; otherwise every call passes.
    guarded: bool,
    waiting: VecDeque<oneshot::Sender<Permit>>,
    used: u32,
    /// The number in flight last reported to the ledger.
    told: u32,
}

/// Permission for one call in flight. Dropping it frees the slot.
#[derive(Debug)]
pub struct Permit(Option<Arc<Gate>>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(gate) = self.0.take() {
            let mut state = gate.state();
            state.used = state.used.saturating_sub(1);
            drop(state);
            gate.freed.notify_one();
            gate.changed.notify_one();
        }
    }
}

/// Ended calls are reported together after this time.
const GATHER: Duration = Duration::from_millis(20);
/// When to retry after the ledger failed.
const AGAIN: Duration = Duration::from_secs(1);

impl Gate {
    pub(super) fn new(connection: &str, limits: SharedLimits) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self {
            connection: connection.to_owned(),
            limits,
            state,
            changed: Notify::new(),
            freed: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the gate's lock is never poisoned")
    }

    /// Calls in flight from this node, and calls waiting here.
    pub(super) fn load(&self) -> (u32, usize) {
        let state = self.state();
        (state.used, state.waiting.len())
    }

    /// Waits until the call may be sent. Dropping the future leaves the queue.
    pub(super) async fn enter(self: &Arc<Self>) -> Permit {
        let arrival = {
            let mut state = self.state();
            if !state.guarded {
                state.used += 1;
                return Permit(Some(Arc::clone(self)));
            }
            let (place, arrival) = oneshot::channel();
            state.waiting.push_back(place);
            arrival
        };
        self.changed.notify_one();
        // The gate outlives its calls, so the sender is dropped unserved only when the process ends.
        arrival.await.unwrap_or(Permit(None))
    }

    /// Serves the queue until the process shuts down.
    pub(super) async fn serve(self: Arc<Self>, ledger: Arc<dyn Ledger>, closing: CancellationToken) {
        self.state().guarded = true;
        let mut again = None;
        loop {
            tokio::select! {
                biased;
                () = closing.cancelled() => return,
                () = self.called(again) => {}
            }
            // Never cancelled halfway: a transaction dropped during its commit leaves a rollback to the next user of
            // the connection.
            again = self.serve_once(&*ledger).await;
        }
    }

    /// Waits until there is something to report or to request.
    async fn called(&self, again: Option<Duration>) {
        match again {
            // An ended call may free a slot earlier.
            Some(after) => drop(tokio::time::timeout(after, self.freed.notified()).await),
            None => self.changed.notified().await,
        }
        if self.demand().1 == 0 {
            // Collect calls that end now, unless a new call wants to be sent.
            let _nobody_came = tokio::time::timeout(GATHER, self.changed.notified()).await;
        }
    }

    /// Asks the ledger once. Returns when to ask again if calls are still waiting.
    async fn serve_once(self: &Arc<Self>, ledger: &dyn Ledger) -> Option<Duration> {
        let (used, wanted) = self.demand();
        if wanted == 0 && used == self.state().told {
            return None;
        }
        match ledger.take(&self.connection, &self.limits, used, wanted).await {
            Ok(grant) => {
                self.let_pass(used, grant.calls);
                match self.demand().1 {
                    0 => None,
                    // Calls that arrived during the request were not included in it.
                    left if left > wanted.saturating_sub(grant.calls) => Some(Duration::ZERO),
                    _ => Some(grant.again),
                }
            }
            Err(why) => {
                warn!(connection = self.connection, why, "calls wait because shared limits cannot be read");
                Some(AGAIN)
            }
        }
    }

    /// Calls in flight, and calls waiting.
    fn demand(&self) -> (u32, u32) {
        let mut state = self.state();
        state.waiting.retain(|place| !place.is_closed());
        (state.used, u32::try_from(state.waiting.len()).unwrap_or(u32::MAX))
    }

    fn let_pass(self: &Arc<Self>, used: u32, calls: u32) {
        let mut state = self.state();
        state.told = used + calls;
        let mut given_up = Vec::new();
        for _ in 0..calls {
            let Some(place) = state.waiting.pop_front() else { break };
            state.used += 1;
            // Permits of callers that gave up are dropped once the lock is released.
            given_up.extend(place.send(Permit(Some(Arc::clone(self)))).err());
        }
        let behind = state.told != state.used;
        drop(state);
        drop(given_up);
        if behind {
            self.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use super::*;

    /// Grants up to a limit and counts requests.
    #[derive(Debug, Default)]
    struct Counting {
        limit: u32,
        used: AtomicU32,
        asked: AtomicU32,
    }

    impl Ledger for Counting {
        fn take<'a>(
            &'a self,
            _: &'a str,
            _: &'a SharedLimits,
            used: u32,
            wanted: u32,
        ) -> BoxFuture<'a, Result<Grant, String>> {
            self.asked.fetch_add(1, SeqCst);
            let calls = wanted.min(self.limit.saturating_sub(used));
            self.used.store(used + calls, SeqCst);
            Box::pin(std::future::ready(Ok(Grant { calls, again: Duration::from_millis(5) })))
        }
    }

    fn gate(limit: u32) -> (Arc<Gate>, Arc<Counting>, CancellationToken) {
        let gate = Gate::new("erp", SharedLimits::default());
        let ledger = Arc::new(Counting { limit, ..Counting::default() });
        let closing = CancellationToken::new();
        tokio::spawn(Arc::clone(&gate).serve(Arc::clone(&ledger) as Arc<dyn Ledger>, closing.clone()));
        (gate, ledger, closing)
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_calls_are_under_way_than_were_granted() {
        let (gate, ledger, _closing) = gate(3);
        tokio::task::yield_now().await;
        let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let calls = (0..50).map(|_| {
            let (gate, now, most) = (Arc::clone(&gate), Arc::clone(&now), Arc::clone(&most));
            async move {
                let _permit = gate.enter().await;
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                tokio::time::sleep(Duration::from_millis(10)).await;
                now.fetch_sub(1, SeqCst);
            }
        });
        futures::future::join_all(calls).await;
        assert_eq!(most.load(SeqCst), 3);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!((ledger.used.load(SeqCst), gate.load()), (0, (0, 0)), "what is over is told");
        let asked = ledger.asked.load(SeqCst);
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(ledger.asked.load(SeqCst), asked, "an idle gate asks nothing");
    }

    /// A ledger paused in the middle of a transaction.
    #[derive(Debug, Default)]
    struct Slow {
        asked: Notify,
        goes_on: Notify,
        done: Notify,
    }

    impl Ledger for Slow {
        fn take<'a>(
            &'a self,
            _: &'a str,
            _: &'a SharedLimits,
            _: u32,
            wanted: u32,
        ) -> BoxFuture<'a, Result<Grant, String>> {
            self.asked.notify_one();
            Box::pin(async move {
                self.goes_on.notified().await;
                self.done.notify_one();
                Ok(Grant { calls: wanted, again: AGAIN })
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_process_drops_no_transaction_of_the_ledger_half_way() {
        let (gate, ledger, closing) =
            (Gate::new("erp", SharedLimits::default()), Arc::default(), CancellationToken::new());
        let slow: Arc<Slow> = Arc::clone(&ledger);
        let serving = tokio::spawn(Arc::clone(&gate).serve(ledger as Arc<dyn Ledger>, closing.clone()));
        tokio::task::yield_now().await;
        let call = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { drop(gate.enter().await) }
        });
        slow.asked.notified().await;
        closing.cancel();
        tokio::task::yield_now().await;
        slow.goes_on.notify_one();
        tokio::time::timeout(Duration::from_mins(1), slow.done.notified()).await.expect("the ledger was cut off");
        serving.await.unwrap();
        call.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn giving_up_keeps_no_one_waiting() {
        let (gate, _ledger, _closing) = gate(1);
        tokio::task::yield_now().await;
        let first = gate.enter().await;
        let second = tokio::time::timeout(Duration::from_millis(50), gate.enter()).await;
        assert!(second.is_err(), "one at a time");
        drop(first);
        tokio::time::timeout(Duration::from_secs(1), gate.enter()).await.expect("the place is free");
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_after_another_waits_for_nothing() {
        let (gate, _ledger, _closing) = gate(1);
        tokio::task::yield_now().await;
        let begin = tokio::time::Instant::now();
        for _ in 0..10 {
            drop(gate.enter().await);
        }
        assert!(begin.elapsed() < GATHER, "{:?}", begin.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_asked_of_the_ledger_once_the_node_goes_down() {
        let (gate, ledger, closing) = gate(1);
        tokio::task::yield_now().await;
        drop(gate.enter().await);
        tokio::task::yield_now().await;
        // Without the cancellation, the end of the call would be reported within `GATHER`.
        let asked = ledger.asked.load(SeqCst);
        closing.cancel();
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(ledger.asked.load(SeqCst), asked);
    }

    #[tokio::test]
    async fn without_a_ledger_everything_passes() {
        let gate = Gate::new("erp", SharedLimits { concurrency: Some(1), rate: None });
        let (_one, _two) = (gate.enter().await, gate.enter().await);
        assert_eq!(gate.load(), (2, 0));
    }
}

//! This process among the nodes: its current incarnation, and what outlives each of them.

use std::sync::atomic::{AtomicI16, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Instant;

use tokio_util::sync::{CancellationToken, DropGuard};

use super::Node;
use super::clock::Clock;
use super::health::Health;
use crate::store::nodes::Beat;
use crate::store::nodes::formats::Format;

/// What a process is among the nodes, from its start to its end.
pub(in crate::engine) struct Membership {
    pub(in crate::engine) clock: Clock,
    /// The newest format that all live nodes know: what is written is in this one.
    format: AtomicI16,
    /// What fails again and again.
    pub(in crate::engine) health: Arc<Health>,
    /// The current incarnation.
    node: RwLock<Arc<Node>>,
    /// The process goes down.
    pub(in crate::engine) closing: CancellationToken,
    /// Everything is released; the last tasks end.
    pub(in crate::engine) closed: CancellationToken,
    /// However the engine ends, the thread of its heartbeat does too.
    _ends_with_it: DropGuard,
}

impl Membership {
    pub(in crate::engine) fn new(clock: Clock, format: Format, health: Arc<Health>, first: Arc<Node>) -> Self {
        let closed = CancellationToken::new();
        Self {
            clock,
            format: AtomicI16::new(format),
            health,
            node: RwLock::new(first),
            closing: CancellationToken::new(),
            _ends_with_it: closed.clone().drop_guard(),
            closed,
        }
    }

    pub(in crate::engine) fn node(&self) -> Arc<Node> {
        Arc::clone(&self.node.read().expect("the lock of the incarnation is never poisoned"))
    }

    /// A new incarnation takes the place of the one that lost its lease.
    pub(super) fn begin_anew(&self, fresh: &Arc<Node>) {
        *self.node.write().expect("the lock of the incarnation is never poisoned") = Arc::clone(fresh);
    }

    /// Records the answer to a heartbeat that was sent at `asked`.
    pub(super) fn hears(&self, asked: Instant, beat: Beat) {
        self.clock.set(asked, beat.now);
        self.format.store(beat.format, Ordering::Relaxed);
    }

    pub(in crate::engine) fn format(&self) -> Format {
        self.format.load(Ordering::Relaxed)
    }
}

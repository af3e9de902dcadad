//! One run from its start to its end: facts in, decisions committed together, effects out, and what people do to it.

pub mod acts;
pub(super) mod batch;
pub(super) mod beginning;
pub mod bulk;
pub(super) mod calls;
pub(super) mod children;
pub(super) mod command;
pub(super) mod committer;
pub(super) mod consequences;
pub(super) mod driver;
pub(super) mod expected;
pub(super) mod follow;
pub(super) mod freezes;
pub mod handling;
pub(super) mod mailbox;
pub(super) mod moves;
pub(super) mod progress;
pub mod proposals;
pub(super) mod rules;
pub(super) mod snapshots;
pub(super) mod starts;

use std::sync::Arc;

use tokio::sync::broadcast;

use super::RunChange;
use super::context::Context;
use super::events::look_back::LookBack;
use committer::Committer;
use follow::Followers;
use freezes::Freezes;

/// Changes that a slow listener may lag behind before it misses some.
const CHANGES_KEPT: usize = 1_024;

/// Begins runs, drives those of this node, and tells whoever watches them.
pub(super) struct Runs {
    pub(super) context: Arc<Context>,
    pub(super) committer: Committer,
    pub(super) freezes: Arc<Freezes>,
    look_back: Arc<LookBack>,
    /// Callers that wait for a run.
    followers: Followers,
    pub(super) changes: broadcast::Sender<RunChange>,
}

impl Runs {
    pub(super) fn new(
        context: &Arc<Context>,
        committer: Committer,
        freezes: &Arc<Freezes>,
        look_back: &Arc<LookBack>,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            committer,
            freezes: Arc::clone(freezes),
            look_back: Arc::clone(look_back),
            followers: Followers::default(),
            changes: broadcast::channel(CHANGES_KEPT).0,
        }
    }
}

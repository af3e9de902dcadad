//! What the database and live views are told about a run.

use uuid::Uuid;

use crate::engine::RunChange;
use crate::engine::catalog::Loaded;
use crate::engine::context::Context;
use crate::engine::node::Node;
use crate::engine::runs::Runs;
use crate::machine::{Attention, Cause, Effect, Run, Time};
use crate::store::nodes::formats::{Format, ONE_RECORD};
use crate::store::runs::commit::RunState;
use crate::store::runs::journal::{Hash, NewRow};
use crate::telemetry;

/// The columns of a run's row.
pub(in crate::engine) fn state_of(
    loaded: &Loaded,
    run: &Run,
    head: Hash,
    owner: Option<Uuid>,
    format: Format,
) -> RunState {
    let cause = Cause::of(&loaded.definition, run);
    RunState {
        status: run.status.as_str(),
        attention: run.attention.map(Attention::as_str),
        task: run.standing_at().map(|task| loaded.definition.task(task).reference.clone()),
        error: cause.as_ref().and_then(|cause| serde_json::to_string(&cause.error).ok()),
        fingerprint: cause.and_then(|cause| cause.fingerprint),
        owner,
        wake_at: run.wake_at(),
        seq: to_i32(run.seq),
        head,
        format,
        finished_at: run.finished_at,
    }
}

/// The format of what is written: of nothing, the oldest.
pub(in crate::engine) fn format_of(rows: &[NewRow]) -> Format {
    rows.iter().map(|row| row.format).max().unwrap_or(ONE_RECORD)
}

/// Whether a run goes on soon enough to stay in the memory of the node.
pub(in crate::engine) fn stays(context: &Context, node: &Node, run: &Run, effects: &[Effect]) -> bool {
    if run.is_closed() {
        return false;
    }
    if run.has_call_in_flight() || effects.iter().any(|e| matches!(e, Effect::Continue)) {
        return true;
    }
    if rests(run) || node.draining.is_cancelled() {
        return false;
    }
    let linger = chrono::Duration::from_std(context.settings.linger).unwrap_or_default();
    run.wake_at().is_some_and(|at| at - context.now() <= linger)
}

/// Whether it continues by itself no more.
pub(super) fn rests(run: &Run) -> bool {
    run.is_closed() || run.is_parked() || run.suspended
}

pub(super) fn to_i32(seq: u32) -> i32 {
    i32::try_from(seq).unwrap_or(i32::MAX)
}

/// What live views are told about a run.
pub(in crate::engine) fn change_of(loaded: &Loaded, run: &Run, at: Time) -> RunChange {
    RunChange {
        id: run.id,
        workflow: loaded.definition.workflow.clone(),
        key: run.key.clone(),
        status: run.status,
        attention: run.attention,
        at,
    }
}

impl Runs {
    /// Tells live views about a run, and counts it once it has ended or needs a person.
    pub(in crate::engine::runs) fn announce(&self, change: RunChange) {
        if change.is_settled() {
            telemetry::run_settled(change.status.as_str());
        }
        // Nobody listening is no error.
        let _ = self.changes.send(change);
    }
}

//! Decides what may be deleted. Pure functions, so that tests can check the guarantee "nothing live is deleted" against
//! any history. The SQL statements that delete check the same conditions again in their own transactions.

use super::{Age, Outcome, Policy};
use crate::machine::{RunId, Status, Time};

/// Largest family that is deleted: a family is deleted in one short transaction.
pub const FAMILY_MAX: usize = 5_000;

/// The facts about a run that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The run's id.
    pub id: RunId,
    /// The run that started it.
    pub parent: Option<RunId>,
    /// Workflow as `namespace/name`.
    pub workflow: String,
    /// Current status.
    pub status: Status,
    /// Time at which it ended.
    pub finished_at: Option<Time>,
    /// Whether it needs attention.
    pub attention: bool,
    /// What still needs or shows the run.
    pub held: Option<Hold>,
}

/// Why an ended run must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// A command that no node has processed.
    Command,
    /// An undecided proposal.
    Proposal,
    /// An unsettled conflict.
    Conflict,
    /// A place in its key's queue.
    Queue,
    /// A freeze.
    Freeze,
    /// An event listener.
    Listener,
    /// It is the last run of a schedule.
    Schedule,
    /// Its event needs attention.
    Event,
    /// Its work did not happen, and nobody has acknowledged that.
    Unacknowledged,
    /// A node still owns it.
    Owner,
    /// It is archived already and about to be deleted.
    Archived,
}

/// Why a family is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepReason {
    /// This run has not ended.
    Lives(RunId),
    /// This run needs attention.
    Attention(RunId),
    /// This run is kept forever.
    Forever(RunId),
    /// This run is kept until this time.
    Until(RunId, Time),
    /// Something holds this run.
    Held(RunId, Hold),
    /// It has more than [`FAMILY_MAX`] runs.
    Large,
}

/// Whether a whole family may be deleted. `family` is the top run and all its descendants.
///
/// # Errors
/// Why it is kept.
pub fn judge(family: &[Member], policy: &Policy, now: Time) -> Result<(), KeepReason> {
    if family.len() > FAMILY_MAX {
        return Err(KeepReason::Large);
    }
    family.iter().try_for_each(|member| judge_one(member, policy, now))
}

fn judge_one(run: &Member, policy: &Policy, now: Time) -> Result<(), KeepReason> {
    let (Some(outcome), Some(finished_at)) = (Outcome::of(run.status), run.finished_at) else {
        return Err(KeepReason::Lives(run.id));
    };
    if run.attention {
        return Err(KeepReason::Attention(run.id));
    }
    let Age::For(age) = policy.age(&run.workflow, outcome) else { return Err(KeepReason::Forever(run.id)) };
    // A duration beyond the calendar means forever.
    let due = chrono::Duration::from_std(age).ok().and_then(|age| finished_at.checked_add_signed(age));
    match due {
        Some(due) if due <= now => {}
        Some(due) => return Err(KeepReason::Until(run.id, due)),
        None => return Err(KeepReason::Forever(run.id)),
    }
    match run.held {
        Some(hold) => Err(KeepReason::Held(run.id, hold)),
        None => Ok(()),
    }
}

/// The facts about an event that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventFacts {
    /// Time at which it was stored.
    pub received_at: Time,
    /// Whether it was delivered to everything that waited for it.
    pub routed: bool,
    /// Whether it waits for a person, or for other events with which it would start a run.
    pub waits: bool,
    /// Whether it started a run, or a run waited for it.
    pub had_runs: bool,
    /// Whether one of those runs is still here and not about to be archived.
    pub has_runs: bool,
}

/// Whether an event may be deleted: together with the last of its runs, or by age if it never had any. Kept while a
/// live run may still ask for it, that is, if it was received at or after `asked_for`.
#[must_use]
pub fn event_is_due(event: &EventFacts, policy: &Policy, asked_for: Option<Time>, now: Time) -> bool {
    if !event.routed || event.waits || event.has_runs || asked_for.is_some_and(|since| event.received_at >= since) {
        return false;
    }
    if event.had_runs {
        return true;
    }
    policy.events.is_some_and(|age| is_older(event.received_at, age, now))
}

/// Whether an event id may be forgotten: the event and its runs are deleted, and senders no longer repeat it.
#[must_use]
pub fn key_is_due(received_at: Time, has_event: bool, has_runs: bool, policy: &Policy, now: Time) -> bool {
    !has_event && !has_runs && policy.event_keys.is_some_and(|age| is_older(received_at, age, now))
}

/// Whether something that happened at `at` is older than `age`.
#[must_use]
pub fn is_older(at: Time, age: std::time::Duration, now: Time) -> bool {
    let due = chrono::Duration::from_std(age).ok().and_then(|age| at.checked_add_signed(age));
    due.is_some_and(|due| due <= now)
}

/// The facts about a live run that matter for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveRun {
    /// When it was accepted; it may ask for events received from then on.
    pub created_at: Time,
    /// Whether its definition has a `listen`.
    pub listens: bool,
}

/// The earliest time from which live runs may ask for events: a run may take events since its own start, and unmatched
/// events from up to `looks_back` before it. `pages` are the oldest runs of each status, and whether there are more;
/// the rest is assumed to listen.
#[must_use]
pub fn asked_for_since(pages: &[(Vec<LiveRun>, bool)], looks_back: std::time::Duration) -> Option<Time> {
    let oldest = |(runs, has_more): &(Vec<LiveRun>, bool)| {
        let listening = runs.iter().filter(|run| run.listens).map(|run| run.created_at).min();
        let beyond = runs.iter().map(|run| run.created_at).max().filter(|_| *has_more);
        listening.into_iter().chain(beyond).min()
    };
    let since = pages.iter().filter_map(oldest).min()?;
    let back = chrono::Duration::from_std(looks_back).unwrap_or(chrono::Duration::MAX);
    Some(since.checked_sub_signed(back).unwrap_or(Time::MIN_UTC))
}

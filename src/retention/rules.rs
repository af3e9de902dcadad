//! What may go. Pure: facts in, a verdict out, so that the promise "nothing that lives" is a property that tests can hold against any
//! history. The statements that remove check the same again, in their own transactions.

use super::{Age, Outcome, Policy};
use crate::machine::{RunId, Status, Time};

/// Largest family that goes. It goes in one transaction, which must stay short.
pub const FAMILY_MAX: usize = 5_000;

/// What of a run counts here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The run.
    pub id: RunId,
    /// The run that started it.
    pub parent: Option<RunId>,
    /// `namespace/name`
    pub workflow: String,
    /// Its status.
    pub status: Status,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// It needs a person.
    pub attention: bool,
    /// What still wants something of it, or shows it.
    pub held: Option<Hold>,
}

/// What keeps a run that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// A command that no node has answered.
    Command,
    /// A proposal that nobody decided.
    Proposal,
    /// A conflict that nobody settled.
    Conflict,
    /// A place in the queue of its key.
    Queue,
    /// A freeze.
    Freeze,
    /// It listens.
    Listener,
    /// It is the last run of a schedule.
    Schedule,
    /// Its event needs attention.
    Event,
    /// Its work did not happen, and nobody has acknowledged that.
    Unacknowledged,
    /// A node still holds it.
    Owner,
    /// An archive has it already: it is about to be removed.
    Archived,
}

/// Why a family stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// One of its runs has not ended.
    Lives(RunId),
    /// One of its runs needs a person.
    Attention(RunId),
    /// One of its runs is kept forever.
    Forever(RunId),
    /// One of its runs is not due before this.
    Until(RunId, Time),
    /// Something holds one of its runs.
    Held(RunId, Hold),
    /// It has more than [`FAMILY_MAX`] runs.
    Large,
}

/// Whether a whole family may go. `family` is the run at the top and all runs below it.
///
/// # Errors
/// Why it stays.
pub fn judge(family: &[Member], policy: &Policy, now: Time) -> Result<(), Kept> {
    if family.len() > FAMILY_MAX {
        return Err(Kept::Large);
    }
    family.iter().try_for_each(|member| judge_one(member, policy, now))
}

fn judge_one(run: &Member, policy: &Policy, now: Time) -> Result<(), Kept> {
    let (Some(outcome), Some(finished_at)) = (Outcome::of(run.status), run.finished_at) else {
        return Err(Kept::Lives(run.id));
    };
    if run.attention {
        return Err(Kept::Attention(run.id));
    }
    let Age::For(age) = policy.age(&run.workflow, outcome) else { return Err(Kept::Forever(run.id)) };
    // A duration that no calendar holds keeps forever.
    let due = chrono::Duration::from_std(age).ok().and_then(|age| finished_at.checked_add_signed(age));
    match due {
        Some(due) if due <= now => {}
        Some(due) => return Err(Kept::Until(run.id, due)),
        None => return Err(Kept::Forever(run.id)),
    }
    match run.held {
        Some(hold) => Err(Kept::Held(run.id, hold)),
        None => Ok(()),
    }
}

/// What of an event counts here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventFacts {
    /// When it was stored.
    pub received_at: Time,
    /// Everybody who waited for it was told.
    pub routed: bool,
    /// It waits for a person, or for other events with which it starts a run.
    pub waits: bool,
    /// It started a run, or a run waited for it.
    pub had_runs: bool,
    /// One of those runs is still here and not about to be archived.
    pub has_runs: bool,
}

/// Whether an event may go: with the last of its runs, or by age if it never had any. Never while a run lives that may still ask for it:
/// `asked_for` is the time from which on there may be one.
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

/// Whether the id of an event may be forgotten: the event and its runs are gone, and no sender repeats it any more.
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

/// A run that has not ended, as far as events are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveRun {
    /// When it was accepted: it may ask for events from then on.
    pub created_at: Time,
    /// Its definition has a `listen`.
    pub listens: bool,
}

/// From when on a run that lives may ask for events: it looks back to its own beginning, and to events that nobody wanted for `looks_back`
/// before it. `pages` are the oldest runs of each status, and whether there are more behind them; those count as if they listened.
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

//! Moving a run to another version of its workflow: its journal is replayed under the new definition, and the run goes on there as if it
//! had begun with it.
//!
//! **Invariant.** Nothing is sent again and nothing is lost: every call that the run made is one that the new definition makes too, with
//! the same method, address and body, and its recorded answer is used. Whatever the run would do that the journal does not hold is done
//! after the move. A run that does not fit is left as it is, with the first difference.
//!
//! A move is one record, [`Moved`]: the records that the replay gave. Folding a journal begins with it.

mod acts;
mod fit;
mod gate;
mod misfit;
mod past;
mod preview;
mod relatives;
mod replay;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::decide::{Around, Decider, Decision, Judge, Stop};
use super::run::Keys;
use super::{
    Act, Actor, Approval, Change, Coordinates, Effect, ExecutionId, Inconsistent, Opening, Progress, Record, Rejected,
    Run, RunId, Time, apply, stored,
};
use stepwell_language::dsl::{Definition, TaskId, TaskKind};

pub use misfit::Misfit;
pub use preview::{NextStep, Preview, ValueChange};
use replay::Replay;

/// A run with more records is not moved: a replay must not keep its node.
pub const RECORDS_MAX: usize = 20_000;

/// What the journal says of a move: the run as the new version has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moved {
    /// The version that it ran before.
    pub from: String,
    /// The version that it runs from now on.
    pub to: String,
    /// Where both are stored: the numbers that runs have of their definitions.
    pub definitions: (i32, i32),
    /// The reason given, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who approved it, where the definition reserves moves for two people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Actor>,
    /// The reason given for the approval, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_reason: Option<String>,
    /// Executions so far: numbers go on, so that nothing that was for an earlier one is taken for a later one.
    pub executions: ExecutionId,
    /// Idempotency keys that steps keep, although the new version would give them others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeptKey>,
    /// How long the run stood still for people until now: seconds, and nanoseconds beside them.
    #[serde(with = "stored::span")]
    pub paused: TimeDelta,
    /// What the new version made of the recorded answers, in order.
    pub records: Vec<Replayed>,
}

/// The idempotency key of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptKey {
    /// Reference of its task.
    pub task: String,
    /// How often the task was entered before.
    #[serde(default)]
    pub visit: u32,
    /// Loop indices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub iteration: Vec<u32>,
    /// The key.
    pub key: String,
}

/// A record of the new version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replayed {
    /// When what led to it happened.
    pub at: Time,
    /// Who caused it.
    pub actor: Actor,
    /// Reference of its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Attempt that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// What was replaced in its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What happened.
    pub change: Change,
}

impl Replayed {
    fn of(record: &Record) -> Self {
        let Record { at, actor, task, attempt, change, note } = record.clone();
        Self { at, actor, task: task.map(|task| task.to_string()), attempt, note, change }
    }

    fn record(&self) -> Record {
        let Self { at, actor, task, attempt, note, change } = self.clone();
        Record { at, actor, task: task.map(std::convert::Into::into), attempt, change, note }
    }
}

impl Moved {
    /// The records that stand for the journal before the move.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.records.iter().map(Replayed::record).collect()
    }

    /// The run before the record of the move, which follows `seq` others.
    pub(super) fn run(&self, definition: &Definition, id: RunId, seq: u32) -> Result<Run, &'static str> {
        let mut keys = Keys::default();
        for kept in &self.keys {
            let task = definition.by_reference.get(&kept.task).ok_or("the definition has no such task")?;
            keys.insert_mut((*task, kept.visit, kept.iteration.clone()), kept.key.clone());
        }
        let mut run = Run { next_execution: self.executions, keys, ..Run::new(id) };
        for record in &self.records {
            take(definition, &mut run, &record.record()).map_err(|inconsistent| inconsistent.why)?;
        }
        let missed = self.paused - run.pauses.total;
        if missed > TimeDelta::zero() {
            // Pauses of the earlier version that the replay did not have to make.
            run.miss(missed, self.records.last().map_or(Time::UNIX_EPOCH, |last| last.at));
        }
        (run.seq, run.base) = (seq, seq + 1);
        Ok(run)
    }
}

/// Applies a record of a replay: a run that continued as new keeps what the replay begins with.
fn take(definition: &Definition, run: &mut Run, record: &Record) -> Result<(), Inconsistent> {
    let (executions, keys) = (run.next_execution, run.keys.clone());
    apply(definition, run, record)?;
    if matches!(record.change, Change::RunContinued(_)) {
        run.next_execution = run.next_execution.max(executions);
        run.keys = keys;
    }
    Ok(())
}

/// A journal as one of the version that the run has: what the last move holds stands in the place of all that came before it.
#[must_use]
pub fn since_move(records: Vec<Record>) -> Vec<Record> {
    match records.iter().rposition(|record| matches!(record.change, Change::RunMoved(_))) {
        None => records,
        Some(place) => flattened(&records[place..]),
    }
}

/// The same from the record with which folding begins.
fn flattened(records: &[Record]) -> Vec<Record> {
    let begins = |record: &Record| matches!(record.change, Change::RunMoved(_) | Change::RunContinued(_));
    let begin = records.iter().rposition(begins).unwrap_or(0);
    let mut flat = Vec::with_capacity(records.len() - begin);
    for record in &records[begin..] {
        match &record.change {
            Change::RunMoved(moved) => flat.extend(moved.records()),
            _ => flat.push(record.clone()),
        }
    }
    flat
}

/// A run that is to move, and where.
#[derive(Clone, Copy)]
pub struct Move<'a> {
    /// The version that it runs.
    pub from: &'a Definition,
    /// The version that it is to run.
    pub to: &'a Definition,
    /// Where both are stored.
    pub definitions: (i32, i32),
    /// The run.
    pub run: &'a Run,
    /// Its journal, or what of it folding needs.
    pub records: &'a [Record],
}

/// Who moves a run, and why.
#[derive(Debug, Clone)]
pub struct MovedBy {
    /// Who acts.
    pub actor: Actor,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// Who else said so.
    pub approval: Option<Approval>,
}

/// Decides a move: the record of it, and what the run does next under the new version.
///
/// # Errors
/// [`Stop::Rejected`] where the run must not be moved or does not fit, [`Stop::Evaluate`] where an expression needs the evaluator.
pub fn decide_move(of: Move<'_>, by: MovedBy, around: Around<'_>) -> Result<Decision, Stop> {
    let act = Act::Move { to: of.to.workflow.version.clone() };
    Judge { definition: of.from, run: of.run }.check_second(&act, &by.actor, by.approval.as_ref())?;
    decide(of, by, around)
}

/// What a move would do. Nobody has to approve that.
///
/// # Errors
/// As of [`decide_move`].
pub fn preview(of: Move<'_>, actor: Actor, around: Around<'_>) -> Result<Preview, Stop> {
    let decision = decide(of, MovedBy { actor, reason: None, approval: None }, around)?;
    Ok(Preview::of(&of, &decision))
}

fn decide(of: Move<'_>, by: MovedBy, around: Around<'_>) -> Result<Decision, Stop> {
    let Move { from, to, definitions, run, records } = of;
    let act = Act::Move { to: to.workflow.version.clone() };
    let MovedBy { actor, reason, approval } = by;
    check(&of, &act, reason.as_deref())?;
    let around = Around { continues: false, ..around };
    let past = flattened(records);
    let replayed = Replay::new(of, &past, around).play(&actor)?;
    let stands_still = replayed.run.suspended;
    let paused = if stands_still { run.pauses.total } else { run.pauses.until(around.now) };
    let approval = approval.filter(|_| act.reserved_by(from).is_some());
    let (approved_by, approval_reason) = approval.map_or((None, None), |a| (Some(a.by), a.reason));
    let moved = Moved {
        from: from.workflow.version.clone(),
        to: to.workflow.version.clone(),
        definitions,
        reason,
        approved_by,
        approval_reason,
        executions: run.next_execution,
        keys: kept_keys(to, &replayed.run),
        paused,
        records: replayed.records.iter().map(Replayed::of).collect(),
    };
    let mut decider = Decider::new(to, run.clone(), around);
    decider.asking.asked.set(replayed.asked);
    decider.emit_by(actor, None, Change::RunMoved(Box::new(moved)));
    decider.effects.extend(listens(&decider.run, &replayed.records));
    decider.advance()?;
    Ok(decider.decided(run, None))
}

fn check(of: &Move<'_>, act: &Act, reason: Option<&str>) -> Result<(), Rejected> {
    let Move { from, to, run, records, .. } = of;
    Judge { definition: from, run }.judge(act, reason)?;
    let (of, other) = (&from.workflow, &to.workflow);
    let why = if (&of.namespace, &of.name) != (&other.namespace, &other.name) {
        "it is a run of another workflow"
    } else if of.version == other.version {
        "it runs this version already"
    } else if records.len() > RECORDS_MAX {
        "its journal is too long for a replay"
    } else {
        return Ok(());
    };
    Err(Rejected::Forbidden { act: act.name(), status: run.status, why })
}

/// What the run listens to under the new version.
fn listens(run: &Run, records: &[Record]) -> Vec<Effect> {
    let listening = |record: &Record| match &record.change {
        Change::TaskStarted { execution, opening: Opening::Listen(listening), .. } => {
            Some((*execution, listening.clone()))
        }
        _ => None,
    };
    let open =
        |(execution, _): &(ExecutionId, _)| run.execution(*execution).is_some_and(super::Execution::is_listening);
    let open = records.iter().filter_map(listening).filter(open);
    open.map(|(execution, listening)| Effect::Listen { execution, listening }).collect()
}

fn kept_keys(definition: &Definition, run: &Run) -> Vec<KeptKey> {
    let kept = run.keys.iter().map(|((task, visit, iteration), key)| KeptKey {
        task: definition.task(*task).reference.clone(),
        visit: *visit,
        iteration: iteration.clone(),
        key: key.clone(),
    });
    kept.collect()
}

/// A step's names, without the places in lists that they have: what stays when a step is put before it.
fn path(reference: &str) -> String {
    let names = reference.split('/').filter(|part| !part.is_empty() && !part.bytes().all(|b| b.is_ascii_digit()));
    names.collect::<Vec<_>>().join("/")
}

/// Which one of its kind an execution is, apart from rounds.
fn place(coordinates: &Coordinates) -> (u32, &[u32]) {
    (coordinates.visit, &coordinates.iteration)
}

/// Whether what stands in an execution is one call.
fn is_call(definition: &Definition, task: TaskId) -> bool {
    matches!(definition.task(task).kind, TaskKind::Call(_))
}

impl Run {
    /// Moves time limits by pauses that were not recorded for this run.
    fn miss(&mut self, paused: TimeDelta, since: Time) {
        self.deadline = self.deadline.map(|deadline| deadline + paused);
        self.open.iter_mut().for_each(|execution| execution.resume_clock(since, since + paused));
        self.pauses.total += paused;
    }

    /// Whether an execution stands where a person retries it.
    fn is_failed(&self, id: ExecutionId) -> bool {
        self.execution(id).is_some_and(|e| matches!(e.progress, Progress::Failed { .. }))
    }
}

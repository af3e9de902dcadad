//! Going back: a person lets a run that has stopped continue from an earlier step of its workflow.
//!
//! **Invariant.** Nothing that lies between is done twice unless it may be: a step that only reads or replaces is repeated, a step that
//! can be undone is undone first, last one first, and where something can be neither the run stays as it is, with the reason. Each step
//! that is done again has a new identity, so it has a new idempotency key.
//!
//! Two records: [`Rewinding`] says where to and what is undone first, `run.rewound` that the run stands there.

mod between;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use between::{Between, Does};

use crate::apply::close_all;
use crate::decide::{Decider, Judge, Stop};
use crate::{
    Act, Actor, Approval, Around, Change, Compensation, CompensationEnd, Cursor, Decision, DoneSteps, ExecutionId,
    Next, Record, Rejected, Role, Run, fold,
};
use stepwell_language::dsl::{Definition, TaskId};

/// What the journal says of a run that goes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rewinding {
    /// Reference of the step from which it continues.
    pub from: String,
    /// What that step was given.
    pub data: Arc<Value>,
    /// `$context` as it was then.
    pub context: Arc<Value>,
    /// What was entered since: each is another one when it is entered again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entered: Vec<Entered>,
    /// Executions that are undone first, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<ExecutionId>,
    /// The reason given, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who approved it, where the definition reserves retries for two people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Actor>,
    /// The reason given for the approval, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_reason: Option<String>,
}

/// An execution that will be another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// Reference of its task.
    pub task: String,
    /// How often the task had been entered before.
    #[serde(default)]
    pub visit: u32,
    /// Loop indices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub iteration: Vec<u32>,
}

/// A run that is to go back, and to which step of its workflow.
#[derive(Clone, Copy)]
pub struct Rewind<'a> {
    /// What it runs.
    pub definition: &'a Definition,
    /// The run.
    pub run: &'a Run,
    /// Its journal, or what of it folding needs.
    pub records: &'a [Record],
    /// The record with which that begins; 0 for the first.
    pub base: u32,
}

/// Who lets a run go back, and why.
#[derive(Debug, Clone)]
pub struct RewoundBy {
    /// Who acts.
    pub actor: Actor,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// Who else said so.
    pub approval: Option<Approval>,
}

/// A step from which a run could continue, and what lies between.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    /// Reference of the step.
    pub from: String,
    /// Whether the run can continue from it.
    pub possible: bool,
    /// What was done since, in the order in which it began.
    pub between: Vec<Between>,
}

/// The steps of the workflow's own list from which a run that has stopped could continue, the latest first.
#[must_use]
pub fn choices(of: Rewind<'_>) -> Vec<Choice> {
    let mut found: Vec<Choice> = Vec::new();
    for (place, record) in of.records.iter().enumerate().rev() {
        if matches!(record.change, Change::RunMoved(_) | Change::RunContinued(_)) {
            break;
        }
        let Some(task) = begins(of.definition, record) else { continue };
        let from = &of.definition.task(task).reference;
        if found.iter().all(|choice| choice.from != *from) {
            found.push(choice(of, from, place));
        }
    }
    found
}

/// What lies between a step and where the run stands.
///
/// # Errors
/// The run must not go back, or never began this step.
pub fn preview(of: Rewind<'_>, from: &str) -> Result<Choice, Rejected> {
    Judge { definition: of.definition, run: of.run }.judge(&Act::Rewind { from: from.to_owned() }, None)?;
    Ok(choice(of, from, place_of(of, from)?))
}

/// Decides that a run goes back.
///
/// # Errors
/// [`Stop::Rejected`] where it must not, [`Stop::Evaluate`] where an expression of what it does next needs the evaluator.
pub fn decide_rewind(of: Rewind<'_>, from: &str, by: RewoundBy, around: Around<'_>) -> Result<Decision, Stop> {
    let act = Act::Rewind { from: from.to_owned() };
    let mut decider = Decider::new(of.definition, of.run.clone(), around);
    decider.judge().judge(&act, by.reason.as_deref())?;
    decider.judge().check_second(&act, &by.actor, by.approval.as_ref())?;
    let place = place_of(of, from)?;
    if let Some(why) = choice(of, from, place).between.iter().find(|step| step.does == Does::Cannot) {
        let why = format!("{}: {}", why.step, why.why);
        return Err(Rejected::CannotGoBack { from: from.to_owned(), why }.into());
    }
    let plan = between::plan(of, place);
    if !plan.is_empty() && of.run.parent.is_some_and(|parent| parent.awaits) {
        let why = "another run waits for it, so nothing of it is undone while it goes on".to_owned();
        return Err(Rejected::CannotGoBack { from: from.to_owned(), why }.into());
    }
    let before = before(of, place).map_err(|why| Rejected::CannotGoBack { from: from.to_owned(), why })?;
    let approval = by.approval.filter(|_| act.reserved_by(of.definition).is_some());
    let (approved_by, approval_reason) = approval.map_or((None, None), |a| (Some(a.by), a.reason));
    let rewinding = Rewinding {
        from: from.to_owned(),
        data: Arc::clone(&before.root.data),
        context: Arc::clone(&before.context),
        entered: between::entered(&of.records[place..]),
        plan,
        reason: by.reason,
        approved_by,
        approval_reason,
    };
    let stuck = decider.run.failed().map(|failed| failed.id);
    decider.emit_by(by.actor, stuck, Change::RunRewinding(Box::new(rewinding)));
    decider.advance()?;
    Ok(decider.decided(of.run, None))
}

/// The run as it was before a record of its journal.
fn before(of: Rewind<'_>, place: usize) -> Result<Run, String> {
    let records = &of.records[..place];
    fold(of.definition, Run::before(of.run.id, of.base), records).map_err(|inconsistent| inconsistent.to_string())
}

fn choice(of: Rewind<'_>, from: &str, place: usize) -> Choice {
    let between = between::since(of, place);
    let possible = between.iter().all(|step| step.does != Does::Cannot);
    Choice { from: from.to_owned(), possible, between }
}

/// The record with which the run last began this step of its workflow.
fn place_of(of: Rewind<'_>, from: &str) -> Result<usize, Rejected> {
    let refuse = |why: &str| Rejected::CannotGoBack { from: from.to_owned(), why: why.to_owned() };
    let task = of.definition.by_reference.get(from).copied().filter(|task| of.definition.root.contains(task));
    let task = task.ok_or_else(|| refuse("only a step of the workflow's own list can be named, by its reference"))?;
    let since = of.records.iter().rposition(|r| matches!(r.change, Change::RunMoved(_) | Change::RunContinued(_)));
    let since = since.map_or(0, |place| place + 1);
    let place = of.records[since..].iter().rposition(|record| begins(of.definition, record) == Some(task));
    place.map(|place| since + place).ok_or_else(|| {
        refuse(match since {
            0 => "the run has not begun this step",
            _ => "the run has not begun this step since it moved to this version or continued as new",
        })
    })
}

/// The step of the workflow's own list that a record begins.
fn begins(definition: &Definition, record: &Record) -> Option<TaskId> {
    let beginning = between::beginning(&record.change)?.1;
    let task = definition.by_reference.get(record.task.as_deref()?).copied()?;
    let is_own = beginning.parent.is_none() && beginning.role == Role::Step && definition.root.contains(&task);
    is_own.then_some(task)
}

/// Begins to go back: what is open ends, and what must be undone is undone next.
pub(super) fn begin(definition: &Definition, run: &mut Run, rewinding: &Rewinding) -> Result<(), &'static str> {
    if run.compensation.is_some() || run.rewind.is_some() {
        return Err("something is being undone");
    }
    close_all(definition, run);
    let all = std::mem::take(&mut run.undo);
    let (undone, kept) =
        all.in_order().into_iter().partition::<Vec<_>, _>(|done| rewinding.plan.contains(&done.execution));
    run.undo = kept.into_iter().map(|done| (**done).clone()).collect();
    let undone: DoneSteps = undone.into_iter().map(|done| (**done).clone()).collect();
    run.compensation = Some(Box::new(Compensation::of(&undone, CompensationEnd::Rewound)));
    (run.attention, run.stop) = (None, None);
    for entered in &rewinding.entered {
        let Some(task) = definition.by_reference.get(&entered.task).copied() else { continue };
        let entry = (task, entered.iteration.clone());
        let count = run.visits.get(&entry).copied().unwrap_or(0);
        run.visits.insert_mut(entry, count.max(entered.visit + 1));
    }
    run.rewind = Some(Arc::new(rewinding.clone()));
    Ok(())
}

/// What had to be undone is undone: the run stands at the earlier step.
pub(super) fn end(definition: &Definition, run: &mut Run) -> Result<(), &'static str> {
    let rewinding = run.rewind.take().ok_or("the run does not go back")?;
    let task = definition.by_reference.get(&rewinding.from).ok_or("the definition has no such task")?;
    let index =
        definition.root.iter().position(|own| own == task).ok_or("the task is not one of the workflow's own")?;
    let compensation = run.compensation.take().ok_or("the run does not go back")?;
    if !compensation.plan.is_empty() || !run.open.is_empty() {
        return Err("something is left to be undone");
    }
    run.root = Cursor { next: Next::Task(index), data: Arc::clone(&rewinding.data) };
    run.context = Arc::clone(&rewinding.context);
    (run.error, run.deadline) = (None, None);
    Ok(())
}

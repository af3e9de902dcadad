//! What people do to runs: which act fits which state, and what it changes. Everything else follows in `advance`.
//!
//! An act that the definition reserves for two people is recorded only with the name of a second person, whatever way it came.
//! [`propose`] says which acts must be proposed first; [`Decider::operate`] is the last judge.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::decide::undo_plan;
use crate::decide::{Around, Decider, Stop};
use crate::{
    Act, Actor, Approval, CancelMode, Change, CompensationEnd, Execution, Pivot, Progress, Rejected, Role, Run, Status,
};
use stepwell_language::dsl::Definition;

const PAST_PIVOT: &str = "it is past its point of no return (pivot), or may be: nothing is undone then; \
                          cancel it with compensate: false to leave what was done";

const ENDS: &str = "it is ending and only waiting for calls in progress";

const ASKS_A_PERSON: &str = "the step waits for a person to decide, and skipping it decides instead of them: \
                             confirm with confirm: true";

const PERHAPS_PAST_PIVOT: &str = "it may be past its point of no return (pivot): look at the target, \
                                  then say in the reason what you found";

/// An act that waits for a second person.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// With the step that it means, so that it never hits another one.
    pub act: Act,
    /// The step where the run stands, with its execution; none where it does not wait for a person and the act is about no step.
    pub step: Option<String>,
    /// What the act would replace: what the step is given now.
    pub before: Option<Arc<Value>>,
}

/// What must be proposed before it is done; none if the act needs no second person.
///
/// # Errors
/// The act does not match the run's state.
pub fn propose(
    definition: &Definition,
    run: &Run,
    act: &Act,
    reason: Option<&str>,
) -> Result<Option<Proposed>, Rejected> {
    if act.reserved_by(definition).is_none() {
        return Ok(None);
    }
    let around =
        Around { now: crate::Time::UNIX_EPOCH, answers: &[], settles_after: &|_| Duration::ZERO, continues: false };
    let decider = Decider::new(definition, run.clone(), around);
    // What a freeze holds back is suspended; a person who suspends it keeps it suspended beyond the freeze.
    let holds_on = *act == Act::Suspend && !run.is_parked();
    match decider.judge(act, reason)? {
        Judgement::ChangesNothing(_) if !holds_on => Ok(None),
        _ => Ok(Some(decider.pinned(act.clone()))),
    }
}

/// What an act would do to a run.
pub(crate) enum Judgement {
    /// It is done and recorded.
    Changes,
    /// It was done before, for this reason: it is acknowledged and not recorded again.
    ChangesNothing(&'static str),
}

impl Decider<'_> {
    pub(crate) fn operate(
        &mut self,
        act: Act,
        actor: Actor,
        reason: Option<String>,
        approval: Option<Approval>,
    ) -> Result<(), Stop> {
        if matches!(self.judge(&act, reason.as_deref())?, Judgement::ChangesNothing(_)) {
            return Ok(());
        }
        if matches!(act, Act::Move { .. } | Act::Rewind { .. } | Act::Restart { .. } | Act::Acknowledge) {
            let why = "it is not done by the run alone";
            return Err(Rejected::Forbidden { act: act.name(), status: self.run.status, why }.into());
        }
        // What the edit makes of the input is recorded, for folding evaluates nothing.
        let reserved = act.reserved_by(self.definition);
        // An approval of what one may do alone says nothing.
        let approval = approval.filter(|_| reserved.is_some());
        self.check_second(&act, &actor, approval.as_ref())?;
        let act = match act {
            Act::Edit { edit, step } => Act::Retry { input: Some(self.edited(&edit)?.after), step },
            act => act,
        };
        let poisoned = self.run.attention == Some(crate::Attention::Poison);
        let stand_in = match &act {
            Act::Skip { output, .. } => Some(Arc::new(output.clone())),
            _ => None,
        };
        let past_pivot = act == Act::Compensate && self.pivot() == Pivot::Perhaps;
        let (approved_by, approval_reason) =
            approval.map_or((None, None), |approval| (Some(approval.by), approval.reason));
        let acted = Change::OperatorActed { act, reason, paused_ms: None, past_pivot, approved_by, approval_reason };
        self.emit_by(actor, self.stuck().map(|e| e.id), acted);
        if let Some(output) = stand_in {
            self.skip(output);
            self.stay_parked_by_another_branch();
        } else if poisoned {
            self.interrupt_calls()?;
        }
        Ok(())
    }

    /// Whether an act fits the run as it is. This is the one judge: [`crate::permitted()`] asks it too.
    pub(crate) fn judge(&self, act: &Act, reason: Option<&str>) -> Result<Judgement, Rejected> {
        if let Act::Restart { again, .. } = act {
            return crate::acts::judge_restart(&self.run, *again).map(|()| Judgement::Changes);
        }
        if *act == Act::Acknowledge {
            return crate::acts::judge_acknowledge(&self.run, reason).map(|()| Judgement::Changes);
        }
        if self.run.is_closed() {
            return Err(Rejected::Closed(self.run.status));
        }
        if let Some(why) = self.done_before(act) {
            return Ok(Judgement::ChangesNothing(why));
        }
        let forbidden = |why| Rejected::Forbidden { act: act.name(), status: self.run.status, why };
        self.permit(act, reason).map_err(forbidden)?;
        act.step().map_or(Ok(()), |meant| self.check_step(act, meant, self.run.passed_over()))?;
        Ok(Judgement::Changes)
    }

    /// Why an act would change nothing, if it would not.
    fn done_before(&self, act: &Act) -> Option<&'static str> {
        match act {
            Act::Cancel { .. } if self.run.is_parked() && self.run.compensation.is_none() => None,
            Act::Cancel { compensate } => {
                let undoes = *compensate == CancelMode::Compensate;
                let undoing = self.run.compensation.as_ref().map(|c| (c.end, true));
                let pending = self.run.stop.map(|stop| (stop.end, stop.undo));
                let is_same = pending.or(undoing) == Some((CompensationEnd::Cancelled, undoes));
                is_same.then_some("it is being cancelled already")
            }
            Act::Suspend if self.run.suspended => Some("it is suspended already"),
            _ => None,
        }
    }

    /// What is reserved for two people needs two, and the run must still stand where it stood when the act was proposed.
    pub(crate) fn check_second(&self, act: &Act, actor: &Actor, approval: Option<&Approval>) -> Result<(), Rejected> {
        let Some(rule) = act.reserved_by(self.definition) else { return Ok(()) };
        let flaw = approval.map_or(Some("no second person has approved it"), |approval| approval.flaw(act, actor));
        if let Some(why) = flaw {
            return Err(Rejected::NeedsSecond { act: act.name(), rule: rule.as_str(), why });
        }
        let meant = approval.and_then(|approval| approval.step.as_deref()).filter(|_| act.step().is_none());
        let stands = self.run.passed_over().filter(|_| self.run.is_parked());
        meant.map_or(Ok(()), |meant| self.check_step(act, meant, stands))
    }

    /// The act with the step that it would be about now.
    fn pinned(&self, mut act: Act) -> Proposed {
        let name = |e: &Execution| crate::view::step_name(&self.definition.task(e.task).reference, e.id);
        let at = self.run.passed_over();
        let about = at
            .filter(|_| self.run.is_parked() || matches!(act, Act::Retry { .. } | Act::Edit { .. } | Act::Skip { .. }));
        let about = about.map(name);
        if let Act::Retry { step, .. } | Act::Edit { step, .. } | Act::Skip { step, .. } = &mut act {
            step.clone_from(&about);
        }
        let replaced = self.stuck().filter(|_| matches!(act, Act::Retry { input: Some(_), .. } | Act::Edit { .. }));
        let before = replaced.map(|e| Arc::clone(&e.raw_input));
        Proposed { act, step: about, before }
    }

    /// Whoever names a step means that one: an act that is repeated because its answer was lost does not hit the next one.
    fn check_step(&self, act: &Act, meant: &str, at: Option<&Execution>) -> Result<(), Rejected> {
        let at = at.map(|e| (self.definition.task(e.task).reference.clone(), e.id));
        let is_meant = |(reference, id): &(String, crate::ExecutionId)| {
            *meant == *reference || *meant == crate::view::step_name(reference, *id)
        };
        if at.as_ref().is_some_and(is_meant) {
            return Ok(());
        }
        let at = at.map(|(reference, id)| match meant.contains('#') {
            true => crate::view::step_name(&reference, id),
            false => reference,
        });
        Err(Rejected::StandsElsewhere { act: act.name(), meant: meant.to_owned(), at: at.unwrap_or_default() })
    }

    fn permit(&self, act: &Act, reason: Option<&str>) -> Result<(), &'static str> {
        let run = &self.run;
        let need = |holds: bool, why: &'static str| if holds { Ok(()) } else { Err(why) };
        let backing_off = run.open.iter().any(|e| e.progress.is_backing_off());
        let in_flight = run.has_call_in_flight() && !run.is_parked();
        let ends = run.stop.is_some() && run.compensation.is_none() && !run.is_parked();
        match act {
            Act::Retry { .. } | Act::Edit { .. } | Act::Rewind { .. } | Act::Skip { .. } if ends => Err(ENDS),
            Act::Retry { input: Some(_), .. } | Act::Edit { .. } => {
                need(self.stuck().is_some(), "only a failed step can be given a different input")
            }
            Act::Retry { input: None, .. } => {
                need(run.is_parked() || backing_off, "nothing has failed or is waiting for a retry")
            }
            Act::Rewind { .. } => self.permit_rewind(),
            Act::Skip { confirm, .. } => {
                need(
                    !in_flight && (run.is_parked() || run.status == Status::Waiting),
                    "only a failed or waiting step can be skipped",
                )?;
                let asks = run.passed_over().is_some_and(|e| e.asks().is_some());
                need(*confirm || !asks, ASKS_A_PERSON)
            }
            Act::Cancel { compensate } => {
                need(run.compensation.is_none(), "it is being undone; retry or skip a stuck undo so that it can end")?;
                let is_undone = self.pivot() == Pivot::Ahead || self.can_ask_about_pivot();
                need(*compensate == CancelMode::Abandon || is_undone, PAST_PIVOT)
            }
            Act::Compensate => {
                need(run.compensation.is_none(), "it is already being undone")?;
                need(self.pivot() < Pivot::Passed, "it is past its point of no return (pivot)")?;
                let explained = reason.is_some_and(|reason| !reason.trim().is_empty());
                need(self.pivot() == Pivot::Ahead || explained, PERHAPS_PAST_PIVOT)?;
                need(!undo_plan(self.definition, run).is_empty(), "it has completed no step that it can undo")
            }
            Act::Suspend => need(!run.is_parked(), "it has already stopped and needs attention"),
            Act::Resume => need(run.suspended, "it is not suspended"),
            Act::Dismiss => need(run.is_parked() && run.compensation.is_none(), "only a faulted run can be dismissed"),
            Act::Move { .. } => self.permit_move(),
            // No run that lives can be; one that has ended is judged alone.
            Act::Restart { .. } => Err("a run is started again as a new one"),
            Act::Acknowledge => Err("only a run that has ended is acknowledged"),
        }
    }

    /// A run goes back only from where it has stopped, with everything known that it did.
    fn permit_rewind(&self) -> Result<(), &'static str> {
        use crate::Attention;
        let run = &self.run;
        let is_busy =
            |e: &Execution| matches!(e.progress, Progress::Child(_) | Progress::Listen(_) | Progress::Wait { .. });
        match run.attention {
            _ if run.compensation.is_some() => Err("it is being undone"),
            None => Err("only a run that has stopped can continue from an earlier step"),
            Some(Attention::UnknownOutcome) => {
                Err("the outcome of a call is not known: find out what its target did, then retry or skip the step")
            }
            Some(Attention::Poison) => Err("it crashed repeatedly, or could not be recorded: retry it first"),
            Some(_) if run.awaits_outcome() => Err("a call is in progress: wait until it has ended"),
            Some(_) if run.open.iter().any(is_busy) => Err("another branch of it is waiting for something"),
            Some(_) => Ok(()),
        }
    }

    /// What is on its way, in doubt or being undone cannot move: what the target did must be known first.
    fn permit_move(&self) -> Result<(), &'static str> {
        use crate::Attention;
        let run = &self.run;
        match run.attention {
            Some(Attention::UnknownOutcome) => {
                return Err(
                    "the outcome of a call is not known: find out what its target did, then retry or skip the step",
                );
            }
            Some(Attention::Poison) => return Err("it crashed repeatedly, or could not be recorded: retry it first"),
            _ => {}
        }
        match () {
            () if run.compensation.is_some() => Err("it is being undone"),
            () if run.stop.is_some() => Err(ENDS),
            () if run.awaits_outcome() => {
                Err("a call is in progress: wait until it has ended, or suspend the run first")
            }
            () => Ok(()),
        }
    }

    /// The innermost execution that failed, or else the one that a parked run stands at.
    pub(crate) fn stuck(&self) -> Option<&Execution> {
        self.run.failed().or_else(|| self.run.open.last().filter(|_| self.run.is_parked()))
    }

    /// One failed step was skipped; a run of which another branch failed too still waits for a person.
    pub(crate) fn stay_parked_by_another_branch(&mut self) {
        let failed = self.run.failed().map(|e| (e.id, e.progress.clone()));
        if let Some((id, Progress::Failed { error, .. })) = failed
            && !self.run.is_parked()
        {
            let execution = Some(id);
            let in_doubt = self.run.execution(id).is_some_and(|e| e.impact.settles_at().is_some());
            let attention = if in_doubt { crate::Attention::UnknownOutcome } else { crate::Attention::Faulted };
            self.emit(execution, Change::RunFaulted { execution, error, attention });
        }
    }

    /// Passes over the step where the run stands; the output stands in for its own.
    pub(crate) fn skip(&mut self, output: Arc<Value>) {
        let Some(execution) = self.run.passed_over() else {
            self.emit(None, Change::RunCompleted { output });
            return;
        };
        let id = execution.id;
        match self.run.track(id) {
            Role::Undo(of) => self.emit(Some(id), Change::UndoSkipped { execution: of }),
            // Whoever passes over a question means the step, or the undo, that it is about.
            Role::Reconcile(of) if self.run.compensation.is_some() => {
                let undone = match self.run.execution(of).map(|e| self.run.track(e.id)) {
                    Some(Role::Undo(undone)) => undone,
                    _ => of,
                };
                self.emit(Some(id), Change::UndoSkipped { execution: undone });
            }
            Role::Reconcile(of) => {
                self.emit(Some(of), Change::TaskSkipped { execution: of, beginning: None, output });
            }
            Role::Step => self.emit(Some(id), Change::TaskSkipped { execution: id, beginning: None, output }),
        }
    }
}

impl Progress {
    fn is_backing_off(&self) -> bool {
        use crate::{CallPhase, TryPhase};
        match self {
            Self::Call(call) => matches!(call.phase, CallPhase::Backoff { .. }),
            Self::Try(t) => matches!(t.phase, TryPhase::Backoff { .. }),
            _ => false,
        }
    }
}

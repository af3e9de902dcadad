//! What people do to runs: what an act changes. Whether it fits the state, [`Judge`](super::Judge) says; everything else follows in
//! `advance`.

use std::sync::Arc;

use serde_json::Value;

use crate::acts::edited;
use crate::decide::{Decider, Judgement, Stop};
use crate::{Act, Actor, Approval, Attention, Change, Pivot, Progress, Rejected, Role};

impl Decider<'_> {
    pub(crate) fn operate(
        &mut self,
        act: Act,
        actor: Actor,
        reason: Option<String>,
        approval: Option<Approval>,
    ) -> Result<(), Stop> {
        if matches!(self.judge().judge(&act, reason.as_deref())?, Judgement::ChangesNothing(_)) {
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
        self.judge().check_second(&act, &actor, approval.as_ref())?;
        let act = match act {
            Act::Edit { edit, step } => Act::Retry { input: Some(edited(self.values(), &edit)?.after), step },
            act => act,
        };
        let poisoned = self.run.attention == Some(Attention::Poison);
        let stand_in = match &act {
            Act::Skip { output, .. } => Some(Arc::new(output.clone())),
            _ => None,
        };
        let past_pivot = act == Act::Compensate && self.run.pivot_now(self.definition) == Pivot::Perhaps;
        let (approved_by, approval_reason) =
            approval.map_or((None, None), |approval| (Some(approval.by), approval.reason));
        let acted = Change::OperatorActed { act, reason, paused_ms: None, past_pivot, approved_by, approval_reason };
        self.emit_by(actor, self.run.stuck().map(|e| e.id), acted);
        if let Some(output) = stand_in {
            self.skip(output);
            self.stay_parked_by_another_branch();
        } else if poisoned {
            self.interrupt_calls()?;
        }
        Ok(())
    }

    /// One failed step was skipped; a run of which another branch failed too still waits for a person.
    pub(crate) fn stay_parked_by_another_branch(&mut self) {
        let failed = self.run.failed().map(|e| (e.id, e.progress.clone()));
        if let Some((id, Progress::Failed { error, .. })) = failed
            && !self.run.is_parked()
        {
            let execution = Some(id);
            let in_doubt = self.run.execution(id).is_some_and(|e| e.impact.settles_at().is_some());
            let attention = if in_doubt { Attention::UnknownOutcome } else { Attention::Faulted };
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

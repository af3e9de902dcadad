//! What a run waits for (timers, messages, outcomes of calls), and what must not start meanwhile.

use crate::{Execution, ExecutionId, Progress, Role, Run, Time};

impl Run {
    /// Whether a call, or the start of a child run, is in progress.
    #[must_use]
    pub fn has_call_in_flight(&self) -> bool {
        self.open.iter().any(|e| e.is_in_flight() || e.starts_child())
    }

    /// Whether the outcome of a call is unknown: it is in progress, or its target is being asked.
    pub(crate) fn awaits_outcome(&self) -> bool {
        self.open.iter().any(|e| e.is_in_flight() || e.starts_child() || e.is_asked_about())
    }

    /// Whether the outcome of a call of another execution is unknown.
    pub(crate) fn awaits_outcome_beside(&self, id: Option<ExecutionId>) -> bool {
        let awaited = |e: &Execution| e.is_in_flight() || e.starts_child() || e.is_asked_about();
        self.open.iter().any(|e| awaited(e) && Some(e.id) != id)
    }

    /// Whether a message would make it continue: an event, or the end of a child run.
    #[must_use]
    pub fn awaits_message(&self) -> bool {
        self.queued || self.open.iter().any(|e| e.awaits_message())
    }

    /// Returns when the run continues by itself: the earliest timer that will change something. `None` while it is
    /// driven, parked, suspended or closed.
    #[must_use]
    pub fn wake_at(&self) -> Option<Time> {
        if self.is_closed() || self.is_parked() || self.suspended || self.queued {
            return None;
        }
        let timers = self.open.iter().filter_map(|e| match e.timer() {
            // Effects that may still happen at a target are waited for, whatever else is on hold.
            at if e.is_asked_about() => at,
            _ if !self.goes_on(e) => None,
            at => at.into_iter().chain(e.deadline.filter(|_| !self.waits_for_answer_about(Some(e.id)))).min(),
        });
        let undo = self.compensation.iter().filter(|_| self.open.is_empty()).filter_map(|c| c.plan.first()?.settles_at);
        timers.chain(undo).chain(self.deadline.filter(|_| self.is_timed())).min()
    }

    /// Whether the workflow's timeout may end the run now.
    pub(crate) fn is_timed(&self) -> bool {
        self.stop.is_none() && self.compensation.is_none() && !self.waits_for_answer_about(None)
    }

    /// Whether a target is being asked about a call inside an execution (or in the whole run), or a child run is being
    /// started there. Until this is known, timeouts around it do not fire, because nobody could tell what was done.
    pub(crate) fn waits_for_answer_about(&self, id: Option<ExecutionId>) -> bool {
        let is_unknown = |e: &Execution| e.is_asked_about() || e.starts_child();
        self.open.iter().any(|e| is_unknown(e) && id.is_none_or(|id| self.is_inside(e.id, id)))
    }

    /// Whether an execution may start something: neither the run nor a task around it is about to end. A failure may
    /// still be handled, and a reconciliation continues.
    pub(crate) fn goes_on(&self, execution: &Execution) -> bool {
        let ends = self.stop.is_some() && self.compensation.is_none();
        if !ends && !self.open.iter().any(|e| e.held) {
            return true;
        }
        let is_failure = matches!(execution.progress, Progress::Failed { .. });
        matches!(self.track(execution.id), Role::Reconcile(_))
            || (!ends && (is_failure || !self.is_held_inside(execution)))
    }

    /// Whether an execution, or one around it, ends as soon as the outcome of calls inside is known.
    pub(crate) fn is_held_inside(&self, execution: &Execution) -> bool {
        let failed = |e: &Execution| matches!(e.progress, Progress::Failed { .. });
        // An error inside a branch that lost a race no longer holds anything.
        let waits_for_end = |e: &Execution| !matches!(e.progress, Progress::Try(_));
        let fails_inside = |around: ExecutionId| self.open.iter().any(|e| failed(e) && self.is_inside(e.id, around));
        let holds = |e: &Execution| e.held && (waits_for_end(e) || fails_inside(e.id));
        holds(execution) || self.ancestors(execution.id).into_iter().filter_map(|id| self.execution(id)).any(holds)
    }
}

//! What a run waits for: timers, messages, the outcome of calls; and what may not begin meanwhile.

use crate::{Execution, ExecutionId, Progress, Role, Run, Time};

impl Run {
    /// Whether a call, or the start of a child run, is on its way.
    #[must_use]
    pub fn has_call_in_flight(&self) -> bool {
        self.open.iter().any(|e| e.is_in_flight() || e.starts_child())
    }

    /// Whether the outcome of a call is not known yet: it is on its way, or its target is asked about it.
    pub(crate) fn awaits_outcome(&self) -> bool {
        self.open.iter().any(|e| e.is_in_flight() || e.starts_child() || e.is_asked_about())
    }

    /// Whether the outcome of a call of another execution than this one is not known yet.
    pub(crate) fn awaits_outcome_beside(&self, id: Option<ExecutionId>) -> bool {
        let awaited = |e: &Execution| e.is_in_flight() || e.starts_child() || e.is_asked_about();
        self.open.iter().any(|e| awaited(e) && Some(e.id) != id)
    }

    /// Whether it continues when someone tells it something: an event, or the end of a child run.
    #[must_use]
    pub fn awaits_message(&self) -> bool {
        self.queued || self.open.iter().any(|e| e.awaits_message())
    }

    /// When something happens by itself: the earliest timer that will change something. None while it is driven, parked,
    /// suspended or closed.
    #[must_use]
    pub fn wake_at(&self) -> Option<Time> {
        if self.is_closed() || self.is_parked() || self.suspended || self.queued {
            return None;
        }
        let timers = self.open.iter().filter_map(|e| match e.timer() {
            // Whatever else is held up: what may still happen at a target is waited for.
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

    /// Whether a target is being asked about a call inside an execution, or anywhere in the run, or a child run is about to start
    /// there. Until that is known, no timeout around it strikes: nobody could say what had been done.
    pub(crate) fn waits_for_answer_about(&self, id: Option<ExecutionId>) -> bool {
        let is_unknown = |e: &Execution| e.is_asked_about() || e.starts_child();
        self.open.iter().any(|e| is_unknown(e) && id.is_none_or(|id| self.is_inside(e.id, id)))
    }

    /// Whether an execution may begin something: neither the run nor a task around it is about to end. What has failed may still
    /// say so, and what asks about a call continues.
    pub(crate) fn goes_on(&self, execution: &Execution) -> bool {
        let ends = self.stop.is_some() && self.compensation.is_none();
        if !ends && !self.open.iter().any(|e| e.held) {
            return true;
        }
        let is_failure = matches!(execution.progress, Progress::Failed { .. });
        matches!(self.track(execution.id), Role::Reconcile(_))
            || (!ends && (is_failure || !self.is_held_inside(execution)))
    }

    /// Whether an execution, or something around it, ends as soon as the outcome of calls inside is known.
    pub(crate) fn is_held_inside(&self, execution: &Execution) -> bool {
        let failed = |e: &Execution| matches!(e.progress, Progress::Failed { .. });
        // An error that the end of a race took away holds nothing any more.
        let waits_for_end = |e: &Execution| !matches!(e.progress, Progress::Try(_));
        let fails_inside = |around: ExecutionId| self.open.iter().any(|e| failed(e) && self.is_inside(e.id, around));
        let holds = |e: &Execution| e.held && (waits_for_end(e) || fails_inside(e.id));
        holds(execution) || self.ancestors(execution.id).into_iter().filter_map(|id| self.execution(id)).any(holds)
    }
}

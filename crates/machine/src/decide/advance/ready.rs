//! What a run can do next, as its state and the time say. Nothing here evaluates an expression or changes anything.

use crate::decide::calls::pivot::belongs_to_pivot;
use crate::task;
use crate::{CallPhase, Execution, ExecutionId, Next, Progress, Role, Run, Time, TryPhase};
use stepwell_language::dsl::{Definition, Resend};

/// What is ready to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    Hold(ExecutionId),
    Raise(ExecutionId),
    Timeout(ExecutionId),
    RunTimeout,
    Again(ExecutionId),
    Attempt(ExecutionId),
    Reconcile(ExecutionId),
    Resolve(ExecutionId),
    WaitOver(ExecutionId),
    Round(ExecutionId),
    Begin(Option<ExecutionId>, usize),
    Iterate(ExecutionId),
    EndIteration(ExecutionId),
    NextSegment(ExecutionId),
    ListDone(ExecutionId),
    Undo,
    Finish,
}

/// The run as it is so far, asked for what is ready.
#[derive(Clone, Copy)]
pub(crate) struct Readiness<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) run: &'a Run,
    pub(crate) now: Time,
    pub(crate) blocked: &'a [Ready],
}

impl Readiness<'_> {
    pub(crate) fn next(&self) -> Option<Ready> {
        let may = |ready: &Ready| !self.blocked.contains(ready);
        if self.run.deadline.is_some_and(|at| at <= self.now) && self.run.is_timed() && may(&Ready::RunTimeout) {
            return Some(Ready::RunTimeout);
        }
        let mut late = self.run.open.iter().filter(|e| self.is_late(e)).map(|e| Ready::Timeout(e.id));
        if let Some(late) = late.find(may) {
            return Some(late);
        }
        // A race that is won ends before its losers do anything more.
        for over in self.run.open.iter().filter(|e| task::is_over(self.definition, e)) {
            match self.must_be_known_inside(over.id) {
                false => return Some(Ready::ListDone(over.id)),
                true if !over.held => return self.hold(over.id),
                true => {}
            }
        }
        // The innermost execution first: what is around it waits for it.
        if let Some(ready) = self.run.open.iter().rev().filter_map(|e| self.of(e)).find(may) {
            return Some(ready);
        }
        if let Some(compensation) = &self.run.compensation {
            // An undo that comes before what it undoes would undo nothing.
            let settled = compensation.plan.first().and_then(|next| next.settles_at).is_none_or(|at| at <= self.now);
            return (self.run.open.is_empty() && settled).then_some(Ready::Undo);
        }
        let next = match self.run.root.next {
            Next::Task(index) if index < self.definition.root.len() => Some(Ready::Begin(None, index)),
            Next::Task(_) | Next::Finished | Next::Ended => Some(Ready::Finish),
            Next::Busy => None,
        };
        next.filter(may)
    }

    pub(crate) fn is_late(&self, execution: &Execution) -> bool {
        execution.deadline.is_some_and(|at| at <= self.now)
            && self.run.goes_on(execution)
            && !self.run.waits_for_answer_about(Some(execution.id))
    }

    /// The call whose outcome has to be asked for now, if this is one.
    fn question(&self, execution: &Execution) -> Option<ExecutionId> {
        let Progress::Call(call) = &execution.progress else { return None };
        let is_due = match &call.phase {
            CallPhase::Reconciling { .. } => true,
            CallPhase::Unsettled { until, .. } => *until <= self.now,
            _ => false,
        };
        let is_asked = || self.run.open.iter().any(|e| e.role == Role::Reconcile(execution.id));
        (is_due && !is_asked()).then_some(execution.id)
    }

    pub(crate) fn of(&self, execution: &Execution) -> Option<Ready> {
        let id = execution.id;
        if let Some(question) = self.question(execution) {
            return Some(Ready::Reconcile(question));
        }
        if execution.is_found() {
            return Some(Ready::Resolve(id));
        }
        if !self.run.goes_on(execution) {
            return None;
        }
        task::ready(self, execution)
    }

    /// The task that may end when an execution fails: the outermost `try` that could catch its error.
    pub(crate) fn ends_around(&self, id: ExecutionId) -> Option<ExecutionId> {
        let could_catch = |around: &ExecutionId| {
            let progress = self.run.execution(*around).map(|e| &e.progress);
            matches!(progress, Some(Progress::Try(progress)) if progress.phase == TryPhase::Body)
        };
        self.run.ancestors(id).into_iter().rev().find(could_catch)
    }

    /// Whether something inside an execution must not be given up before its outcome is known: a call that must not be sent twice, or
    /// is the point of no return, or whose target is being asked about it; or the start of a child run, which nobody could undo while
    /// it may still happen.
    pub(crate) fn must_be_known_inside(&self, around: ExecutionId) -> bool {
        self.run.open.iter().any(|e| self.must_be_known(e) && e.id != around && self.run.is_inside(e.id, around))
    }

    /// The same for one execution.
    pub(crate) fn must_be_known(&self, execution: &Execution) -> bool {
        let sent_once = self.definition.task(execution.task).metadata.resend == Resend::Never;
        let matters = || sent_once || belongs_to_pivot(self.definition, self.run, execution);
        execution.is_asked_about()
            || execution.starts_child()
            || (execution.is_in_flight() && execution.changes_target() && matters())
    }

    /// An execution that failed waits until the calls beside it have outcomes. Then its error continues.
    pub(crate) fn after_failure(&self, id: ExecutionId) -> Option<Ready> {
        match self.ends_around(id).filter(|around| self.must_be_known_inside(*around)) {
            Some(around) => self.hold(around),
            None if self.is_in_won_race(id) => None,
            None => Some(Ready::Raise(id)),
        }
    }

    /// Whether a `fork` or loop around an execution is over, and only waits for what is still under way in it.
    pub(crate) fn is_in_won_race(&self, id: ExecutionId) -> bool {
        self.run
            .ancestors(id)
            .into_iter()
            .filter_map(|id| self.run.execution(id))
            .any(|e| task::is_over(self.definition, e))
    }

    /// Lets nothing more begin inside an execution, once.
    pub(crate) fn hold(&self, around: ExecutionId) -> Option<Ready> {
        let is_held = self.run.execution(around).is_some_and(|e| e.held);
        (!is_held).then_some(Ready::Hold(around))
    }
}

//! What ends with what: the rules of `apply` for executions that end with the one around them, or with the run.

use std::sync::Arc;

use serde_json::Value;

use super::{History, State, Step, Undoing, What};
use crate::{ExecutionId, Role, Time, WorkflowError};
use stepwell_language::dsl::Part;

impl History {
    /// Ends what is open inside an execution, and what asks about it. What has failed stays a failure.
    pub(super) fn end_below(&mut self, execution: ExecutionId, at: Time, state: State) {
        let mut around = vec![execution];
        while let Some(around_id) = around.pop() {
            // Most steps have nothing open inside when they end: the open ones are not looked through then.
            if self.step(around_id).is_none_or(|step| step.inner.open_inside == 0) {
                continue;
            }
            let belongs = |step: &Step| step.parent == Some(around_id) || step.role == Role::Reconcile(around_id);
            let inside: Vec<ExecutionId> = self.open().filter(|step| belongs(step)).map(|s| s.execution).collect();
            for inner in inside {
                self.end_with(inner, at, state);
                around.push(inner);
            }
        }
    }

    /// Ends an execution because something else ended.
    fn end_with(&mut self, execution: ExecutionId, at: Time, state: State) {
        let Some(step) = self.close(execution) else { return };
        match (step.state, step.ended_at) {
            (State::Stuck, Some(failed_at)) => step.end(failed_at, State::Faulted),
            _ => step.end(at, state),
        }
    }

    /// Takes an execution out of those that are open.
    pub(super) fn close(&mut self, execution: ExecutionId) -> Option<&mut Step> {
        let place = *self.places.get(&execution)?;
        if self.open.remove(&place) {
            let around = self.steps[place].directly_around();
            if let Some(around) = around.and_then(|around| self.step_mut(around)) {
                around.inner.open_inside = around.inner.open_inside.saturating_sub(1);
            }
        }
        self.steps.get_mut(place)
    }

    pub(super) fn end_all(&mut self, at: Time, state: State) {
        for place in std::mem::take(&mut self.open) {
            let step = &mut self.steps[place];
            step.inner.open_inside = 0;
            match (step.state, step.ended_at) {
                (State::Stuck, Some(failed_at)) => step.end(failed_at, State::Faulted),
                _ => step.end(at, state),
            }
        }
    }

    /// The run is over.
    pub(super) fn finish(&mut self, at: Time, state: State) {
        self.ended_at = Some(at);
        (self.attention, self.suspended, self.is_undoing) = (None, false, false);
        self.end_all(at, state);
    }

    /// The execution fails and stays open for a `try` or a person; what is below it ends.
    pub(super) fn fail(&mut self, execution: ExecutionId, error: &WorkflowError, at: Time) {
        self.end_below(execution, at, State::Faulted);
        let Some(step) = self.step_mut(execution) else { return };
        step.error = Some(error.clone());
        step.end(at, State::Stuck);
        step.inner.held = false;
    }

    /// A `try` caught an error: what was to end because of it has ended.
    pub(super) fn release(&mut self, execution: ExecutionId) {
        let Some(step) = self.step(execution) else { return };
        let around: Vec<ExecutionId> = self.around(step).map(|step| step.execution).collect();
        for held in std::iter::once(execution).chain(around) {
            if let Some(step) = self.step_mut(held) {
                step.inner.held = false;
            }
        }
    }

    /// Hands an output to the list that the ended execution belongs to.
    pub(super) fn leave(&mut self, execution: ExecutionId, output: &Arc<Value>, at: Time) {
        let Some((role, parent)) = self.step(execution).map(|step| (step.role, step.parent)) else { return };
        match (role, parent) {
            (Role::Undo(_), _) => self.attention = None,
            (Role::Reconcile(of), _) => self.told(of, output, at),
            (Role::Step, None) => self.data = Some(Arc::clone(output)),
            (Role::Step, Some(parent)) => {
                let Some(around) = self.step_mut(parent).filter(|around| !around.inner.is_parallel) else { return };
                around.inner.data = Some(Arc::clone(output));
                if around.inner.in_own_part {
                    around.inner.own_output = Some(Arc::clone(output));
                }
            }
        }
    }

    /// The target answered the question about a call. Null means that it did not act, but only once the settle time has passed.
    fn told(&mut self, of: ExecutionId, output: &Arc<Value>, at: Time) {
        if let Some(earlier) = self.earlier.get_mut(&of).filter(|_| !output.is_null()) {
            earlier.output = Arc::clone(output);
        }
        let Some(step) = self.step_mut(of) else { return };
        if !step.is_open() {
            // What is not there needs no undo; of what is there the undo is given what the target says.
            match output.is_null() {
                true => step.undoing = Some(Undoing::LeftAsIs),
                false => step.inner.told = Some(Arc::clone(output)),
            }
            return;
        }
        let settles_at = step.inner.settles_at.filter(|until| output.is_null() && at < *until);
        if output.is_null() && settles_at.is_none() {
            step.inner.settles_at = None;
        }
        let failure = step.attempts.last().and_then(|attempt| attempt.failure.as_ref()).filter(|_| output.is_null());
        match settles_at.or_else(|| failure?.retry_if_unacted) {
            Some(until) => step.wait(at, until),
            None => step.resume(at),
        }
    }

    /// An undo that is not wanted: the effect stays. Whatever was open belonged to the undo, so it is over.
    pub(super) fn skip_undo(&mut self, of: ExecutionId, at: Time) {
        if let Some(step) = self.step_mut(of) {
            step.undoing = Some(Undoing::LeftAsIs);
        }
        let undoing: Vec<ExecutionId> =
            self.open().filter(|step| step.role == Role::Undo(of)).map(|step| step.execution).collect();
        for undo in undoing {
            if let Some(step) = self.close(undo) {
                step.end(at, State::Skipped);
            }
        }
        self.end_all(at, State::Skipped);
        self.attention = None;
    }

    /// Whether something around a step ends as soon as the outcome of calls inside is known.
    pub(super) fn is_held_inside(&self, step: &Step) -> bool {
        self.around(step).any(|around| around.inner.held)
    }

    /// A question that failed is not asked any more when the run ends.
    pub(super) fn drop_failed_questions(&mut self, at: Time) {
        let top = |step: &Step| self.around(step).last().map_or((step.execution, step.role), |t| (t.execution, t.role));
        let failed = self.open().filter(|step| step.state == State::Stuck).map(top);
        let questions: Vec<ExecutionId> =
            failed.filter(|(_, role)| matches!(role, Role::Reconcile(_))).map(|(question, _)| question).collect();
        for question in questions {
            self.end_below(question, at, State::Faulted);
            self.end_with(question, at, State::Faulted);
        }
    }
}

impl Step {
    /// The execution with which it ends.
    pub(super) fn directly_around(&self) -> Option<ExecutionId> {
        match self.role {
            Role::Reconcile(of) => Some(of),
            Role::Step | Role::Undo(_) => self.parent,
        }
    }

    /// An extended task goes on to its next part.
    pub(super) fn begin_part(&mut self, part: Part) {
        let own = self.inner.own_output.clone().filter(|_| part == Part::After);
        self.inner.in_own_part = part == Part::Task;
        self.inner.data = own.or_else(|| self.seen());
    }

    pub(super) fn turn(&mut self, place: usize, at: Time, what: What) {
        self.turns.push(super::Turn { place, at, what });
    }
}

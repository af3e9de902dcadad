//! `try`: which errors it catches, and whether its body runs again, its handler runs, or the run continues.

use std::sync::Arc;

use crate::decide::{Decider, Values, retry};
use crate::decide::{Halt, Scope, error_value};
use crate::{
    Caught, Change, Execution, ExecutionId, Progress, Time, TryPhase, TryProgress, WorkflowError, identity,
    same_error_type, time_after,
};
use stepwell_language::dsl::{Catch, ErrorFilter, RetryPolicy, TaskKind};

impl Values<'_> {
    /// What a `try` does about an error from its body; none if it lets the error pass.
    pub(crate) fn catches(&self, id: ExecutionId, error: &WorkflowError) -> Result<Option<Caught>, Halt> {
        let Some(execution) = self.run.execution(id) else { return Ok(None) };
        let (TaskKind::Try(task), Progress::Try(progress)) =
            (&self.definition.task(execution.task).kind, &execution.progress)
        else {
            return Ok(None);
        };
        if progress.phase != TryPhase::Body || !matches(&task.catch.with, error) {
            return Ok(None);
        }
        let scope = self.judging(execution, &task.catch, error);
        if !self.wanted(task.catch.when.as_ref(), task.catch.except_when.as_ref(), execution, &scope)? {
            return Ok(None);
        }
        if let Some(policy) = &task.catch.retry
            && let Some(at) = self.next_round(policy, execution, progress, &scope)?
        {
            return Ok(Some(Caught::Retry(at)));
        }
        Ok(match (&task.catch.handler, &task.catch.retry) {
            (Some(_), _) => Some(Caught::Handle),
            // Retries are used up and nobody handles the error: it goes up.
            (None, Some(_)) => None,
            (None, None) => Some(Caught::Pass),
        })
    }

    fn judging(&self, execution: &Execution, catch: &Catch, error: &WorkflowError) -> Scope {
        let mut scope = self.scope_of_open(execution);
        scope.local.push((catch.variable.clone(), Arc::new(error_value(error))));
        scope
    }

    fn wanted(
        &self,
        when: Option<&stepwell_expr::Expression>,
        except_when: Option<&stepwell_expr::Expression>,
        execution: &Execution,
        scope: &Scope,
    ) -> Result<bool, Halt> {
        if let Some(when) = when
            && !self.holds(when, &execution.input, scope)?
        {
            return Ok(false);
        }
        match except_when {
            Some(except) => Ok(!self.holds(except, &execution.input, scope)?),
            None => Ok(true),
        }
    }

    /// When the body runs again, if the policy still allows it.
    fn next_round(
        &self,
        policy: &RetryPolicy,
        execution: &Execution,
        progress: &TryProgress,
        scope: &Scope,
    ) -> Result<Option<Time>, Halt> {
        if !self.wanted(policy.when.as_ref(), policy.except_when.as_ref(), execution, scope)? {
            return Ok(None);
        }
        if policy.count_max.is_some_and(|max| progress.retries >= max) {
            return Ok(None);
        }
        let clock = self.run.clock(self.now);
        let measured = |spec: &Option<_>| spec.as_ref().map(|s| self.duration(s, &execution.input, scope)).transpose();
        if let Some(longest) = measured(&policy.attempt_duration)?
            && clock > time_after(progress.round_started_at, longest)
        {
            return Ok(None);
        }
        let base = measured(&policy.delay)?.unwrap_or_default();
        let n = progress.retries + 1;
        let mut delay = retry::backoff_delay(base, &policy.backoff, n);
        if let Some((from, to)) = &policy.jitter {
            let from = self.duration(from, &execution.input, scope)?;
            let to = self.duration(to, &execution.input, scope)?;
            let seed = identity::seed(self.run.id, execution.id, n);
            delay += from + retry::fraction(to.saturating_sub(from), seed);
        }
        let since = progress.first_caught_at.unwrap_or(clock);
        let ends = time_after(clock, delay);
        let too_late = measured(&policy.duration_max)?.is_some_and(|longest| ends > time_after(since, longest));
        Ok((!too_late).then(|| time_after(self.now, delay)))
    }
}

impl Decider<'_> {
    /// Runs the body of a `try` again.
    pub(crate) fn start_round(&mut self, id: ExecutionId) {
        let Some(Progress::Try(progress)) = self.run.execution(id).map(|e| &e.progress) else { return };
        let round = progress.highest_round + 1;
        self.emit(Some(id), Change::RoundStarted { execution: id, round });
    }
}

/// Whether an error has every property that the filter names.
fn matches(filter: &ErrorFilter, error: &WorkflowError) -> bool {
    let same = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
    filter.r#type.as_deref().is_none_or(|wanted| same_error_type(wanted, &error.r#type))
        && filter.status.is_none_or(|wanted| wanted == error.status)
        && same(&filter.instance, &error.instance)
        && same(&filter.title, &error.title)
        && same(&filter.detail, &error.detail)
}

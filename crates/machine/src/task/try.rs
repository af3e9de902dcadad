//! `try`: which errors it catches, and whether its body runs again, its handler runs, or the run continues.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::apply::{Applied, GONE, close_below, rewind};
use crate::decide::{Decider, Values, retry};
use crate::decide::{Halt, Scope, error_value};
use crate::{
    Caught, Change, Cursor, Execution, ExecutionId, Next, Progress, Run, Time, WorkflowError, identity,
    same_error_type, time_after,
};
use stepwell_language::dsl::{Catch, Definition, ErrorFilter, RetryPolicy, TaskKind};

/// Progress of a `try`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TryProgress {
    /// Position in the body or in the handler.
    pub cursor: Cursor,
    /// Whether the body or the handler runs, or neither.
    pub phase: TryPhase,
    /// Round of the tasks in the body.
    pub round: u32,
    /// Highest round of anything inside, so that rounds of nested tries never collide.
    pub highest_round: u32,
    /// Number of rounds begun after the first.
    pub retries: u32,
    /// Time at which its first error was caught.
    pub first_caught_at: Option<Time>,
    /// Time at which the current round began.
    pub round_started_at: Time,
}

/// The part of a `try` that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TryPhase {
    /// The body runs.
    Body,
    /// The body runs again later.
    Backoff {
        /// When it is asked again.
        until: Time,
    },
    /// `catch.do` runs.
    Handler {
        /// The caught error.
        error: WorkflowError,
    },
}

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

/// A `try` that begins with its body.
pub(super) fn opened(round: u32, cursor: Cursor, at: Time) -> Progress {
    Progress::Try(Box::new(TryProgress {
        cursor,
        phase: TryPhase::Body,
        round,
        highest_round: round,
        retries: 0,
        first_caught_at: None,
        round_started_at: at,
    }))
}

/// A `try` caught an error.
pub(crate) fn caught(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    error: &WorkflowError,
    then: Caught,
    at: Time,
) -> Applied {
    close_below(definition, run, id);
    for around in std::iter::once(id).chain(run.ancestors(id)) {
        if let Some(execution) = run.execution_mut(around) {
            execution.held = false;
        }
    }
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let input = Arc::clone(&execution.input);
    let Progress::Try(progress) = &mut execution.progress else { return Err(NOT_A_TRY) };
    progress.first_caught_at.get_or_insert(at);
    match then {
        Caught::Retry(until) => {
            progress.phase = TryPhase::Backoff { until };
            progress.cursor.next = Next::Busy;
        }
        Caught::Handle => {
            progress.phase = TryPhase::Handler { error: error.clone() };
            progress.cursor = Cursor::first(input);
        }
        Caught::Pass => {
            progress.phase = TryPhase::Handler { error: error.clone() };
            progress.cursor = Cursor { next: Next::Finished, data: input };
        }
    }
    Ok(())
}

/// The body of a `try` runs again.
pub(crate) fn round_started(definition: &Definition, run: &mut Run, id: ExecutionId, round: u32, at: Time) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let input = Arc::clone(&execution.input);
    let Progress::Try(progress) = &mut execution.progress else { return Err(NOT_A_TRY) };
    progress.cursor = Cursor::first(input);
    progress.phase = TryPhase::Body;
    (progress.round, progress.highest_round) = (round, round);
    progress.retries += 1;
    progress.round_started_at = at;
    rewind(definition, run, id);
    for outer in run.ancestors(id) {
        if let Some(Progress::Try(outer)) = run.execution_mut(outer).map(|e| &mut e.progress) {
            outer.highest_round = outer.highest_round.max(round);
        }
    }
    Ok(())
}

const NOT_A_TRY: &str = "the execution is not a try";

impl TryProgress {
    /// What its handler handles, for expressions.
    pub(super) fn error(&self) -> Option<Value> {
        match &self.phase {
            TryPhase::Handler { error } => Some(error_value(error)),
            _ => None,
        }
    }
}

//! When to try again: a connection's retries of one call, and `catch.retry` of a whole body.

use std::time::Duration;

use super::{CallFailure, CallProgress, ExecutionId, FaultClass, RunId, Time, identity, time_after};
use crate::dsl::Backoff;

/// Longest wait that a target may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// When the next attempt of a call is due, or none. Full jitter: uniform between nothing and the backoff's delay, but never
/// before the target's own `Retry-After`. `clock` is the run's own: how long it has been tried does not count pauses.
#[must_use]
pub fn next_attempt(
    run: RunId,
    execution: ExecutionId,
    call: &CallProgress,
    failure: &CallFailure,
    now: Time,
    clock: Time,
) -> Option<Time> {
    let asked = failure.retry_after.map(|after| after.min(RETRY_AFTER_MAX));
    match failure.class {
        // A throttle that says when it ends costs no retry: trying sooner cannot help, giving up would be wrong.
        FaultClass::Throttled => Some(time_after(now, asked.unwrap_or(failure.retry.delay_max))),
        FaultClass::Transient => {
            let failures = call.failures + 1;
            let policy = &failure.retry;
            let ceiling = grown(policy.delay, policy.multiplier, failures - 1).min(policy.delay_max);
            let delay = fraction(ceiling, identity::seed(run, execution, call.attempt)).max(asked.unwrap_or_default());
            let due = time_after(now, delay);
            let since = call.first_failure_at.unwrap_or(clock);
            let in_time =
                time_after(clock, delay) <= time_after(since, policy.duration_max.max(asked.unwrap_or_default()));
            (failures < policy.attempts_max && in_time).then_some(due)
        }
        FaultClass::Credentials | FaultClass::Duplicate | FaultClass::Permanent | FaultClass::Person => None,
    }
}

/// Delay before re-run number `n` (from 1) of a `try`'s body, jitter left out.
#[must_use]
pub fn backoff_delay(base: Duration, backoff: &Backoff, n: u32) -> Duration {
    match backoff {
        Backoff::Constant => base,
        Backoff::Linear => base.saturating_mul(n),
        Backoff::Exponential { multiplier, max_delay } => {
            grown(base, *multiplier, n.saturating_sub(1)).min(max_delay.unwrap_or(RETRY_AFTER_MAX))
        }
    }
}

/// `base * multiplier^times`, at most a day.
fn grown(base: Duration, multiplier: f64, times: u32) -> Duration {
    let factor = multiplier.max(1.0).powi(i32::try_from(times).unwrap_or(i32::MAX));
    let seconds = base.as_secs_f64() * factor;
    if seconds.is_finite() {
        Duration::from_secs_f64(seconds.min(RETRY_AFTER_MAX.as_secs_f64()))
    } else {
        RETRY_AFTER_MAX
    }
}

/// A part of a duration, chosen by a seed.
#[must_use]
pub fn fraction(whole: Duration, seed: u64) -> Duration {
    #[allow(clippy::cast_precision_loss, reason = "53 bits of a seed are enough to spread retries")]
    let part = (seed >> 11) as f64 / (1_u64 << 53) as f64;
    whole.mul_f64(part)
}

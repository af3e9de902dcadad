//! When to try again: a connection's retries of one call, and `catch.retry` of a whole body.

use std::time::Duration;

use crate::{CallFailure, CallProgress, ExecutionId, FaultClass, RunId, Time, identity, time_after};
use stepwell_language::dsl::Backoff;

/// Longest wait that a target may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// Shortest wait before another attempt, whatever the target says and the jitter gives.
const DELAY_MIN: Duration = Duration::from_millis(50);

/// Longest time for which a target may put off a call. A daily limit ends within it; what lasts longer is for a person.
const THROTTLED_MAX: Duration = Duration::from_hours(72);

/// When the next attempt of a call is due, or none. Full jitter: uniform between nothing and the backoff's delay, but never
/// before the target's own `Retry-After`. `clock` is the run's own: how long it has been tried does not count pauses.
///
/// A throttle costs no attempt of the policy, because trying sooner cannot help and giving up would be wrong. It has a budget of time, and
/// its waits grow as others do: a target that says `Retry-After: 0` each time is not asked without pause.
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
    let policy = &failure.retry;
    let jittered = |ceiling| fraction(ceiling, identity::seed(run, execution, call.attempt));
    let in_time =
        |since: Option<Time>, delay, longest| time_after(clock, delay) <= time_after(since.unwrap_or(clock), longest);
    match failure.class {
        // Held back here: nothing was sent, and the part that holds it back says when it may go.
        FaultClass::Throttled if failure.response.is_none() => Some(time_after(now, asked.unwrap_or(policy.delay_max))),
        FaultClass::Throttled => {
            let half = grown(policy.delay, policy.multiplier, call.throttles).min(policy.delay_max) / 2;
            let delay = asked.unwrap_or(policy.delay_max).max(half).max(DELAY_MIN) + jittered(half);
            in_time(call.first_throttled_at, delay, THROTTLED_MAX).then(|| time_after(now, delay))
        }
        FaultClass::Transient => {
            let failures = call.failures + 1;
            let ceiling = grown(policy.delay, policy.multiplier, failures - 1).min(policy.delay_max);
            let delay = jittered(ceiling).max(asked.unwrap_or_default()).max(DELAY_MIN.min(policy.delay));
            let longest = policy.duration_max.max(asked.unwrap_or_default());
            (failures < policy.attempts_max && in_time(call.first_failure_at, delay, longest))
                .then(|| time_after(now, delay))
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

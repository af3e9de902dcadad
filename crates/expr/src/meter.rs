//! Limits the cost of an evaluation. Every operation of [`Val`](crate::value::Val) charges steps and bytes here. When a
//! limit is exceeded, the evaluation unwinds to [`within`], so a `try` in the expression cannot catch it.
//!
//! The meter is thread-local, because jq's operations (`==`, `clone`) have no argument to pass it. Outside of
//! [`within`] nothing is limited.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The most that one evaluation may cost. Steps and bytes are counted and not timed, so an expression behaves the same
/// everywhere.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Operations on values; each takes a few dozen nanoseconds.
    pub steps: u64,
    /// Bytes allocated for values, including freed ones.
    pub bytes: u64,
    /// Deepest nesting of a value.
    pub depth: u32,
    /// Steps of a backtracking regular expression (look-around, back references); 0 forbids them.
    pub backtracking: usize,
}

impl Limits {
    /// In the process: ends within 50 ms and with a stack of 2 MiB.
    pub const IN_PROCESS: Self = Self { steps: 100_000, bytes: 32 << 20, depth: 400, backtracking: 0 };

    /// In the evaluator child, which also has a deadline, a larger stack and a memory limit.
    pub const IN_CHILD: Self = Self { steps: 100_000_000, bytes: 1 << 30, depth: 50_000, backtracking: 5_000_000 };

    const NONE: Self = Self { steps: u64::MAX, bytes: u64::MAX, depth: u32::MAX, backtracking: 1_000_000 };
}

/// The limit that an evaluation exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// More steps than [`Limits::steps`].
    #[error("it needs more than {0} steps")]
    Steps(u64),
    /// More bytes than [`Limits::bytes`].
    #[error("it needs more than {0} bytes of memory")]
    Bytes(u64),
    /// A value nested deeper than [`Limits::depth`].
    #[error("a value is nested deeper than {0} levels")]
    Depth(u32),
    /// More backtracking than [`Limits::backtracking`].
    #[error("a regular expression with look-around or back references needs more than {0} steps")]
    Backtracking(usize),
    /// The interpreter panicked, which is a bug but does not affect the process.
    #[error("the jq interpreter failed on it")]
    Panicked,
}

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(u64::MAX) };
    static BYTES: Cell<u64> = const { Cell::new(u64::MAX) };
    static LIMITS: Cell<Limits> = const { Cell::new(Limits::NONE) };
}

/// Runs an evaluation within limits.
///
/// # Errors
/// The limit that was exceeded.
pub(crate) fn within<T>(limits: Limits, evaluation: impl FnOnce() -> T) -> Result<T, Exhausted> {
    let outer = (STEPS.replace(limits.steps), BYTES.replace(limits.bytes), LIMITS.replace(limits));
    let outcome = catch_unwind(AssertUnwindSafe(evaluation));
    STEPS.set(outer.0);
    BYTES.set(outer.1);
    LIMITS.set(outer.2);
    outcome.map_err(|payload| payload.downcast::<Exhausted>().map_or(Exhausted::Panicked, |why| *why))
}

/// Charges steps.
pub(crate) fn charge(steps: u64) {
    match STEPS.get().checked_sub(steps) {
        Some(left) => STEPS.set(left),
        None => stop(Exhausted::Steps(LIMITS.get().steps)),
    }
}

/// Charges an operation that reads `bytes` bytes.
pub(crate) fn charge_scan(bytes: usize) {
    charge(1 + bytes as u64 / 64);
}

/// Charges bytes before they are allocated, and the steps to fill them.
pub(crate) fn charge_bytes(bytes: usize) {
    match BYTES.get().checked_sub(bytes as u64) {
        Some(left) => BYTES.set(left),
        None => stop(Exhausted::Bytes(LIMITS.get().bytes)),
    }
    charge_scan(bytes);
}

/// Checks the nesting of a value before it is built.
pub(crate) fn check_depth(depth: u32) {
    let max = LIMITS.get().depth;
    if depth > max {
        stop(Exhausted::Depth(max));
    }
}

/// Returns how many steps a regular expression may backtrack.
pub(crate) fn backtracking() -> usize {
    LIMITS.get().backtracking
}

/// Ends the evaluation. `resume_unwind` does not call the panic hook: this is control flow and not a bug.
pub(crate) fn stop(why: Exhausted) -> ! {
    resume_unwind(Box::new(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_over_its_limit_ends_and_the_outer_meter_continues() {
        let small = Limits { steps: 10, ..Limits::IN_PROCESS };
        let outer = within(Limits { steps: 100, ..small }, || {
            assert_eq!(within(small, || charge(11)), Err(Exhausted::Steps(10)));
            assert_eq!(within(small, || charge(10)), Ok(()));
            charge(100);
            charge(1);
        });
        assert_eq!(outer, Err(Exhausted::Steps(100)));
        charge(u64::MAX / 2);
    }

    #[test]
    fn a_defect_of_the_interpreter_is_contained() {
        assert_eq!(
            within(Limits::IN_PROCESS, || assert!(std::hint::black_box(false), "a defect")),
            Err(Exhausted::Panicked)
        );
    }
}

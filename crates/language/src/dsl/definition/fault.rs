//! Faults in a definition: `try`, `retry` and `raise`.

use std::time::Duration;

use super::{DurationSpec, TaskList};
use stepwell_expr::{Expression, Template};

/// `try`: tasks with an error handler.
#[derive(Debug)]
pub struct TryTask {
    /// The tasks to attempt.
    pub body: TaskList,
    /// Which errors are caught, and what follows.
    pub catch: Catch,
}

/// `catch`: which errors are caught, and what follows.
#[derive(Debug, Default)]
pub struct Catch {
    /// `errors.with`: the properties that the error must have.
    pub with: ErrorFilter,
    /// The variable for the error, without `$`; `error` by default.
    pub variable: String,
    /// Catches only if true. Sees the error in its variable and the input of the `try` as `.`.
    pub when: Option<Expression>,
    /// Catches only if not true.
    pub except_when: Option<Expression>,
    /// When the body runs again.
    pub retry: Option<RetryPolicy>,
    /// The tasks that run instead, once no retry is left.
    pub handler: Option<TaskList>,
}

/// `catch.errors.with`: every property that is set must be equal.
#[derive(Debug, Default)]
pub struct ErrorFilter {
    /// Error type URI; any of the three known prefixes matches the same error.
    pub r#type: Option<String>,
    /// The status, as in HTTP.
    pub status: Option<u16>,
    /// JSON pointer of the task that raised the error.
    pub instance: Option<String>,
    /// The exact title.
    pub title: Option<String>,
    /// The exact detail.
    pub detail: Option<String>,
}

/// `retry`: when and how often the body of a `try` runs again.
#[derive(Debug, Default)]
pub struct RetryPolicy {
    /// Retries only if true; sees the error.
    pub when: Option<Expression>,
    /// Retries only if not true; sees the error.
    pub except_when: Option<Expression>,
    /// Delay before the first retry.
    pub delay: Option<DurationSpec>,
    /// How the delay grows from retry to retry.
    pub backoff: Backoff,
    /// Most retries after the first attempt.
    pub count_max: Option<u32>,
    /// Longest duration of one attempt.
    pub attempt_duration: Option<DurationSpec>,
    /// Longest duration of all attempts, from the first fault.
    pub duration_max: Option<DurationSpec>,
    /// Added to each delay, uniformly distributed between the two durations.
    pub jitter: Option<(DurationSpec, DurationSpec)>,
}

/// `retry.backoff`: how the delay grows; n counts retries from 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Backoff {
    /// The same delay each time.
    #[default]
    Constant,
    /// delay * n
    Linear,
    /// delay * multiplier^(n-1), at most `max_delay`.
    Exponential {
        /// The multiplier; 2 by default.
        multiplier: f64,
        /// The longest delay; `None`: no limit.
        max_delay: Option<Duration>,
    },
}

/// `raise.error`, inline or by name: the parts of a problem document (RFC 7807).
#[derive(Debug)]
pub struct ErrorTemplate {
    /// Error type URI.
    pub r#type: Template,
    /// The status, as in HTTP.
    pub status: Template,
    /// A short summary for people.
    pub title: Option<Template>,
    /// What went wrong this time.
    pub detail: Option<Template>,
}

//! Faults in a definition: what is caught, what is tried again, what is raised.

use std::time::Duration;

use super::{DurationSpec, TaskList};
use stepwell_expr::{Expression, Template};

/// `try`
#[derive(Debug)]
pub struct TryTask {
    /// What is attempted.
    pub body: TaskList,
    /// Which errors are caught and what follows.
    pub catch: Catch,
}

/// `catch`
#[derive(Debug, Default)]
pub struct Catch {
    /// `errors.with`: every property given must be equal.
    pub with: ErrorFilter,
    /// The variable that holds the error, without `$`; `error` unless said otherwise.
    pub variable: String,
    /// Only if true; sees the error as its variable and the try's input as `.`.
    pub when: Option<Expression>,
    /// Only if not true.
    pub except_when: Option<Expression>,
    /// Run the body again.
    pub retry: Option<RetryPolicy>,
    /// Run these instead, once there is no retry left.
    pub handler: Option<TaskList>,
}

/// `catch.errors.with`
#[derive(Debug, Default)]
pub struct ErrorFilter {
    /// Error type URI; any of the three known prefixes matches the same error.
    pub r#type: Option<String>,
    /// HTTP-like status.
    pub status: Option<u16>,
    /// JSON pointer of the task that raised it.
    pub instance: Option<String>,
    /// Exact title.
    pub title: Option<String>,
    /// Exact detail.
    pub detail: Option<String>,
}

/// `retry`
#[derive(Debug, Default)]
pub struct RetryPolicy {
    /// Only if true; sees the error.
    pub when: Option<Expression>,
    /// Only if not true; sees the error.
    pub except_when: Option<Expression>,
    /// Base delay.
    pub delay: Option<DurationSpec>,
    /// How delays grow.
    pub backoff: Backoff,
    /// Number of retries after the first try.
    pub count_max: Option<u32>,
    /// Longest time for one round of the body.
    pub attempt_duration: Option<DurationSpec>,
    /// Longest time from the first fault.
    pub duration_max: Option<DurationSpec>,
    /// Added to each delay, uniformly between the two.
    pub jitter: Option<(DurationSpec, DurationSpec)>,
}

/// `retry.backoff`
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Backoff {
    /// The same delay each time.
    #[default]
    Constant,
    /// delay * n
    Linear,
    /// delay * multiplier^(n-1), at most `max_delay`.
    Exponential {
        /// 2 unless said otherwise.
        multiplier: f64,
        /// The longest delay.
        max_delay: Option<Duration>,
    },
}

/// `raise.error`, inline or by name.
#[derive(Debug)]
pub struct ErrorTemplate {
    /// Error type URI.
    pub r#type: Template,
    /// HTTP-like status.
    pub status: Template,
    /// Short text.
    pub title: Option<Template>,
    /// What happened this time.
    pub detail: Option<Template>,
}

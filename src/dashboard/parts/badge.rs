//! Badges: a status as text, shape and color, so that none of the three carries the meaning alone.

use crate::dashboard::run::timeline::State;

/// A badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge {
    /// CSS class, which sets the color.
    pub class: &'static str,
    pub label: &'static str,
    /// SVG path of the shape in a 16 by 16 box, drawn as lines.
    pub shape: &'static str,
}

const RING: &str = "M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5z";

/// Shapes by kind of status.
mod shape {
    pub const CHECK: &str = "M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5zM5.2 8.3l2 2l3.7-4.2";
    pub const PLAY: &str = "M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5zM6.6 5.4v5.2l4.2-2.6z";
    pub const CLOCK: &str = "M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5zM8 4.6v3.6l2.3 1.5";
    pub const PAUSE: &str = "M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5zM6.4 5.6v4.8M9.6 5.6v4.8";
    pub const BACK: &str = "M3.2 5.2h6.3a3.6 3.6 0 1 1 0 7.2h-3.5M5.6 2.4l-2.8 2.8l2.8 2.8";
    pub const CROSS: &str = "M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4";
    pub const SLASH: &str = "M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5zM3.8 12.2l8.4-8.4";
    pub const ALERT: &str = "M8 2l6.5 11.5h-13zM8 6.4v3.2M8 11.4v.2";
    pub const SKIP: &str = "M3 4l4.5 4l-4.5 4zM8 4l4.5 4l-4.5 4zM13.4 4v8";
}

/// Returns the badge for a run's status.
#[must_use]
pub fn of_run(status: &str) -> Badge {
    let (class, label, shape) = match status {
        "pending" => ("pending", "Pending", RING),
        "running" => ("running", "Running", shape::PLAY),
        "waiting" => ("waiting", "Waiting", shape::CLOCK),
        "suspended" => ("suspended", "Suspended", shape::PAUSE),
        "compensating" => ("compensating", "Compensating", shape::BACK),
        "completed" => ("completed", "Completed", shape::CHECK),
        "compensated" => ("compensated", "Compensated", shape::BACK),
        "cancelled" => ("cancelled", "Cancelled", shape::SLASH),
        "faulted" => ("faulted", "Faulted", shape::CROSS),
        _ => ("pending", "Unknown", RING),
    };
    Badge { class, label, shape }
}

/// Returns the badge for a batch's state.
#[must_use]
pub fn of_batch(state: &str) -> Badge {
    let (class, label, shape) = match state {
        "running" => ("running", "Running", shape::PLAY),
        "ended" => ("completed", "Ended", shape::CHECK),
        _ => ("faulted", "Stopped", shape::ALERT),
    };
    Badge { class, label, shape }
}

/// Returns the badge for a connection's tokens; `None` if it is unknown whether the provider accepts them.
#[must_use]
pub fn of_authorization(accepted: Option<bool>) -> Badge {
    let (class, label, shape) = match accepted {
        Some(true) => ("completed", "Authorized", shape::CHECK),
        Some(false) => ("faulted", "Must be reauthorized", shape::ALERT),
        None => ("waiting", "Not known yet", shape::CLOCK),
    };
    Badge { class, label, shape }
}

/// Returns the badge for the state of a topic.
#[must_use]
pub fn of_topic(state: &str) -> Badge {
    let (class, label, shape) = match state {
        "connected" => ("completed", "Connected", shape::CHECK),
        "connecting" => ("waiting", "Connecting", shape::CLOCK),
        "stopped" => ("faulted", "Stopped", shape::ALERT),
        _ => ("faulted", "Not subscribed", shape::ALERT),
    };
    Badge { class, label, shape }
}

/// Returns the badge for the state of a step.
#[must_use]
pub fn of_step(state: State) -> Badge {
    let (class, label, shape) = match state {
        State::Running => ("running", "Running", shape::PLAY),
        State::Waiting => ("waiting", "Waiting", shape::CLOCK),
        State::Completed => ("completed", "Completed", shape::CHECK),
        State::Skipped => ("cancelled", "Skipped", shape::SKIP),
        State::Faulted => ("faulted", "Failed", shape::CROSS),
        State::Stuck => ("faulted", "Stopped here", shape::ALERT),
        State::Cancelled => ("cancelled", "Cancelled", shape::SLASH),
    };
    Badge { class, label, shape }
}

/// Returns the badge for a reason for attention.
#[must_use]
pub fn of_attention(attention: &str) -> Badge {
    let label = match attention {
        "faulted" => "Needs a decision",
        "compensation_stuck" => "Undo is stuck",
        "poison" => "Crashed repeatedly",
        "unknown_outcome" => "Outcome unknown",
        _ => "Needs attention",
    };
    Badge { class: "attention", label, shape: shape::ALERT }
}

//! Reads when a delivery was signed, and checks that this is close enough to now.

use chrono::{DateTime, TimeDelta, Utc};

use super::SignatureError;

/// Largest accepted difference from now, past or future, for senders whose documentation names none.
pub(super) const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Unit of a timestamp, counted since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Seconds, the usual choice.
    #[default]
    Seconds,
    /// Milliseconds, as HubSpot sends.
    Milliseconds,
}

impl Unit {
    pub(super) fn read(self, text: &str, header: &str) -> Result<DateTime<Utc>, SignatureError> {
        let count = text.parse::<i64>().ok();
        let (time, unit) = match self {
            Self::Seconds => (count.and_then(|n| DateTime::from_timestamp(n, 0)), "seconds"),
            Self::Milliseconds => (count.and_then(DateTime::from_timestamp_millis), "milliseconds"),
        };
        time.ok_or_else(|| SignatureError::Bad(format!("header {header} contains no time in {unit}")))
    }
}

/// Called after the signature check, so that only signers learn anything about our clock.
pub(super) fn check_age(
    now: DateTime<Utc>,
    sent_at: DateTime<Utc>,
    tolerance: TimeDelta,
    header: &str,
) -> Result<(), SignatureError> {
    if (now - sent_at).abs() <= tolerance {
        return Ok(());
    }
    let seconds = tolerance.num_seconds();
    Err(SignatureError::Stale(format!("the time in header {header} differs from now by more than {seconds} seconds")))
}

//! `event.sequence`: the number that a sender gives each event, which reveals lost events.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::ReceiveError;
use super::event::{Attribute, evaluate};
use crate::canonical;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::expr::Expression;
use crate::hub::file::value::{duration, expression};
use crate::memory::sequences::Counted;

/// How long a skipped number may arrive late, unless the source says otherwise: senders deliver in parallel, and again
/// after a failure.
const GRACE: Duration = Duration::from_secs(30);

/// How a sender numbers its events.
#[derive(Debug, Clone)]
pub struct Counting {
    /// Expression for the number of an event.
    pub sequence: Expression,
    /// Channel that the number counts within; `None` if the source has a single sequence.
    pub channel: Option<Attribute>,
    /// How long a skipped number may arrive late.
    pub grace: Duration,
}

impl Counting {
    /// Reads the settings from the entries of `event`.
    pub(super) fn read<'s>(entries: Node<'s>, channel: Option<Attribute>, report: &mut Report<'s>) -> Option<Self> {
        let Some(node) = entries.get("sequence") else {
            for node in ["channel", "gap"].iter().filter_map(|key| entries.get(key)) {
                let hint =
                    "add `sequence: '${ .number }'`: jq, the number that grows by one with each event".to_owned();
                report.error_with_hint(
                    node,
                    "this setting is about event numbers, but the source has no `sequence`",
                    Some(hint),
                );
            }
            return None;
        };
        let sequence = expression(node, &["headers"], report);
        let grace = entries.get("gap").and_then(|node| grace(node, report)).unwrap_or(GRACE);
        Some(Self { sequence: sequence?, channel, grace })
    }

    /// Returns the number of an event, if it has one.
    pub(super) fn find(&self, data: &Arc<Value>, headers: &Arc<Value>) -> Result<Option<Counted>, ReceiveError> {
        let number = match evaluate(&self.sequence, "the event's sequence", data, headers)? {
            Value::Null => return Ok(None),
            Value::String(text) => number(&text),
            Value::Number(found) => number(&canonical::number(&found)),
            _ => None,
        };
        let unfit =
            || ReceiveError::BadBody(format!("the event's sequence is not a whole number from 0 to {}", i64::MAX));
        let number = number.ok_or_else(unfit)?;
        let channel = self.channel.as_ref().map(|channel| channel.of("channel", data, headers)).transpose()?;
        Ok(Some(Counted { channel: channel.flatten().unwrap_or_default(), number, grace: self.grace }))
    }
}

fn number(text: &str) -> Option<i64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

fn grace<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Duration> {
    let entries = report.closed_or_nothing(node, &["after"]);
    duration(entries.get("after")?, report)
}

//! Topics as people and programs see them.

use serde::Serialize;

use crate::machine::Time;
use crate::store::events::topics::Listed;

/// How a topic stands.
#[derive(Debug, Clone, Serialize)]
pub struct TopicView {
    /// Such as `/data/AccountChangeEvent`.
    pub topic: String,
    /// `connected`, `connecting`, `stopped` before an event that cannot be read safely, or `free` while no node subscribes.
    pub state: &'static str,
    /// Name of the node that subscribes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Since when it is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_at: Option<Time>,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Since when not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem_at: Option<Time>,
    /// The last event that was stored, in hex; none before the first.
    pub replay_id: Option<String>,
    /// When that was last known to be the newest one.
    pub positioned_at: Option<Time>,
    /// Events that came.
    pub events: i64,
    /// When the last one happened.
    pub event_at: Option<Time>,
    /// When it was stored.
    pub received_at: Option<Time>,
    /// Events that could not be read and were kept as rejected: a person should look at them.
    pub rejected: i64,
    /// When the last such came.
    pub rejected_at: Option<Time>,
    /// How often a node connected.
    pub connects: i64,
    /// How often the replay id was refused, so that events may be missing.
    pub losses: i64,
    /// When it last was.
    pub lost_at: Option<Time>,
}

impl From<Listed> for TopicView {
    fn from(listed: Listed) -> Self {
        let state = match (&listed.node, listed.stopped_at, listed.connected_at) {
            (None, ..) => "free",
            (Some(_), Some(_), _) => "stopped",
            (Some(_), None, None) => "connecting",
            (Some(_), None, Some(_)) => "connected",
        };
        Self {
            topic: listed.id.topic,
            state,
            node: listed.node,
            connected_at: listed.connected_at,
            problem: listed.problem,
            problem_at: listed.problem_at,
            replay_id: listed.replay_id.map(hex::encode),
            positioned_at: listed.positioned_at,
            events: listed.events,
            event_at: listed.event_at,
            received_at: listed.received_at,
            rejected: listed.rejected,
            rejected_at: listed.rejected_at,
            connects: listed.connects,
            losses: listed.losses,
            lost_at: listed.lost_at,
        }
    }
}

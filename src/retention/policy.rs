//! The operator's settings: how long to keep runs, events and event keys. Anything unset is kept forever.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::machine::Status;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Successfully.
    Completed,
    /// Compensated after a fault.
    Compensated,
    /// Cancelled by a person.
    Cancelled,
    /// Stopped by a fault and dismissed by a person. A run that needs attention is always kept.
    Faulted,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Completed, Self::Compensated, Self::Cancelled, Self::Faulted];

    /// Name in `hub.yaml` and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Compensated => "compensated",
            Self::Cancelled => "cancelled",
            Self::Faulted => "faulted",
        }
    }

    /// Outcome of a status; `None` while the run is live.
    #[must_use]
    pub fn of(status: Status) -> Option<Self> {
        match status {
            Status::Completed => Some(Self::Completed),
            Status::Compensated => Some(Self::Compensated),
            Status::Cancelled => Some(Self::Cancelled),
            Status::Faulted => Some(Self::Faulted),
            Status::Pending | Status::Running | Status::Waiting | Status::Suspended | Status::Compensating => None,
        }
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Age {
    /// Forever.
    Keep,
    /// For this long.
    For(Duration),
}

/// How long to keep ended runs, by outcome. An absent outcome uses the general setting.
pub type Ages = BTreeMap<Outcome, Age>;

/// `retention:` of `hub.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Folder for archives. Without it, nothing is deleted.
    pub archive: Option<PathBuf>,
    /// For all workflows.
    pub runs: Ages,
    /// For single workflows, by `namespace/name`.
    pub workflows: BTreeMap<String, Ages>,
    /// How long to keep events without runs.
    pub events: Option<Duration>,
    /// How long to remember event ids after the events are deleted.
    pub event_keys: Option<Duration>,
}

impl Policy {
    /// How long to keep a run of this workflow (`namespace/name`) with this outcome.
    #[must_use]
    pub fn age(&self, workflow: &str, outcome: Outcome) -> Age {
        let own = self.workflows.get(workflow).and_then(|ages| ages.get(&outcome));
        own.or_else(|| self.runs.get(&outcome)).copied().unwrap_or(Age::Keep)
    }

    /// Returns the archive folder if the policy deletes anything at all.
    #[must_use]
    pub fn folder(&self) -> Option<&PathBuf> {
        let goes = |ages: &Ages| ages.values().any(|age| matches!(age, Age::For(_)));
        let any =
            goes(&self.runs) || self.workflows.values().any(goes) || self.events.is_some() || self.event_keys.is_some();
        self.archive.as_ref().filter(|_| any)
    }

    /// Shortest time after which a run or event is deleted.
    #[must_use]
    pub fn youngest(&self) -> Option<chrono::Duration> {
        let ages = self.runs.values().chain(self.workflows.values().flat_map(BTreeMap::values));
        let ages = ages.filter_map(|age| match age {
            Age::For(age) => Some(*age),
            Age::Keep => None,
        });
        chrono::Duration::from_std(ages.chain(self.events).min()?).ok()
    }
}

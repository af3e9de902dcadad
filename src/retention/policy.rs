//! What operators set: how long runs, events and keys stay. Whatever is not set stays forever.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::machine::Status;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Well.
    Completed,
    /// Undone after a fault.
    Compensated,
    /// Ended by a person.
    Cancelled,
    /// Stopped by a fault, and dismissed by a person: while it needs attention it stays in any case.
    Faulted,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Completed, Self::Compensated, Self::Cancelled, Self::Faulted];

    /// As in `hub.yaml` and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Compensated => "compensated",
            Self::Cancelled => "cancelled",
            Self::Faulted => "faulted",
        }
    }

    /// Of a run with this status; none while it lives.
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

/// How long something stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Age {
    /// Forever.
    Keep,
    /// For this long.
    For(Duration),
}

/// How long runs stay after their end, by how they ended; what is not named here is left to the general setting.
pub type Ages = BTreeMap<Outcome, Age>;

/// `retention:` of `hub.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The folder of archives. Without it nothing is removed.
    pub archive: Option<PathBuf>,
    /// For all workflows.
    pub runs: Ages,
    /// For one workflow, by `namespace/name`.
    pub workflows: BTreeMap<String, Ages>,
    /// How long events stay that have no runs.
    pub events: Option<Duration>,
    /// How long the ids of events are known after the events themselves are gone.
    pub event_keys: Option<Duration>,
}

impl Policy {
    /// How long a run of this workflow (`namespace/name`) stays after this end.
    #[must_use]
    pub fn age(&self, workflow: &str, outcome: Outcome) -> Age {
        let own = self.workflows.get(workflow).and_then(|ages| ages.get(&outcome));
        own.or_else(|| self.runs.get(&outcome)).copied().unwrap_or(Age::Keep)
    }

    /// The folder, if anything at all may go.
    #[must_use]
    pub fn folder(&self) -> Option<&PathBuf> {
        let goes = |ages: &Ages| ages.values().any(|age| matches!(age, Age::For(_)));
        let any =
            goes(&self.runs) || self.workflows.values().any(goes) || self.events.is_some() || self.event_keys.is_some();
        self.archive.as_ref().filter(|_| any)
    }

    /// The shortest time after which a run or an event goes.
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

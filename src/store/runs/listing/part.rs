//! A part of a page of runs: the index that serves it, the number of its arms, and how many rows an arm examines.

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// Rows that one page examines if list order is disk order.
const DENSE_MAX: i64 = 5_000;

/// Rows that one page examines if each may be in a different place on disk.
pub(super) const APART_MAX: i64 = 2_000;

/// Rows that each arm examines at least, however many arms there are.
const OF_AN_ARM_MIN: i64 = 10;

/// Rows in the order of one index, and the condition that selects them there.
pub(super) enum Part {
    /// Runs with these ids; a second value is the id after which there are more.
    Ids(Vec<Uuid>, Option<Uuid>),
    /// All runs.
    All,
    /// Runs with a business key.
    Key(String),
    /// Runs of definitions, one arm each.
    Definitions(Vec<i32>),
    /// Runs of definitions that have few runs in total.
    Rare(Vec<i32>),
    /// Runs that have not closed, one arm per status.
    Live(Vec<String>),
    /// Runs that faulted or closed without completing, one arm per status.
    Unhappy(Vec<String>),
    /// The same for definitions, one arm for each definition and status.
    UnhappyOf(Vec<i32>, Vec<String>),
    /// Runs that need attention.
    Attention,
    /// Runs that need attention for one cause.
    Cause(String),
}

/// A condition of a filter that a part may guarantee.
#[derive(Debug, Clone, Copy)]
pub(super) enum Filtered {
    Definition,
    Status,
    Attention,
    Cause,
    Key,
}

impl Part {
    /// Number of arms, each of which scans its own range of the index.
    fn arms(&self) -> usize {
        match self {
            Self::Definitions(definitions) | Self::Rare(definitions) => definitions.len(),
            Self::Live(statuses) | Self::Unhappy(statuses) => statuses.len(),
            Self::UnhappyOf(definitions, statuses) => definitions.len() * statuses.len(),
            Self::Ids(..) | Self::All | Self::Key(_) | Self::Attention | Self::Cause(_) => 1,
        }
    }

    /// Number of rows that an arm examines. If all of its rows match, that is at least a full page, which then only
    /// reads the index.
    pub(super) fn looked(&self, limit: i64, all_fit: bool) -> i64 {
        let share = |most: i64| most / i64::try_from(self.arms().max(1)).unwrap_or(i64::MAX);
        match self {
            // There are no more rows than this.
            Self::Ids(..) | Self::Rare(_) => APART_MAX + 1,
            Self::All => DENSE_MAX,
            _ => share(APART_MAX).max(if all_fit { limit } else { OF_AN_ARM_MIN }),
        }
    }

    /// Whether every row of this part meets this condition.
    pub(super) fn settles(&self, what: Filtered) -> bool {
        match what {
            Filtered::Definition => matches!(self, Self::Definitions(_) | Self::Rare(_) | Self::UnhappyOf(..)),
            Filtered::Status => matches!(self, Self::Live(_) | Self::Unhappy(_) | Self::UnhappyOf(..)),
            Filtered::Attention => matches!(self, Self::Attention | Self::Cause(_)),
            Filtered::Cause => matches!(self, Self::Cause(_)),
            Filtered::Key => matches!(self, Self::Key(_)),
        }
    }

    /// The id up to which this part is complete, if not to the end.
    pub(super) fn cut(&self) -> Option<Uuid> {
        match self {
            Self::Ids(_, cut) => *cut,
            _ => None,
        }
    }

    pub(super) fn push_arms(&self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Definitions(definitions) | Self::Rare(definitions) => {
                sql.push("unnest(").push_bind(definitions.clone()).push(") as arm (definition)");
            }
            Self::Live(statuses) | Self::Unhappy(statuses) => {
                sql.push("unnest(").push_bind(statuses.clone()).push(") as arm (status)");
            }
            Self::UnhappyOf(definitions, statuses) => {
                sql.push("unnest(").push_bind(definitions.clone()).push(") as arm (definition)");
                sql.push(" cross join unnest(").push_bind(statuses.clone()).push(") as other (status)");
            }
            Self::Key(value) | Self::Cause(value) => {
                sql.push("(select ").push_bind(value.clone()).push("::text as value) as arm");
            }
            Self::Ids(ids, _) => {
                sql.push("(select ").push_bind(ids.clone()).push("::uuid[] as ids) as arm");
            }
            Self::All | Self::Attention => {
                sql.push("(values (1)) as arm (n)");
            }
        }
    }

    /// The index column before the id, and its value in an arm.
    pub(super) fn column(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Definitions(_) | Self::Rare(_) | Self::UnhappyOf(..) => Some(("definition_id", "arm.definition")),
            Self::Live(_) | Self::Unhappy(_) => Some(("status", "arm.status")),
            Self::Key(_) => Some(("key", "arm.value")),
            Self::Cause(_) => Some(("fingerprint", "arm.value")),
            Self::Ids(..) | Self::All | Self::Attention => None,
        }
    }

    /// The condition of the partial index, and any further one.
    pub(super) fn condition(&self) -> &'static str {
        match self {
            Self::Ids(..) => "r.id = any(arm.ids)",
            Self::All | Self::Definitions(_) | Self::Rare(_) => "true",
            Self::Key(_) => "r.key is not null",
            Self::Live(_) => "r.finished_at is null",
            Self::Unhappy(_) => "r.status in ('compensated', 'cancelled', 'faulted')",
            Self::UnhappyOf(..) => "r.status in ('compensated', 'cancelled', 'faulted') and r.status = other.status",
            Self::Attention | Self::Cause(_) => "r.attention is not null",
        }
    }
}

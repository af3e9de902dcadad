//! A part of a page of runs: which index serves it, in how many arms, and how far an arm looks.

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// Rows that one page looks at where neighbors in the list are neighbors on disk.
const DENSE_MAX: i64 = 5_000;

/// The same where each may have to be read from another place.
pub(super) const APART_MAX: i64 = 2_000;

/// However many arms there are, each looks at some.
const OF_AN_ARM_MIN: i64 = 10;

/// Rows in the order of one index, and how the rows of the part are told apart from others there.
pub(super) enum Part {
    /// Runs of these ids, of which there are more behind the last one if that is given too.
    Ids(Vec<Uuid>, Option<Uuid>),
    /// All runs.
    All,
    /// Those of a business key.
    Key(String),
    /// Those of definitions, one by one.
    Definitions(Vec<i32>),
    /// The same of definitions that have few runs together.
    Rare(Vec<i32>),
    /// Those that have not ended, status by status.
    Live(Vec<String>),
    /// Those that did not end well, status by status.
    Unhappy(Vec<String>),
    /// The same of definitions, one by one.
    UnhappyOf(Vec<i32>, Vec<String>),
    /// Those that need a person.
    Attention,
    /// Those that need a person for one cause.
    Cause(String),
}

/// What a filter asks for, as far as a part may settle it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Filtered {
    Definition,
    Status,
    Attention,
    Cause,
    Key,
}

impl Part {
    /// How many arms it has: each goes through an index of its own kind from one end.
    fn arms(&self) -> usize {
        match self {
            Self::Definitions(definitions) | Self::Rare(definitions) => definitions.len(),
            Self::Live(statuses) | Self::Unhappy(statuses) => statuses.len(),
            Self::UnhappyOf(definitions, statuses) => definitions.len() * statuses.len(),
            Self::Ids(..) | Self::All | Self::Key(_) | Self::Attention | Self::Cause(_) => 1,
        }
    }

    /// How many rows an arm looks at. Where all its rows fit, that are at least as many as a page has: it reads only the index then.
    pub(super) fn looked(&self, limit: i64, all_fit: bool) -> i64 {
        let share = |most: i64| most / i64::try_from(self.arms().max(1)).unwrap_or(i64::MAX);
        match self {
            // They are known to be no more.
            Self::Ids(..) | Self::Rare(_) => APART_MAX + 1,
            Self::All => DENSE_MAX,
            _ => share(APART_MAX).max(if all_fit { limit } else { OF_AN_ARM_MIN }),
        }
    }

    /// Whether every row of it fits as far as this goes.
    pub(super) fn settles(&self, what: Filtered) -> bool {
        match what {
            Filtered::Definition => matches!(self, Self::Definitions(_) | Self::Rare(_) | Self::UnhappyOf(..)),
            Filtered::Status => matches!(self, Self::Live(_) | Self::Unhappy(_) | Self::UnhappyOf(..)),
            Filtered::Attention => matches!(self, Self::Attention | Self::Cause(_)),
            Filtered::Cause => matches!(self, Self::Cause(_)),
            Filtered::Key => matches!(self, Self::Key(_)),
        }
    }

    /// How far it goes before the database is asked, if not to the end.
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

    /// The column of its index that the rows are ordered by before the id, and what it is in an arm.
    pub(super) fn column(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Definitions(_) | Self::Rare(_) | Self::UnhappyOf(..) => Some(("definition_id", "arm.definition")),
            Self::Live(_) | Self::Unhappy(_) => Some(("status", "arm.status")),
            Self::Key(_) => Some(("key", "arm.value")),
            Self::Cause(_) => Some(("fingerprint", "arm.value")),
            Self::Ids(..) | Self::All | Self::Attention => None,
        }
    }

    /// What its index holds only, and what else it is asked for.
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

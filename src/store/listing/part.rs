//! A part of a page of runs: which index serves it, in how many arms, and how far an arm looks.

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// Rows of a part that one page looks at.
const LOOKED_AT_MAX: i64 = 20_000;

/// Rows in the order of one index, and how the rows of the part are told apart from others there.
pub(super) enum Part {
    /// Runs of these ids.
    Ids(Vec<Uuid>),
    /// All runs.
    All,
    /// Those of a business key.
    Key(String),
    /// Those of definitions, one by one.
    Definitions(Vec<i32>),
    /// Those that have not ended, status by status.
    Live(Vec<String>),
    /// Those that did not end well, definition by definition and status by status.
    Unhappy(Vec<i32>, Vec<String>),
    /// Those that need a person.
    Attention,
    /// Those that need a person for one cause.
    Cause(String),
}

impl Part {
    /// How many arms it has: each goes through an index of its own kind from one end.
    pub(super) fn arms(&self) -> usize {
        match self {
            Self::Definitions(definitions) => definitions.len(),
            Self::Live(statuses) => statuses.len(),
            Self::Unhappy(definitions, statuses) => definitions.len() * statuses.len(),
            Self::Ids(_) | Self::All | Self::Key(_) | Self::Attention | Self::Cause(_) => 1,
        }
    }

    /// How many rows an arm looks at.
    pub(super) fn looked(&self, limit: i64) -> i64 {
        (LOOKED_AT_MAX / i64::try_from(self.arms().max(1)).unwrap_or(i64::MAX)).max(limit)
    }

    pub(super) fn push_arms(&self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Definitions(definitions) => {
                sql.push("unnest(").push_bind(definitions.clone()).push(") as arm (definition)");
            }
            Self::Live(statuses) => {
                sql.push("unnest(").push_bind(statuses.clone()).push(") as arm (status)");
            }
            Self::Unhappy(definitions, statuses) => {
                sql.push("unnest(").push_bind(definitions.clone()).push(") as arm (definition)");
                sql.push(" cross join unnest(").push_bind(statuses.clone()).push(") as other (status)");
            }
            Self::Key(value) | Self::Cause(value) => {
                sql.push("(select ").push_bind(value.clone()).push("::text as value) as arm");
            }
            Self::Ids(ids) => {
                sql.push("(select ").push_bind(ids.clone()).push("::uuid[] as ids) as arm");
            }
            Self::All | Self::Attention => {
                sql.push("(values (1)) as arm (n)");
            }
        }
    }

    /// The columns of its index before the id, and what they are in an arm.
    pub(super) fn columns(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Definitions(_) => Some(("r.definition_id", "arm.definition")),
            Self::Live(_) => Some(("r.status", "arm.status")),
            Self::Unhappy(..) => Some(("r.definition_id, r.status", "arm.definition, other.status")),
            Self::Key(_) => Some(("r.key", "arm.value")),
            Self::Cause(_) => Some(("r.fingerprint", "arm.value")),
            Self::Ids(_) | Self::All | Self::Attention => None,
        }
    }

    /// What its index holds only.
    pub(super) fn condition(&self) -> &'static str {
        match self {
            Self::Ids(_) => "r.id = any(arm.ids)",
            Self::All | Self::Definitions(_) => "true",
            Self::Key(_) => "r.key is not null",
            Self::Live(_) => "r.finished_at is null",
            Self::Unhappy(..) => "r.status in ('compensated', 'cancelled', 'faulted')",
            Self::Attention | Self::Cause(_) => "r.attention is not null",
        }
    }
}

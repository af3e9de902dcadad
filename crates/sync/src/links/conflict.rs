//! What only a person can decide about a pair of records: it stays until someone does, or until the records agree.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Pair, Side, Sides};

/// A row, or a whole record, on which the sides disagree.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The row; none is the record itself.
    pub row: Option<String>,
    /// Why.
    pub kind: Kind,
    /// What each side has.
    pub seen: Pair<Seen>,
    /// Whose word counts, once someone said so.
    pub chosen: Option<Side>,
}

impl Conflict {
    /// For predicates, with what the mapping calls its sides.
    #[must_use]
    pub fn to_value(&self, sides: &Sides) -> Value {
        let mut seen = json!({});
        for side in Side::BOTH {
            seen[sides.name(side)] = json!(self.seen[side]);
        }
        let chosen = self.chosen.map(|side| sides.name(side));
        json!({ "row": self.row, "kind": self.kind, "seen": seen, "chosen": chosen })
    }
}

/// Why a person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Both sides changed it, and nothing says who is right.
    Both,
    /// The side that is not the master changed it.
    Foreign,
    /// The value that comes from the other side is none, and there must be one.
    Required,
    /// It was written again and again: something else changes it back each time.
    Unstable,
    /// The record was deleted on one side.
    Deleted,
}

impl Kind {
    /// As in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Foreign => "foreign",
            Self::Required => "required",
            Self::Unstable => "unstable",
            Self::Deleted => "deleted",
        }
    }
}

/// One side of a conflict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The field; none where it is about the record.
    pub field: Option<String>,
    /// Its value; for a record whether it is there.
    pub value: Value,
}

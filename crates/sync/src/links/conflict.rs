//! Conflicts between linked records: open until a person decides or the records agree.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Pair, Side, Sides};

/// A row, or a whole record, on which the sides disagree.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Name of the row; `None`: the record itself.
    pub row: Option<String>,
    /// Why a person must decide.
    pub kind: Kind,
    /// The value of each side.
    pub seen: Pair<Seen>,
    /// The side that a person chose; `None`: nobody has decided.
    pub chosen: Option<Side>,
}

impl Conflict {
    /// Returns the conflict for predicates of scenarios, under the names of the sides.
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

/// Why a person must decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Both sides changed, and the mapping names no winner.
    Both,
    /// The side that is not the master changed.
    Foreign,
    /// The value for a side that needs one is empty.
    Required,
    /// The same value was written repeatedly: something changes it back each time.
    Unstable,
    /// The record was deleted on one side.
    Deleted,
}

impl Kind {
    /// Returns the name in the database and the API.
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
    /// Path of the field; `None` if the conflict is about the record.
    pub field: Option<String>,
    /// Value of the field, or whether the record exists.
    pub value: Value,
}

//! Mappings: the table in `mappings/NAME.yaml` says, field by field, how records of two systems are converted into each
//! other. The table names its two sides (`side`). It is compiled to catalog functions (`compile`), so a run keeps the
//! mapping with which it was deployed.

mod compile;
mod field;
mod fits;
mod lines;
mod read;
mod sample;
mod side;
mod table;

pub use field::Field;
pub use fits::{Fits, Otherwise};
pub use sample::{Evaluate, Unfit};
pub use side::{Side, Sides};

use std::sync::Arc;

use serde_json::Value;

use super::Mistake;
use stepwell_expr::Expression;

/// Suffix of the functions that convert many records.
pub const EACH: &str = "Each";

/// The folder of mappings in a workflow folder.
pub const FOLDER: &str = "mappings";

/// A mapping.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Name of its file and of the catalog that it becomes.
    pub name: String,
    /// A title for people.
    pub title: Option<String>,
    /// A note for people.
    pub note: Option<String>,
    /// The names of the two sides.
    pub sides: Arc<Sides>,
    /// The name of the record type on each side.
    pub types: [String; 2],
    /// The rules for whole records: creation and deletion.
    pub records: Records,
    /// The rows in the order of the file.
    pub rows: Vec<Row>,
    /// Sample records with their expected results.
    pub samples: Vec<Sample>,
    /// The text of the file.
    pub text: String,
}

/// Where values or new records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To each side from the other.
    Both,
    /// To this side only.
    To(Side),
}

/// Which side wins if both differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Master {
    /// Always this side.
    Side(Side),
    /// The side that was changed last.
    Newest,
    /// A person decides.
    Manual,
}

/// The rules for whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Records {
    /// Where new records of the other side are created; `None`: nowhere.
    pub created: Option<Direction>,
    /// What happens when a record is deleted on one side: `report`, `apply` or `ignore`.
    pub deleted: &'static str,
}

/// A row of a mapping.
#[derive(Debug, Clone)]
pub struct Row {
    /// Number of the row, from 1.
    pub number: usize,
    /// The field of each side; a constant has only one.
    pub fields: [Option<Field>; 2],
    /// How the field of each side is computed; `None`: the row does not write it.
    pub routes: [Option<Route>; 2],
    /// Which side wins if both differ.
    pub master: Master,
    /// What happens to a change on the side that is not the master: `putBack` or `report`.
    pub foreign: &'static str,
    /// A note for people.
    pub note: Option<String>,
}

/// How a field of one side is computed.
#[derive(Debug, Clone)]
pub struct Route {
    /// Where the value comes from.
    pub value: Source,
    /// The value that replaces null.
    pub default: Option<Value>,
    /// Whether null is an error.
    pub required: bool,
    /// The constraints on the value.
    pub fits: Option<Fits>,
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// This constant.
    Constant(Value),
    /// The complete expression on `{record}`, and its transform as written in the row, if any.
    Field(Box<Expression>, Option<String>),
}

/// A sample record with its expected result.
#[derive(Debug, Clone)]
pub struct Sample {
    /// A name for people.
    pub name: String,
    /// The side of the record.
    pub from: Side,
    /// The record.
    pub record: Value,
    /// The complete converted record, or a part of the error message.
    pub gives: Result<Value, String>,
    /// Line in the file, from 1.
    pub line: u32,
}

impl Route {
    /// Returns the value if it is constant.
    #[must_use]
    pub fn constant(&self) -> Option<&Value> {
        match &self.value {
            Source::Constant(value) => Some(value),
            Source::Field(..) => None,
        }
    }

    /// Returns the transform as written; `None` if the value is copied.
    #[must_use]
    pub fn transform(&self) -> Option<&str> {
        match &self.value {
            Source::Field(_, transform) => transform.as_deref().map(str::trim),
            Source::Constant(_) => None,
        }
    }
}

impl Row {
    /// Returns the field of a side.
    #[must_use]
    pub fn field(&self, side: Side) -> Option<&Field> {
        self.fields[side as usize].as_ref()
    }

    /// Returns how the field of a side is computed.
    #[must_use]
    pub fn route(&self, to: Side) -> Option<&Route> {
        self.routes[to as usize].as_ref()
    }

    /// Whether both sides have a field.
    #[must_use]
    pub fn is_pair(&self) -> bool {
        self.fields.iter().all(Option::is_some)
    }

    /// Whether the row can compare two records. Rows with lists cannot: lines have no identity.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.is_pair() && self.fields.iter().flatten().all(|field| field.in_lines().is_none())
    }

    /// Returns the direction in which values are written.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match (&self.routes[0], &self.routes[1]) {
            (Some(_), Some(_)) => Direction::Both,
            (Some(_), None) => Direction::To(Side::First),
            _ => Direction::To(Side::Second),
        }
    }

    /// Returns the direction as an arrow between the first side on the left and the second on the right.
    #[must_use]
    pub fn arrow(&self) -> &'static str {
        match self.direction() {
            Direction::Both => "↔",
            Direction::To(Side::Second) => "→",
            Direction::To(Side::First) => "←",
        }
    }

    /// Returns the name of the row: its field on the first side, or else on the second.
    #[must_use]
    pub fn name(&self) -> String {
        self.fields.iter().flatten().next().map(ToString::to_string).unwrap_or_default()
    }
}

impl Mapping {
    /// Returns the name that people use for the system on a side.
    #[must_use]
    pub fn system(&self, side: Side) -> &str {
        self.sides.system(side)
    }

    /// Reads a mapping. `name` is the name of its file, without the extension.
    ///
    /// # Errors
    /// All mistakes of the text.
    pub fn read(file: &str, name: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        read::read(file, name, text)
    }

    /// Returns the names that the text gives the sides, even if the rest has mistakes; `None` if they cannot be read.
    #[must_use]
    pub fn sides_in(text: &str) -> Option<Sides> {
        side::of_text(text)
    }
}

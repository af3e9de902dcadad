//! Mappings: `mappings/NAME.yaml` is a table that says, field by field, how records of two systems become each other. It names its
//! two sides itself (`side`). It is compiled to catalog functions of the language (`compile`), so a run keeps the mapping with which
//! it was deployed.

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

/// Ends the name of a function that takes many records.
pub const EACH: &str = "Each";

/// The folder of mappings inside a folder of workflows.
pub const FOLDER: &str = "mappings";

/// One table.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Of its file, and of the catalog that it becomes.
    pub name: String,
    /// For people.
    pub title: Option<String>,
    /// For people.
    pub note: Option<String>,
    /// What the sides are called.
    pub sides: Arc<Sides>,
    /// What the record is called on each side.
    pub types: [String; 2],
    /// Whether records, too, are born and deleted on the other side.
    pub records: Records,
    /// In the order of the file.
    pub rows: Vec<Row>,
    /// Records and what must become of them.
    pub samples: Vec<Sample>,
    /// As it stands in its file.
    pub text: String,
}

/// Where values go, or new records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To each side from the other.
    Both,
    /// To this side only.
    To(Side),
}

/// Who is right where both sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Master {
    /// Always this side.
    Side(Side),
    /// The side that was changed last.
    Newest,
    /// A person decides.
    Manual,
}

/// What a table says of whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Records {
    /// Where a record that is new on one side is created on the other, if it is.
    pub created: Option<Direction>,
    /// `report`, `apply`, `ignore`: what happens to one that was deleted on one side.
    pub deleted: &'static str,
}

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    /// From 1.
    pub number: usize,
    /// The field of each side as a dotted path; a constant has but one.
    pub fields: [Option<Field>; 2],
    /// How values get to each side, as far as they do.
    pub routes: [Option<Route>; 2],
    /// Who is right where both differ.
    pub master: Master,
    /// `putBack`, `report`: what happens to a change on the side that is not the master.
    pub foreign: &'static str,
    /// For people.
    pub note: Option<String>,
}

/// How a value gets into a field.
#[derive(Debug, Clone)]
pub struct Route {
    /// What stands there: always this, or what is made of the other side's field.
    pub value: Source,
    /// In place of a null.
    pub default: Option<Value>,
    /// Whether a null is a mistake.
    pub required: bool,
    /// What the field can hold, if the row says so.
    pub fits: Option<Fits>,
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Always this.
    Constant(Value),
    /// What the expression, the whole way included, makes of `{record}`; its transform as written, if it has one.
    Field(Box<Expression>, Option<String>),
}

/// A record and what must become of it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// For people.
    pub name: String,
    /// Where the record stands.
    pub from: Side,
    /// It.
    pub record: Value,
    /// All that it becomes, or a part of the error.
    pub gives: Result<Value, String>,
    /// Where it stands in the file.
    pub line: u32,
}

impl Route {
    /// What it always is, if it is always the same.
    #[must_use]
    pub fn constant(&self) -> Option<&Value> {
        match &self.value {
            Source::Constant(value) => Some(value),
            Source::Field(..) => None,
        }
    }

    /// The transform as written; none where the value goes as it is.
    #[must_use]
    pub fn transform(&self) -> Option<&str> {
        match &self.value {
            Source::Field(_, transform) => transform.as_deref().map(str::trim),
            Source::Constant(_) => None,
        }
    }
}

impl Row {
    /// The field of a side.
    #[must_use]
    pub fn field(&self, side: Side) -> Option<&Field> {
        self.fields[side as usize].as_ref()
    }

    /// How values get to a side.
    #[must_use]
    pub fn route(&self, to: Side) -> Option<&Route> {
        self.routes[to as usize].as_ref()
    }

    /// Both sides have a field of it.
    #[must_use]
    pub fn is_pair(&self) -> bool {
        self.fields.iter().all(Option::is_some)
    }

    /// Both records of a pair can be held against each other by it: lines have nothing by which they are known.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.is_pair() && self.fields.iter().flatten().all(|field| field.in_lines().is_none())
    }

    /// Where its values go.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match (&self.routes[0], &self.routes[1]) {
            (Some(_), Some(_)) => Direction::Both,
            (Some(_), None) => Direction::To(Side::First),
            _ => Direction::To(Side::Second),
        }
    }

    /// `direction`, between the first side on the left and the second on the right.
    #[must_use]
    pub fn arrow(&self) -> &'static str {
        match self.direction() {
            Direction::Both => "↔",
            Direction::To(Side::Second) => "→",
            Direction::To(Side::First) => "←",
        }
    }

    /// What it is called: its field on the first side, else on the second.
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

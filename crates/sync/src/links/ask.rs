//! What workflows ask for: the bodies of the operations, and what may stand in them.

use std::sync::Arc;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::{Refusal, time};
use super::{Direction, Master, Pair, Side, Sides, read};
use crate::identifiers::Declared;
use stepwell_text::canonical;

/// Longest name of an entity, longest id of a record.
const TEXT_CHARS_MAX: usize = 200;

/// Most fields of an event or a mapping.
const FIELDS_MAX: usize = 1_000;

/// What a workflow asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `judge`
    Judge(Judge),
    /// `plan`
    Plan(Plan),
    /// `save`
    Save(Save),
    /// `release`
    Release(Release),
}

/// What an event means: `{verdict}`, and under the name of each side its id as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    /// What the mapping calls its sides.
    pub sides: Arc<Sides>,
    /// The mapping.
    pub entity: String,
    /// The run that asks; it holds the link from then on unless there is nothing to do.
    pub run: Uuid,
    /// Where the record stands.
    pub side: Side,
    /// Its id.
    pub id: String,
    /// Id of its partner on the other side, where the record names it.
    pub other_id: Option<String>,
    /// The mapped fields that the event brings, by path; null if it brings none and the record must be read.
    pub fields: Option<Map<String, Value>>,
    /// When it happened, by the source's clock.
    pub at: Option<String>,
    /// The record is gone.
    pub deleted: bool,
}

/// What has to be written: under the name of each side `action` and `fields`, and the number of `conflicts`.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What the mapping calls its sides.
    pub sides: Arc<Sides>,
    /// The mapping.
    pub entity: String,
    /// The run that holds the link.
    pub run: Uuid,
    /// The records as they were read.
    pub found: Pair<Found>,
    /// What the mapping's `compare` gave.
    pub compare: Compare,
}

/// A record that was read.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Its id, if one is known.
    #[serde(default, deserialize_with = "canonical::deserialize_key_or_null")]
    pub id: Option<String>,
    /// Whether it is there.
    pub exists: bool,
    /// When it was last changed, by the system's clock.
    pub at: Option<String>,
}

/// Both records side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Compare {
    /// What the mapping says of whole records.
    pub records: Records,
    /// Field by field.
    pub rows: Vec<Row>,
}

/// What a mapping says of whole records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// Where a record that is new on one side is created on the other, if it is.
    pub created: Option<Direction>,
    /// What happens to one that was deleted.
    pub deleted: Deleted,
}

/// What happens to a record whose partner was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Deleted {
    /// A person decides.
    Report,
    /// It is deleted too.
    Apply,
    /// It stays.
    Ignore,
}

/// A row of the mapping with what both records have.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// Where values go.
    pub direction: Direction,
    /// Who is right where both differ.
    pub master: Master,
    /// What happens to a change on the side that is not the master.
    pub foreign: Foreign,
    /// Sides that must have a value.
    pub required: Vec<Side>,
    /// What each side has.
    pub cells: Pair<Cell>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Foreign {
    PutBack,
    Report,
}

/// A field of one record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Cell {
    /// Its path.
    pub field: String,
    /// What stands there.
    pub value: Value,
    /// What that is on the other side.
    pub other: Value,
}

/// The writes of a plan were done.
#[derive(Debug, Clone, PartialEq)]
pub struct Save {
    /// What the mapping calls its sides.
    pub sides: Arc<Sides>,
    /// The mapping.
    pub entity: String,
    /// The run that holds the link.
    pub run: Uuid,
    /// The outcome of each side.
    pub saved: Pair<Saved>,
}

/// The outcome of a side.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The record's id, where it is new or was known already.
    #[serde(default, deserialize_with = "canonical::deserialize_key_or_null")]
    pub id: Option<String>,
    /// Mapped fields that were written beside those of the plan, by path: those of a record that was created.
    #[serde(default)]
    pub fields: Option<Map<String, Value>>,
}

/// The run lets go without a save.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// What the mapping calls its sides.
    pub sides: Arc<Sides>,
    /// The mapping.
    pub entity: String,
    /// The run that holds it.
    pub run: Uuid,
    /// Where the record stands.
    pub side: Side,
    /// Its id.
    pub id: String,
}

/// Which entity an operation is about, and which run asks: by that its sides are known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct About {
    /// The mapping.
    pub entity: String,
    /// The run that asks.
    pub run: Option<Uuid>,
}

impl About {
    /// Looks into the body of an operation below `/links/`; none of any other, or where it does not say.
    #[must_use]
    pub fn of(path: &str, bytes: &[u8]) -> Option<Self> {
        path.trim_start_matches('/').strip_prefix("links/")?;
        serde_json::from_slice(bytes).ok()
    }
}

impl Operation {
    /// Reads the operation `name` with its body, where the entity's sides have these names.
    ///
    /// # Errors
    /// There is none of this name, or the body is invalid.
    pub fn parse(name: &str, bytes: &[u8], sides: &Arc<Sides>) -> Result<Self, Refusal> {
        let operation = read::operation(name, bytes, sides)?;
        operation.check(name)?;
        Ok(operation)
    }

    /// What the mapping calls its sides.
    #[must_use]
    pub fn sides(&self) -> &Sides {
        match self {
            Self::Judge(judge) => &judge.sides,
            Self::Plan(plan) => &plan.sides,
            Self::Save(save) => &save.sides,
            Self::Release(release) => &release.sides,
        }
    }

    /// The mapping that it is about.
    #[must_use]
    pub fn entity(&self) -> &str {
        match self {
            Self::Judge(judge) => &judge.entity,
            Self::Plan(plan) => &plan.entity,
            Self::Save(save) => &save.entity,
            Self::Release(release) => &release.entity,
        }
    }

    /// The run that asks.
    #[must_use]
    pub fn run(&self) -> Uuid {
        match self {
            Self::Judge(judge) => judge.run,
            Self::Plan(plan) => plan.run,
            Self::Save(save) => save.run,
            Self::Release(release) => release.run,
        }
    }

    /// Ids by which the link is found.
    #[must_use]
    pub fn ids(&self) -> Pair<Option<String>> {
        match self {
            Self::Judge(judge) => judge.ids(),
            Self::Plan(plan) => Pair::each(|side| plan.found[side].id.clone()),
            Self::Save(save) => Pair::each(|side| save.saved[side].id.clone()),
            Self::Release(release) => one(release.side, &release.id),
        }
    }

    /// Brings the ids to the forms that are declared for the entity: an expression may have made them, of a value that came through
    /// no door.
    ///
    /// # Errors
    /// One of them cannot be an id.
    pub fn shape(&mut self, identifiers: &Declared) -> Result<(), Refusal> {
        let Some(forms) = identifiers.links.get(self.entity()) else { return Ok(()) };
        for side in Side::BOTH {
            let whose = self.sides().called(side);
            let form = forms.get(self.sides().name(side)).copied();
            if let (Some(id), Some(form)) = (self.id_mut(side), form) {
                *id = form.of(id).map_err(|why| {
                    Refusal::new(StatusCode::BAD_REQUEST, format!("links: not a valid id of {whose}: {why}"))
                })?;
            }
        }
        Ok(())
    }

    fn id_mut(&mut self, side: Side) -> Option<&mut String> {
        match self {
            Self::Judge(judge) => {
                if judge.side == side {
                    Some(&mut judge.id)
                } else {
                    judge.other_id.as_mut()
                }
            }
            Self::Plan(plan) => plan.found[side].id.as_mut(),
            Self::Save(save) => save.saved[side].id.as_mut(),
            Self::Release(release) => Some(&mut release.id).filter(|_| release.side == side),
        }
    }

    fn check(&self, name: &str) -> Result<(), Refusal> {
        let bad = |why: String| Err(Refusal::new(StatusCode::BAD_REQUEST, format!("links/{name}: {why}")));
        let ids = self.ids();
        let texts = [Some(self.entity()), ids.first.as_deref(), ids.second.as_deref()];
        for text in texts.into_iter().flatten() {
            if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
                return bad(format!(
                    "an entity and an id have 1 to {TEXT_CHARS_MAX} characters and no control characters"
                ));
            }
        }
        if ids.first.is_none() && ids.second.is_none() {
            return bad("it names neither record: give the id of one".to_owned());
        }
        let (fields, times) = match self {
            Self::Judge(judge) => (judge.fields.as_ref().map_or(0, Map::len), vec![&judge.at]),
            Self::Plan(plan) => (plan.compare.rows.len(), vec![&plan.found.first.at, &plan.found.second.at]),
            Self::Save(save) => {
                let of = |saved: &Saved| saved.fields.as_ref().map_or(0, Map::len);
                (of(&save.saved.first).max(of(&save.saved.second)), Vec::new())
            }
            Self::Release(_) => (0, Vec::new()),
        };
        if fields > FIELDS_MAX {
            return bad(format!("{fields} fields, but at most {FIELDS_MAX} are allowed"));
        }
        for text in times.into_iter().flatten() {
            time(text).ok_or_else(|| {
                Refusal::new(
                    StatusCode::BAD_REQUEST,
                    format!("links/{name}: {text:?} is not a time; use the format 2026-11-20T16:45:30Z"),
                )
            })?;
        }
        Ok(())
    }
}

impl Judge {
    fn ids(&self) -> Pair<Option<String>> {
        let mut ids = one(self.side, &self.id);
        ids[self.side.other()].clone_from(&self.other_id);
        ids
    }
}

fn one(side: Side, id: &str) -> Pair<Option<String>> {
    let mut ids = Pair::default();
    ids[side] = Some(id.to_owned());
    ids
}

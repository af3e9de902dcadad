//! The operations on links: their bodies, and the limits on them.

use std::sync::Arc;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::{Refusal, time};
use super::{Direction, Master, Pair, Side, Sides, read};
use crate::identifiers::Declared;
use stepwell_text::canonical;

/// Longest name of an entity and longest id of a record, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// Most fields of an event or a mapping.
const FIELDS_MAX: usize = 1_000;

/// An operation on links.
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

/// Evaluates an event. Returns `{verdict}`, and under the name of each side the known id.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    /// The names of the entity's sides.
    pub sides: Arc<Sides>,
    /// The entity, which is the name of its mapping.
    pub entity: String,
    /// The calling run. It holds the link afterwards, unless there is nothing to do.
    pub run: Uuid,
    /// The side of the record.
    pub side: Side,
    /// Id of the record.
    pub id: String,
    /// Id of the corresponding record on the other side, if this record contains it.
    pub other_id: Option<String>,
    /// The mapped fields of the event by path; `None`: the event contains none and the record must be read.
    pub fields: Option<Map<String, Value>>,
    /// When the record changed, by the clock of the source.
    pub at: Option<String>,
    /// Whether the record was deleted.
    pub deleted: bool,
}

/// Computes what must be written: under the name of each side `action` and `fields`, and the number of `conflicts`.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The names of the entity's sides.
    pub sides: Arc<Sides>,
    /// The entity, which is the name of its mapping.
    pub entity: String,
    /// The run that holds the link.
    pub run: Uuid,
    /// The records as read.
    pub found: Pair<Found>,
    /// The result of the mapping's `compare`.
    pub compare: Compare,
}

/// A record as read.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The record's id, if it is known.
    #[serde(default, deserialize_with = "canonical::deserialize_key_or_null")]
    pub id: Option<String>,
    /// Whether the record exists.
    pub exists: bool,
    /// When it was last changed, by the clock of its system.
    pub at: Option<String>,
}

/// The comparison of both records.
#[derive(Debug, Clone, PartialEq)]
pub struct Compare {
    /// The mapping's rules for whole records.
    pub records: Records,
    /// The mapping's rows with the values of both records.
    pub rows: Vec<Row>,
}

/// The mapping's rules for whole records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// Where new records of the other side are created; `None`: nowhere.
    pub created: Option<Direction>,
    /// What happens to a record whose counterpart was deleted.
    pub deleted: Deleted,
}

/// What happens to a record whose counterpart was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Deleted {
    /// It becomes a conflict for a person.
    Report,
    /// It is deleted too.
    Apply,
    /// It is kept.
    Ignore,
}

/// A row of the mapping with the values of both records.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The name of the row.
    pub name: String,
    /// The direction in which values are written.
    pub direction: Direction,
    /// Which side wins if both differ.
    pub master: Master,
    /// What happens to a change on the side that is not the master.
    pub foreign: Foreign,
    /// Sides that need a value.
    pub required: Vec<Side>,
    /// The field of each side.
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
    /// Path of the field.
    pub field: String,
    /// Its value.
    pub value: Value,
    /// Its value converted for the other side.
    pub other: Value,
}

/// Reports that the writes of a plan were done.
#[derive(Debug, Clone, PartialEq)]
pub struct Save {
    /// The names of the entity's sides.
    pub sides: Arc<Sides>,
    /// The entity, which is the name of its mapping.
    pub entity: String,
    /// The run that holds the link.
    pub run: Uuid,
    /// The result of each side.
    pub saved: Pair<Saved>,
}

/// The result of one side.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The record's id, if it exists.
    #[serde(default, deserialize_with = "canonical::deserialize_key_or_null")]
    pub id: Option<String>,
    /// Mapped fields written in addition to those of the plan, by path; for a created record.
    #[serde(default)]
    pub fields: Option<Map<String, Value>>,
}

/// Releases the link without saving.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// The names of the entity's sides.
    pub sides: Arc<Sides>,
    /// The entity, which is the name of its mapping.
    pub entity: String,
    /// The run that holds the link.
    pub run: Uuid,
    /// The side of the record.
    pub side: Side,
    /// Id of the record.
    pub id: String,
}

/// The entity and run of an operation on links, which determine the names of its sides.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct About {
    /// The entity, which is the name of its mapping.
    pub entity: String,
    /// The calling run.
    pub run: Option<Uuid>,
}

impl About {
    /// Reads the body of an operation below `/links/`. Returns `None` for other paths, or if the body has no entity.
    #[must_use]
    pub fn of(path: &str, bytes: &[u8]) -> Option<Self> {
        path.trim_start_matches('/').strip_prefix("links/")?;
        serde_json::from_slice(bytes).ok()
    }
}

impl Operation {
    /// Parses the operation `name` from its body. `sides` are the names of the entity's sides.
    ///
    /// # Errors
    /// The operation does not exist, or its body is invalid.
    pub fn parse(name: &str, bytes: &[u8], sides: &Arc<Sides>) -> Result<Self, Refusal> {
        let operation = read::operation(name, bytes, sides)?;
        operation.check(name)?;
        Ok(operation)
    }

    /// Returns the names of the entity's sides.
    #[must_use]
    pub fn sides(&self) -> &Sides {
        match self {
            Self::Judge(judge) => &judge.sides,
            Self::Plan(plan) => &plan.sides,
            Self::Save(save) => &save.sides,
            Self::Release(release) => &release.sides,
        }
    }

    /// Returns the entity.
    #[must_use]
    pub fn entity(&self) -> &str {
        match self {
            Self::Judge(judge) => &judge.entity,
            Self::Plan(plan) => &plan.entity,
            Self::Save(save) => &save.entity,
            Self::Release(release) => &release.entity,
        }
    }

    /// Returns the calling run.
    #[must_use]
    pub fn run(&self) -> Uuid {
        match self {
            Self::Judge(judge) => judge.run,
            Self::Plan(plan) => plan.run,
            Self::Save(save) => save.run,
            Self::Release(release) => release.run,
        }
    }

    /// Returns the ids by which the link is found.
    #[must_use]
    pub fn ids(&self) -> Pair<Option<String>> {
        match self {
            Self::Judge(judge) => judge.ids(),
            Self::Plan(plan) => Pair::each(|side| plan.found[side].id.clone()),
            Self::Save(save) => Pair::each(|side| save.saved[side].id.clone()),
            Self::Release(release) => one(release.side, &release.id),
        }
    }

    /// Normalizes the ids to the forms declared for the entity. An expression may have made them from a value that was
    /// not normalized on arrival.
    ///
    /// # Errors
    /// An id is invalid.
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

//! Parses the bodies of operations on links, in which the members for a side have the name that the mapping gives that
//! side.

use std::sync::Arc;

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ask::{Cell, Compare, Foreign, Judge, Plan, Records, Release, Row, Save};
use super::{Operation, Pair, Refusal, Side, Sides};
use stepwell_text::canonical;

/// Why a body is invalid.
type Why = String;

pub(super) fn operation(name: &str, bytes: &[u8], sides: &Arc<Sides>) -> Result<Operation, Refusal> {
    let read = match name {
        "judge" => judge,
        "plan" => plan,
        "save" => save,
        "release" => release,
        other => return Err(Refusal::unknown(&format!("links/{other}"))),
    };
    let members: Map<String, Value> = crate::body(&format!("links/{name}"), bytes)?;
    read(Members { sides, members })
        .map_err(|why| Refusal::new(StatusCode::BAD_REQUEST, format!("invalid input for links/{name}: {why}")))
}

/// The members of an object that were not read yet.
struct Members<'s> {
    sides: &'s Arc<Sides>,
    members: Map<String, Value>,
}

impl<'s> Members<'s> {
    fn of(value: Value, sides: &'s Arc<Sides>) -> Result<Self, Why> {
        match value {
            Value::Object(members) => Ok(Self { sides, members }),
            other => Err(format!("an object is expected, not {other}")),
        }
    }

    fn required(&mut self, key: &str) -> Result<Value, Why> {
        self.members.remove(key).ok_or_else(|| format!("missing field `{key}`"))
    }

    fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, Why> {
        let value = self.required(key)?;
        read(key, value)
    }

    fn take_or_default<T: DeserializeOwned + Default>(&mut self, key: &str) -> Result<T, Why> {
        self.members.remove(key).map_or_else(|| Ok(T::default()), |value| read(key, value))
    }

    /// Reads an id.
    fn key(&mut self, key: &str) -> Result<String, Why> {
        canonical::deserialize_key(self.required(key)?).map_err(|why| format!("{key}: {why}"))
    }

    /// Reads a value for each side, under the side's name.
    fn pair<T>(&mut self, mut one: impl FnMut(&mut Self, &str) -> Result<T, Why>) -> Result<Pair<T>, Why> {
        let sides = Arc::clone(self.sides);
        let [first, second] = sides.names();
        Ok(Pair { first: one(self, first)?, second: one(self, second)? })
    }

    /// Reads a keyword whose meaning depends on the names of the sides.
    fn word<T>(&mut self, key: &str, meaning: impl FnOnce(&Sides, &str) -> Option<T>) -> Result<T, Why> {
        let text: String = self.take(key)?;
        let [first, second] = self.sides.names();
        meaning(self.sides, &text)
            .ok_or_else(|| format!("{key} cannot be `{text}`: the sides of this entity are `{first}` and `{second}`"))
    }

    fn side(&mut self) -> Result<Side, Why> {
        self.word("side", Sides::find)
    }

    /// Refuses unknown members.
    fn end(self) -> Result<(), Why> {
        let [first, second] = self.sides.names();
        self.members.keys().next().map_or(Ok(()), |key| {
            Err(format!("unknown field `{key}` (the sides of this entity are `{first}` and `{second}`)"))
        })
    }
}

fn read<T: DeserializeOwned>(key: &str, value: Value) -> Result<T, Why> {
    serde_json::from_value(value).map_err(|why| format!("{key}: {why}"))
}

fn judge(mut body: Members<'_>) -> Result<Operation, Why> {
    let other_id = body.members.remove("otherId").unwrap_or_default();
    let judge = Judge {
        sides: Arc::clone(body.sides),
        entity: body.take("entity")?,
        run: body.take("run")?,
        side: body.side()?,
        id: body.key("id")?,
        other_id: canonical::deserialize_key_or_null(other_id).map_err(|why| format!("otherId: {why}"))?,
        fields: body.take_or_default("fields")?,
        at: body.take_or_default("at")?,
        deleted: body.take_or_default("deleted")?,
    };
    body.end()?;
    Ok(Operation::Judge(judge))
}

fn plan(mut body: Members<'_>) -> Result<Operation, Why> {
    let plan = Plan {
        sides: Arc::clone(body.sides),
        entity: body.take("entity")?,
        run: body.take("run")?,
        found: body.pair(Members::take)?,
        compare: compare(Members::of(body.required("compare")?, body.sides)?)?,
    };
    body.end()?;
    Ok(Operation::Plan(plan))
}

fn save(mut body: Members<'_>) -> Result<Operation, Why> {
    let save = Save {
        sides: Arc::clone(body.sides),
        entity: body.take("entity")?,
        run: body.take("run")?,
        saved: body.pair(Members::take_or_default)?,
    };
    body.end()?;
    Ok(Operation::Save(save))
}

fn release(mut body: Members<'_>) -> Result<Operation, Why> {
    let release = Release {
        sides: Arc::clone(body.sides),
        entity: body.take("entity")?,
        run: body.take("run")?,
        side: body.side()?,
        id: body.key("id")?,
    };
    body.end()?;
    Ok(Operation::Release(release))
}

/// Reads the result of the mapping's `compare`. Unknown members, from a later version, are ignored.
fn compare(mut compare: Members<'_>) -> Result<Compare, Why> {
    let mut records = Members::of(compare.required("records")?, compare.sides)?;
    let none_or = |sides: &Sides, word: &str| match word {
        "none" => Some(None),
        other => sides.find_direction(other).map(Some),
    };
    let records = Records { created: records.word("created", none_or)?, deleted: records.take("deleted")? };
    let rows: Vec<Value> = compare.take("rows")?;
    let rows = rows.into_iter().map(|value| row(Members::of(value, compare.sides)?));
    Ok(Compare { records, rows: rows.collect::<Result<_, _>>()? })
}

fn row(mut row: Members<'_>) -> Result<Row, Why> {
    let required: Vec<String> = row.take_or_default("required")?;
    let side = |name: &String| row.sides.find(name).ok_or_else(|| format!("required: there is no side `{name}`"));
    let required = required.iter().map(side).collect::<Result<_, _>>()?;
    Ok(Row {
        name: row.take("name")?,
        direction: row.word("direction", Sides::find_direction)?,
        master: row.word("master", Sides::find_master)?,
        foreign: row.take::<Foreign>("foreign")?,
        required,
        cells: row.pair(Members::take::<Cell>)?,
    })
}

//! Shows a mapping as a Markdown table, for the people who own the fields.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Direction, Fits, Mapping, Route, Row, Side};

impl Mapping {
    /// Returns Markdown: title, note, rules for records, and a table of the rows.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let [first, second] = &self.types;
        let mut text = format!("# {}\n\n", self.title.as_deref().unwrap_or(&self.name));
        if let Some(note) = &self.note {
            text += &format!("{}\n\n", note.trim());
        }
        let [of_first, of_second] = Side::BOTH.map(|side| self.system(side));
        text += &format!(
            "{}\n\n| | {of_first}: {first} | | {of_second}: {second} | master | to {of_second} | to {of_first} | note |\n",
            self.created_told()
        );
        text += "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
        for row in &self.rows {
            let field = |side| row.field(side).map(|field| format!("`{field}`")).unwrap_or_default();
            let cells = [
                row.number.to_string(),
                field(Side::First),
                row.arrow().to_owned(),
                field(Side::Second),
                if row.is_pair() { self.sides.master(row.master).to_owned() } else { String::new() },
                told(row, Side::Second),
                told(row, Side::First),
                row.note.clone().unwrap_or_default(),
            ];
            let _ = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|").replace('\n', " ")).join(" | "));
        }
        text
    }
}

impl Mapping {
    /// Returns the mapping as JSON: `{title, note, sides, records, rows}`, with each side's data under its name. In a
    /// row `toCrm` and `toErp` are null if the row does not write that side.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let route = |route: &Route| {
            json!({
                "value": route.constant(), "transform": route.transform(), "default": route.default, "required": route.required,
                "fits": route.fits.as_ref().map(Fits::to_json),
            })
        };
        let row = |row: &Row| {
            let master = self.sides.master(row.master);
            let mut told = json!({
                "number": row.number, "direction": self.sides.direction(row.direction()),
                "master": row.is_pair().then_some(master), "foreign": row.is_pair().then_some(row.foreign), "note": row.note,
            });
            for side in Side::BOTH {
                told[self.sides.name(side)] = row.field(side).map(ToString::to_string).into();
                told[self.sides.to(side)] = row.route(side).map(route).into();
            }
            told
        };
        let mut told = json!({
            "title": self.title, "note": self.note, "sides": self.sides.names(), "records": self.of_records(),
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        });
        for side in Side::BOTH {
            told[self.sides.name(side)] = json!({ "type": self.types[side as usize], "system": self.system(side) });
        }
        told
    }

    /// Describes in a sentence where new records are created.
    #[must_use]
    pub fn created_told(&self) -> String {
        match self.records.created {
            None => "New records are not created on the other side.".to_owned(),
            Some(Direction::Both) => "New records on one side are created on the other.".to_owned(),
            Some(Direction::To(to)) => {
                format!("New records in {} are created in {}.", self.system(to.other()), self.system(to))
            }
        }
    }
}

/// Describes how a row computes the field of a side.
fn told(row: &Row, to: Side) -> String {
    let Some(route) = row.route(to) else { return String::new() };
    let mut parts = match (route.constant(), route.transform()) {
        (Some(value), _) => vec![format!("always `{value}`")],
        (None, None) => vec!["unchanged".to_owned()],
        (None, Some(transform)) => vec![format!("`{transform}`")],
    };
    parts.extend(route.fits.iter().flat_map(Fits::told));
    parts.extend(route.default.as_ref().map(|value| format!("else `{value}`")));
    parts.extend(route.required.then(|| "required".to_owned()));
    parts.join(", ")
}

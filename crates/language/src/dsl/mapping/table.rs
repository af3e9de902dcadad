//! A mapping as a Markdown table, for those who own the fields.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Fits, Mapping, Row, Side, Way};

impl Mapping {
    /// Markdown: a heading, what the mapping says of itself, a row for each row.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let [crm, erp] = &self.types;
        let mut text = format!("# {}\n\n", self.title.as_deref().unwrap_or(&self.name));
        if let Some(note) = &self.note {
            text += &format!("{}\n\n", note.trim());
        }
        let [of_crm, of_erp] = &self.systems;
        text += &format!(
            "{}\n\n| | {of_crm}: {crm} | | {of_erp}: {erp} | master | to {of_erp} | to {of_crm} | note |\n",
            self.created_told()
        );
        text += "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
        for row in &self.rows {
            let field = |side| row.field(side).map(|field| format!("`{field}`")).unwrap_or_default();
            let cells = [
                row.number.to_string(),
                field(Side::Crm),
                row.arrow().to_owned(),
                field(Side::Erp),
                if row.is_pair() { row.master.to_owned() } else { String::new() },
                told(row, Side::Erp),
                told(row, Side::Crm),
                row.note.clone().unwrap_or_default(),
            ];
            let _ = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|").replace('\n', " ")).join(" | "));
        }
        text
    }
}

impl Mapping {
    /// The table for programs: `{title, note, crm, erp, records, rows}`; in a row `toCrm` and `toErp` are null where no value
    /// goes there.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let side = |side: Side| json!({ "type": self.types[side as usize], "system": self.system(side) });
        let way = |way: &Way| {
            json!({
                "value": way.constant(), "transform": way.transform(), "default": way.default, "required": way.required,
                "fits": way.fits.as_ref().map(Fits::to_json),
            })
        };
        let row = |row: &Row| {
            let field = |side| row.field(side).map(ToString::to_string);
            json!({
                "number": row.number, "crm": field(Side::Crm), "erp": field(Side::Erp), "direction": row.direction(),
                "master": row.is_pair().then_some(row.master), "foreign": row.is_pair().then_some(row.foreign),
                "toErp": row.way(Side::Erp).map(way), "toCrm": row.way(Side::Crm).map(way), "note": row.note,
            })
        };
        json!({
            "title": self.title, "note": self.note, "crm": side(Side::Crm), "erp": side(Side::Erp),
            "records": { "created": self.records.created, "deleted": self.records.deleted },
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// Where new records are made, in a sentence.
    #[must_use]
    pub fn created_told(&self) -> String {
        let [crm, erp] = &self.systems;
        match self.records.created {
            "none" => "New records are not created on the other side.".to_owned(),
            "both" => "New records on one side are created on the other.".to_owned(),
            "toErp" => format!("New records in {crm} are created in {erp}."),
            _ => format!("New records in {erp} are created in {crm}."),
        }
    }
}

/// What happens to a value on its way to a side.
fn told(row: &Row, to: Side) -> String {
    let Some(way) = row.way(to) else { return String::new() };
    let mut parts = match (way.constant(), way.transform()) {
        (Some(value), _) => vec![format!("always `{value}`")],
        (None, None) => vec!["unchanged".to_owned()],
        (None, Some(transform)) => vec![format!("`{transform}`")],
    };
    parts.extend(way.fits.iter().flat_map(Fits::told));
    parts.extend(way.default.as_ref().map(|value| format!("else `{value}`")));
    parts.extend(way.required.then(|| "required".to_owned()));
    parts.join(", ")
}

//! A mapping as a Markdown table, for those who own the fields.

use std::fmt::Write as _;

use super::{Mapping, Row, Side, Source};

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
            "{}\n\n| | {of_crm}: {crm} | | {of_erp}: {erp} | master | to the {of_erp} | to the {of_crm} | note |\n",
            self.created_told()
        );
        text += "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
        for row in &self.rows {
            let arrow = match row.direction() {
                "both" => "↔",
                "toErp" => "→",
                _ => "←",
            };
            let field = |side| row.field(side).map(|field| format!("`{field}`")).unwrap_or_default();
            let cells = [
                row.number.to_string(),
                field(Side::Crm),
                arrow.to_owned(),
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
    /// Where new records are made, in a sentence.
    #[must_use]
    pub fn created_told(&self) -> String {
        let [crm, erp] = &self.systems;
        match self.records.created {
            "none" => "Records are created on neither side.".to_owned(),
            "both" => "A record that is new on one side is created on the other.".to_owned(),
            "toErp" => format!("A record that is new in the {crm} is created in the {erp}."),
            _ => format!("A record that is new in the {erp} is created in the {crm}."),
        }
    }
}

/// What happens to a value on its way to a side.
fn told(row: &Row, to: Side) -> String {
    let Some(way) = row.way(to) else { return String::new() };
    let mut parts = match &way.value {
        Source::Constant(value) => vec![format!("always `{value}`")],
        Source::Field(_, None) => vec!["as it is".to_owned()],
        Source::Field(_, Some(transform)) => vec![format!("`{}`", transform.trim())],
    };
    parts.extend(way.default.as_ref().map(|value| format!("else `{value}`")));
    parts.extend(way.required.then(|| "required".to_owned()));
    parts.join(", ")
}

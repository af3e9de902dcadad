//! The CSV of bulk jobs: reads uploads and writes results.

use serde_json::Value;

use crate::crm::refusal::{Mistake, Refusal};
use crate::crm::schema::{Field, Kind, SObject, Schema};
use crate::records::Fields;

/// Clears a field. An empty cell leaves it unchanged.
const NOTHING: &str = "#N/A";

/// Returns a line of a result, with each cell quoted.
pub fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    line_with(cells, ',', "\n")
}

/// Like [`line()`], with the delimiter and line ending of the job.
pub fn line_with<'a>(cells: impl Iterator<Item = &'a str>, delimiter: char, end: &str) -> String {
    let cells: Vec<String> = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
    cells.join(&delimiter.to_string()) + end
}

type Table = (Vec<String>, Vec<Vec<String>>);

/// Reads the columns and rows of an upload. The error makes the whole job fail.
pub fn read(schema: &Schema, text: &str, object: &SObject) -> Result<Table, String> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let columns = reader.headers().map(cells).map_err(|why| format!("InvalidBatch : {why}"))?;
    if columns.iter().all(String::is_empty) {
        return Err("InvalidBatch : The 'batch' was empty".to_owned());
    }
    if let Some(unknown) = columns.iter().find(|name| schema.field(object, name).is_none()) {
        return Err(format!("InvalidBatch : Field name not found : {unknown}"));
    }
    let rows: Result<Vec<_>, _> = reader.records().map(|record| record.map(|record| cells(&record))).collect();
    rows.map(|rows| (columns, rows)).map_err(|why| format!("InvalidBatch : {why}"))
}

/// Returns the fields that a row sets.
pub fn row_fields(schema: &Schema, object: &SObject, columns: &[String], cells: &[String]) -> Result<Fields, Refusal> {
    let mut fields = Fields::new();
    for (name, cell) in columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        let Some(field) = schema.field(object, name) else { continue };
        fields.insert(field.name.to_owned(), cell_value(field, cell)?);
    }
    Ok(fields)
}

fn cell_value(field: &Field, cell: &str) -> Result<Value, Refusal> {
    let wrong = |kind: &str| {
        let why = format!("'{cell}' is not a valid value for the type {kind}");
        Refusal::record(vec![Mistake::new("INVALID_TYPE_ON_FIELD_IN_RECORD", why, &[field.name])])
    };
    match field.kind {
        _ if cell == NOTHING => Ok(Value::Null),
        Kind::Number(..) | Kind::Integer => {
            let number = serde_json::from_str::<serde_json::Number>(cell).map_err(|_| wrong("xsd:double"))?;
            Ok(Value::Number(number))
        }
        Kind::Flag => match cell.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(wrong("xsd:boolean")),
        },
        _ => Ok(cell.into()),
    }
}

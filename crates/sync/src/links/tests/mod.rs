//! What the rules of links promise: row by row (`rules`), and over ten thousand edits on both sides (`world`).

mod rules;
mod world;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Cell, Compare, Created, Deleted, Direction, Foreign, Links, Master, Operation, Records, Row};
use crate::Refusal;
use crate::links::Side;

/// A run by number.
fn run(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0193_4d10_0000_7000, 0x8000_0000_0000_0000 | number)
}

/// An operation as a workflow asks for it.
fn asked(name: &str, body: &Value) -> Operation {
    Operation::parse(name, body.to_string().as_bytes()).expect("an operation")
}

fn perform(links: &mut Links, name: &str, body: &Value) -> Result<Value, Refusal> {
    links.perform(&asked(name, body), crate::time("2026-11-20T17:00:00Z").expect("a time"))
}

/// A row that goes both ways as it is.
fn row(name: &str, master: Master, crm: Value, erp: Value) -> Row {
    let cell = |value: Value| Cell { field: name.to_owned(), other: value.clone(), value };
    Row {
        name: name.to_owned(),
        direction: Direction::Both,
        master,
        foreign: Foreign::PutBack,
        required: Vec::new(),
        crm: cell(crm),
        erp: cell(erp),
    }
}

/// What the mapping's `compare` gives, as JSON.
fn compare(rows: &[Row]) -> Value {
    let word = |row: &Row| match row.direction {
        Direction::Both => "both",
        Direction::ToErp => "toErp",
        Direction::ToCrm => "toCrm",
    };
    let master = |row: &Row| match row.master {
        Master::Crm => "crm",
        Master::Erp => "erp",
        Master::Newest => "newest",
        Master::Manual => "manual",
    };
    let cell = |cell: &Cell| json!({ "field": cell.field, "value": cell.value, "other": cell.other });
    let row = |row: &Row| {
        json!({
            "name": row.name,
            "direction": word(row),
            "master": master(row),
            "foreign": if row.foreign == Foreign::PutBack { "putBack" } else { "report" },
            "required": row.required,
            "crm": cell(&row.crm),
            "erp": cell(&row.erp),
        })
    };
    json!({ "records": { "created": "both", "deleted": "report" }, "rows": rows.iter().map(row).collect::<Vec<_>>() })
}

#[test]
fn a_comparison_is_read_as_the_mapping_writes_it() {
    let rows = vec![row("Name", Master::Newest, json!("a"), json!(1.5))];
    let read: Compare = serde_json::from_value(compare(&rows)).unwrap();
    assert_eq!(read, Compare { records: Records { created: Created::Both, deleted: Deleted::Report }, rows });
    assert_eq!(serde_json::to_value(Side::BOTH).unwrap(), json!(["crm", "erp"]));
}

//! The rules of links: row by row (`rules`), and over ten thousand edits on both sides (`world`).

mod rules;
mod world;

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Cell, Compare, Deleted, Direction, Foreign, Links, Master, Operation, Pair, Records, Row, Side, Sides};
use crate::Refusal;

/// Returns the id of a numbered run.
fn run(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0193_4d10_0000_7000, 0x8000_0000_0000_0000 | number)
}

/// Parses an operation.
fn asked(name: &str, body: &Value) -> Operation {
    Operation::parse(name, body.to_string().as_bytes(), &Arc::default()).expect("an operation")
}

fn perform(links: &mut Links, name: &str, body: &Value) -> Result<Value, Refusal> {
    links.perform(&asked(name, body), crate::time("2026-11-20T17:00:00Z").expect("a time"))
}

/// A row that is copied unchanged in both directions.
fn row(name: &str, master: Master, crm: Value, erp: Value) -> Row {
    let cell = |value: Value| Cell { field: name.to_owned(), other: value.clone(), value };
    Row {
        name: name.to_owned(),
        direction: Direction::Both,
        master,
        foreign: Foreign::PutBack,
        required: Vec::new(),
        cells: Pair { first: cell(crm), second: cell(erp) },
    }
}

/// Returns the result of `compare` as JSON, for a mapping with the default sides.
fn compare(rows: &[Row]) -> Value {
    compare_of(&Sides::default(), rows)
}

/// Returns the result of `compare` as JSON.
fn compare_of(sides: &Sides, rows: &[Row]) -> Value {
    let cell = |cell: &Cell| json!({ "field": cell.field, "value": cell.value, "other": cell.other });
    let row = |row: &Row| {
        json!({
            "name": row.name,
            "direction": sides.direction(row.direction),
            "master": sides.master(row.master),
            "foreign": if row.foreign == Foreign::PutBack { "putBack" } else { "report" },
            "required": row.required.iter().map(|side| sides.name(*side)).collect::<Vec<_>>(),
            (sides.names()[0]): cell(&row.cells.first),
            (sides.names()[1]): cell(&row.cells.second),
        })
    };
    json!({ "records": { "created": "both", "deleted": "report" }, "rows": rows.iter().map(row).collect::<Vec<_>>() })
}

#[test]
fn a_comparison_is_read_as_the_mapping_writes_it() {
    let sides = Arc::new(Sides::named(["crm", "billing"]));
    let mut one_way = row("Total", Master::Side(Side::Second), json!(null), json!(12));
    (one_way.direction, one_way.required) = (Direction::To(Side::First), vec![Side::First]);
    let rows = vec![row("Name", Master::Newest, json!("a"), json!(1.5)), one_way];
    let found = |id: &str| json!({ "id": id, "exists": true });
    let body = json!({
        "entity": "invoice", "run": run(1), "crm": found("003"), "billing": found("7"), "compare": compare_of(&sides, &rows),
    });
    let Ok(Operation::Plan(read)) = Operation::parse("plan", body.to_string().as_bytes(), &sides) else {
        panic!("{body}")
    };
    let records = Records { created: Some(Direction::Both), deleted: Deleted::Report };
    assert_eq!(read.compare, Compare { records, rows });
    assert_eq!(read.found.second.id.as_deref(), Some("7"));
}

#[test]
fn links_are_stored_under_the_names_that_nodes_of_the_version_before_read() {
    let ids = Pair { first: Some("003"), second: Some("7") };
    let stored = json!({ "crm": "003", "erp": "7" });
    assert_eq!(serde_json::to_value(&ids).unwrap(), stored);
    assert_eq!(
        serde_json::from_value::<Pair<Option<String>>>(stored).unwrap(),
        Pair::each(|side| ids[side].map(str::to_owned))
    );
}

#[test]
fn a_mapping_names_the_sides_in_what_is_asked_and_in_what_is_answered() {
    let sides = Arc::new(Sides::named(["crm", "billing"]));
    let mut links = Links::default();
    let mut perform = |name: &str, body: &Value| {
        let operation = Operation::parse(name, body.to_string().as_bytes(), &sides)?;
        links
            .perform(&operation, crate::time("2026-11-20T17:00:00Z").expect("a time"))
            .map(|answer| (answer, links.to_value()))
    };
    let judge =
        json!({ "entity": "invoice", "run": run(1), "side": "billing", "id": "7", "otherId": "003", "fields": null });
    let judged = perform("judge", &judge).unwrap().0;
    assert_eq!(judged, json!({ "verdict": "new", "crm": "003", "billing": "7" }));
    let rows = [row("Total", Master::Manual, json!(11), json!(12))];
    let plan = json!({
        "entity": "invoice", "run": run(1), "crm": { "id": "003", "exists": true }, "billing": { "id": "7", "exists": true },
        "compare": compare_of(&sides, &rows),
    });
    let (planned, known) = perform("plan", &plan).unwrap();
    assert_eq!((&planned["billing"]["action"], &planned["conflicts"]), (&json!("none"), &json!(1)), "{planned}");
    assert_eq!(known[0]["conflicts"][0]["seen"]["billing"], json!({ "field": "Total", "value": 12 }), "{known}");
    let save = json!({ "entity": "invoice", "run": run(1), "billing": { "id": "7" } });
    assert_eq!(perform("save", &save).unwrap().0, json!({ "crm": null, "billing": "7" }));

    for (name, body, why) in [
        (
            "judge",
            json!({ "entity": "invoice", "run": run(1), "side": "erp", "id": "7" }),
            "side cannot be `erp`: the sides of this entity are `crm` and `billing`",
        ),
        (
            "save",
            json!({ "entity": "invoice", "run": run(1), "erp": { "id": "7" } }),
            "unknown field `erp` (the sides of this entity are `crm` and `billing`)",
        ),
        ("plan", json!({ "entity": "invoice", "run": run(1), "crm": { "exists": false } }), "missing field `billing`"),
    ] {
        let refusal = perform(name, &body).unwrap_err();
        assert!(refusal.status == 400 && refusal.detail.contains(why), "{body}: {refusal}");
    }
    let other = json!({ "entity": "invoice", "run": run(2), "side": "crm", "id": "004", "otherId": "7" });
    let refusal = perform("judge", &other).unwrap_err();
    assert!(refusal.detail.contains("invoice CRM record 003 and Billing record 7 are linked"), "{refusal}");
}

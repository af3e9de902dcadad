//! The rules of single rows.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::{compare, perform, row, run};
use crate::links::{Conflict, Direction, Foreign, Link, Links, Master, Operation, Row, Side, plan};

/// Links with one pair, `003` and `7`, which had these fields after the last sync.
fn paired(crm: &Value, erp: &Value) -> Links {
    let mut links = Links::default();
    let judged = json!({ "entity": "contact", "run": run(0), "side": "crm", "id": "003", "otherId": "7" });
    perform(&mut links, "judge", &judged).unwrap();
    let saved = json!({
        "entity": "contact", "run": run(0),
        "crm": { "id": "003", "fields": crm },
        "erp": { "id": "7", "fields": erp },
    });
    perform(&mut links, "save", &saved).unwrap();
    links
}

fn look(links: &mut Links, by: u64) {
    let judged = json!({ "entity": "contact", "run": run(by), "side": "crm", "id": "003", "fields": null });
    assert_eq!(perform(links, "judge", &judged).unwrap()["verdict"], "changed");
}

fn plan_at(links: &mut Links, by: u64, rows: &[Row], crm_at: &str, erp_at: &str) -> Value {
    let body = json!({
        "entity": "contact", "run": run(by),
        "crm": { "id": "003", "exists": true, "at": crm_at },
        "erp": { "id": "7", "exists": true, "at": erp_at },
        "compare": compare(rows),
    });
    perform(links, "plan", &body).unwrap()
}

fn planned(links: &mut Links, by: u64, rows: &[Row]) -> Value {
    plan_at(links, by, rows, "2026-11-20T16:00:00Z", "2026-11-20T16:00:00Z")
}

fn save(links: &mut Links, by: u64) {
    let body = json!({ "entity": "contact", "run": run(by), "crm": { "id": "003" }, "erp": { "id": "7" } });
    perform(links, "save", &body).unwrap();
}

fn verdict(links: &mut Links, side: &str, fields: &Value, at: &str) -> String {
    let id = if side == "crm" { "003" } else { "7" };
    let body = json!({ "entity": "contact", "run": run(99), "side": side, "id": id, "fields": fields, "at": at });
    let answer = perform(links, "judge", &body).unwrap();
    let release = json!({ "entity": "contact", "run": run(99), "side": side, "id": id });
    perform(links, "release", &release).unwrap();
    answer["verdict"].as_str().unwrap().to_owned()
}

const LATER: &str = "2026-11-20T16:30:00Z";

#[test]
fn an_event_that_says_what_is_known_is_an_echo() {
    let mut links = paired(&json!({ "Name": "a", "Phone": null }), &json!({ "Name": "a", "Phone": null }));
    assert_eq!(verdict(&mut links, "crm", &json!({ "Name": "a" }), LATER), "echo");
    assert_eq!(verdict(&mut links, "crm", &json!({ "Name": "a", "Phone": "" }), LATER), "echo");
    assert_eq!(verdict(&mut links, "crm", &json!({ "Name": "b" }), LATER), "changed");
    assert_eq!(verdict(&mut links, "crm", &json!({}), LATER), "irrelevant");
    assert_eq!(verdict(&mut links, "erp", &json!({ "Phone": "1" }), LATER), "changed");
}

#[test]
fn a_write_is_known_before_it_is_done() {
    let mut links = paired(&json!({ "Name": "a" }), &json!({ "Name": "a" }));
    look(&mut links, 1);
    let planned = planned(&mut links, 1, &[row("Name", Master::Newest, json!("b"), json!("a"))]);
    assert_eq!(planned["erp"]["fields"], json!({ "Name": "b" }));
    let echo = json!({ "entity": "contact", "run": run(2), "side": "erp", "id": "7", "fields": { "Name": "b" } });
    assert_eq!(perform(&mut links, "judge", &echo).unwrap()["verdict"], "echo", "and it does not wait for the first");
}

#[test]
fn an_event_that_is_older_than_what_was_read_is_late() {
    let mut links = paired(&json!({ "Name": "a" }), &json!({ "Name": "a" }));
    look(&mut links, 1);
    plan_at(&mut links, 1, &[row("Name", Master::Side(Side::First), json!("a"), json!("a"))], LATER, LATER);
    save(&mut links, 1);
    assert_eq!(verdict(&mut links, "crm", &json!({ "Name": "old" }), "2026-11-20T16:29:54Z"), "late");
    assert_eq!(verdict(&mut links, "crm", &json!({ "Name": "x" }), "2026-11-20T16:29:56Z"), "changed", "clocks differ");
}

#[test]
fn one_run_works_on_a_pair_at_a_time() {
    let mut links = paired(&json!({ "Name": "a" }), &json!({ "Name": "a" }));
    look(&mut links, 1);
    look(&mut links, 1);
    let other = json!({ "entity": "contact", "run": run(2), "side": "erp", "id": "7", "fields": { "Name": "z" } });
    let refusal = perform(&mut links, "judge", &other).unwrap_err();
    assert_eq!(refusal.status, StatusCode::LOCKED);
    assert!(refusal.retry_after.is_some() && refusal.detail.contains(&run(1).to_string()), "{refusal}");
    let foreign = json!({ "entity": "contact", "run": run(2), "crm": { "id": "003" } });
    assert_eq!(perform(&mut links, "save", &foreign).unwrap_err().status, StatusCode::CONFLICT);
    save(&mut links, 1);
    save(&mut links, 1);
    assert_eq!(perform(&mut links, "judge", &other).unwrap()["verdict"], "changed");
}

#[test]
fn two_records_that_meet_become_one_pair_and_others_are_refused() {
    let mut links = Links::default();
    let crm = json!({ "entity": "contact", "run": run(1), "side": "crm", "id": "003", "fields": {} });
    let erp = json!({ "entity": "contact", "run": run(1), "side": "erp", "id": "7", "fields": {} });
    perform(&mut links, "judge", &crm).unwrap();
    perform(&mut links, "judge", &erp).unwrap();
    let both = json!({ "entity": "contact", "run": run(1), "side": "erp", "id": "7", "otherId": "003", "fields": {} });
    assert_eq!(perform(&mut links, "judge", &both).unwrap(), json!({ "verdict": "new", "crm": "003", "erp": "7" }));
    assert_eq!(links.to_value().as_array().map(Vec::len), Some(1));
    let third = json!({ "entity": "contact", "run": run(1), "side": "erp", "id": "8", "otherId": "003", "fields": {} });
    let refusal = perform(&mut links, "judge", &third).unwrap_err();
    assert_eq!(refusal.status, StatusCode::CONFLICT);
    assert!(
        refusal
            .detail
            .contains("contact CRM record 003 and ERP record 7 are linked, not CRM record 003 and ERP record 8"),
        "{refusal}"
    );
}

/// Returns the side and value that are written, the kind of conflict, or `nowhere`.
fn decided(had: [&str; 2], row: Row) -> String {
    let [crm, erp] = had.map(|had| json!({ row.name.clone(): had }));
    let mut links = paired(&crm, &erp);
    look(&mut links, 1);
    let planned = planned(&mut links, 1, std::slice::from_ref(&row));
    let conflicts = links.to_value()[0]["conflicts"].clone();
    match (&planned["crm"]["fields"][&row.name], &planned["erp"]["fields"][&row.name], &conflicts[0]["kind"]) {
        (Value::Null, Value::Null, Value::Null) => "nowhere".to_owned(),
        (value, Value::Null, Value::Null) => format!("crm {value}"),
        (Value::Null, value, Value::Null) => format!("erp {value}"),
        (Value::Null, Value::Null, kind) => kind.as_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_change_on_one_side_goes_to_the_other_unless_that_is_the_master() {
    let at = |master, crm: &str, erp: &str| decided(["a", "a"], row("F", master, json!(crm), json!(erp)));
    assert_eq!(at(Master::Side(Side::First), "b", "a"), r#"erp "b""#);
    assert_eq!(at(Master::Side(Side::First), "a", "b"), r#"erp "a""#, "put back");
    assert_eq!(at(Master::Side(Side::Second), "b", "a"), r#"crm "a""#, "put back");
    assert_eq!(at(Master::Side(Side::Second), "a", "b"), r#"crm "b""#);
    assert_eq!(at(Master::Newest, "b", "a"), r#"erp "b""#);
    assert_eq!(at(Master::Newest, "a", "b"), r#"crm "b""#);
    assert_eq!(at(Master::Manual, "b", "a"), r#"erp "b""#);
}

#[test]
fn a_change_of_both_follows_the_rule_of_the_row() {
    let at = |master| decided(["a", "a"], row("F", master, json!("b"), json!("c")));
    assert_eq!(at(Master::Side(Side::First)), r#"erp "b""#);
    assert_eq!(at(Master::Side(Side::Second)), r#"crm "c""#);
    assert_eq!(at(Master::Manual), "both");
    assert_eq!(at(Master::Newest), "both", "the records are of the same second");
    assert_eq!(decided(["a", "a"], row("F", Master::Manual, json!("b"), json!("b"))), "nowhere", "both to the same");
    assert_eq!(decided(["a", "a"], row("F", Master::Manual, json!(1), json!("1.0"))), "both", "a text is no number");
}

#[test]
fn the_newest_change_is_that_of_the_field_if_an_event_reported_it() {
    let rows = [row("F", Master::Newest, json!("b"), json!("c"))];
    let mut links = paired(&json!({ "F": "a" }), &json!({ "F": "a" }));
    look(&mut links, 1);
    let newer = plan_at(&mut links, 1, &rows, "2026-11-20T16:00:01Z", "2026-11-20T16:00:00Z");
    assert_eq!(newer["erp"]["fields"], json!({ "F": "b" }), "the record of the CRM is newer");

    let mut links = paired(&json!({ "F": "a" }), &json!({ "F": "a" }));
    let erp = json!({ "entity": "contact", "run": run(1), "side": "erp", "id": "7", "fields": { "F": "c" }, "at": "2026-11-20T15:59:00Z" });
    perform(&mut links, "judge", &erp).unwrap();
    let crm = json!({ "entity": "contact", "run": run(1), "side": "crm", "id": "003", "fields": { "F": "b" }, "at": "2026-11-20T15:00:00Z" });
    perform(&mut links, "judge", &crm).unwrap();
    let newer = plan_at(&mut links, 1, &rows, "2026-11-20T16:00:01Z", "2026-11-20T16:00:00Z");
    assert_eq!(newer["crm"]["fields"], json!({ "F": "c" }), "the CRM's record is newer for another field's sake");
}

#[test]
fn a_foreign_change_can_be_reported_and_a_value_that_must_be_there_is() {
    let reported = Row { foreign: Foreign::Report, ..row("F", Master::Side(Side::First), json!("a"), json!("b")) };
    assert_eq!(decided(["a", "a"], reported), "foreign");
    let required = Row { required: vec![Side::Second], ..row("F", Master::Side(Side::First), json!(null), json!("a")) };
    assert_eq!(decided(["a", "a"], required), "required");
    let one_way =
        Row { direction: Direction::To(Side::Second), ..row("F", Master::Side(Side::First), json!("a"), json!("b")) };
    assert_eq!(decided(["a", "a"], one_way), r#"erp "a""#);
}

#[test]
fn of_two_records_that_meet_the_one_that_has_a_value_gives_it() {
    let mut links = Links::default();
    let judged =
        json!({ "entity": "contact", "run": run(1), "side": "crm", "id": "003", "otherId": "7", "fields": null });
    perform(&mut links, "judge", &judged).unwrap();
    let rows = [
        row("A", Master::Side(Side::First), json!(null), json!("kept")),
        row("B", Master::Side(Side::First), json!("crm"), json!("erp")),
        row("C", Master::Manual, json!("x"), json!("y")),
    ];
    let planned = planned(&mut links, 1, &rows);
    assert_eq!(planned["crm"]["fields"], json!({ "A": "kept" }));
    assert_eq!(planned["erp"]["fields"], json!({ "B": "crm" }));
    assert_eq!(planned["conflicts"], 1);
}

#[test]
fn a_value_that_is_changed_back_each_time_is_not_written_forever() {
    let mut links = paired(&json!({ "F": "a" }), &json!({ "F": "A" }));
    for by in 1..=3 {
        look(&mut links, by);
        let planned = planned(&mut links, by, &[row("F", Master::Side(Side::First), json!("a"), json!("A"))]);
        assert_eq!(planned["erp"]["fields"], json!({ "F": "a" }), "write {by}");
        assert_eq!(
            super::rules::planned(&mut links, by, &[row("F", Master::Side(Side::First), json!("a"), json!("A"))]),
            planned,
            "the same plan again"
        );
        save(&mut links, by);
    }
    look(&mut links, 4);
    let planned = planned(&mut links, 4, &[row("F", Master::Side(Side::First), json!("a"), json!("A"))]);
    assert_eq!((&planned["erp"]["action"], &planned["conflicts"]), (&json!("none"), &json!(1)));
    assert_eq!(links.to_value()[0]["conflicts"][0]["kind"], "unstable");
}

#[test]
fn a_field_in_conflict_stays_in_conflict_though_another_row_reads_it() {
    let last_name = || {
        let name = Row {
            name: "LastName to entityId".into(),
            direction: Direction::To(Side::Second),
            ..row("LastName", Master::Side(Side::First), json!("b"), json!("a"))
        };
        let mut name = name;
        name.cells.second.field = "entityId".into();
        [row("LastName", Master::Manual, json!("b"), json!("c")), name]
    };
    let mut links = paired(&json!({ "LastName": "a" }), &json!({ "LastName": "a", "entityId": "a" }));
    for by in 1..=2 {
        look(&mut links, by);
        let planned = planned(&mut links, by, &last_name());
        assert_eq!(planned["erp"]["fields"], json!({ "entityId": "b" }), "{by}");
        assert_eq!(planned["conflicts"], 1, "{by}: {planned}");
        save(&mut links, by);
    }
}

#[test]
fn what_a_person_chose_counts_for_the_values_that_he_saw() {
    let link = Link { holder: Some(run(1)), saved_by: Some(run(0)), ..Link::default() };
    let asked = |crm: &str, erp: &str| {
        let body = json!({
            "entity": "contact", "run": run(1),
            "crm": { "id": "003", "exists": true },
            "erp": { "id": "7", "exists": true },
            "compare": compare(&[row("F", Master::Manual, json!(crm), json!(erp))]),
        });
        match super::asked("plan", &body) {
            Operation::Plan(ask) => ask,
            other => panic!("{other:?}"),
        }
    };
    let now = crate::time(LATER).unwrap();
    let found = plan::plan(&link, &[], &asked("b", "c"), now).unwrap();
    let [conflict] = found.conflicts.as_slice() else { panic!("{found:?}") };
    let chosen = Conflict { chosen: Some(Side::Second), ..conflict.clone() };
    let carried = plan::plan(&link, std::slice::from_ref(&chosen), &asked("b", "c"), now).unwrap();
    assert_eq!(carried.answer["crm"]["fields"], json!({ "F": "c" }));
    assert_eq!(carried.link.pending.unwrap().settles, [Some("F".to_owned())]);
    let changed = plan::plan(&link, &[chosen], &asked("b", "d"), now).unwrap();
    assert_eq!(changed.answer["crm"]["action"], "none");
    assert_eq!(changed.conflicts[0].chosen, None, "it is open again, with what stands there now");
}

#[test]
fn a_partner_that_was_deleted_is_reported_and_not_made_again() {
    let mut links = paired(&json!({ "F": "a" }), &json!({ "F": "a" }));
    for by in 1..=2 {
        let gone = json!({ "entity": "contact", "run": run(by), "side": "crm", "id": "003", "deleted": true });
        assert_eq!(perform(&mut links, "judge", &gone).unwrap()["verdict"], "deleted");
        let body = json!({
            "entity": "contact", "run": run(by),
            "crm": { "id": "003", "exists": false },
            "erp": { "id": "7", "exists": true },
            "compare": compare(&[row("F", Master::Side(Side::First), json!(null), json!("a"))]),
        });
        let planned = perform(&mut links, "plan", &body).unwrap();
        assert_eq!((&planned["crm"]["action"], &planned["erp"]["action"]), (&json!("none"), &json!("none")));
        assert_eq!(planned["conflicts"], 1);
        save(&mut links, by);
    }
    assert_eq!(links.to_value()[0]["conflicts"][0]["kind"], "deleted");
    let unknown = json!({ "entity": "contact", "run": run(3), "side": "erp", "id": "9", "deleted": true });
    assert_eq!(perform(&mut links, "judge", &unknown).unwrap()["verdict"], "irrelevant");
}

#[test]
fn a_partner_that_is_made_again_takes_the_place_of_the_one_that_was_deleted() {
    let mut links = paired(&json!({ "F": "a" }), &json!({ "F": "a" }));
    look(&mut links, 1);
    // The new record's own event arrives before the run that created it has saved. That event waits; it is not an
    // error.
    let echo = json!({ "entity": "contact", "run": run(2), "side": "crm", "id": "009", "otherId": "7", "fields": { "F": "a" } });
    assert_eq!(perform(&mut links, "judge", &echo).unwrap_err().status, StatusCode::LOCKED);
    let saved = json!({ "entity": "contact", "run": run(1), "crm": { "id": "009" }, "erp": { "id": "7" } });
    perform(&mut links, "save", &saved).unwrap();
    perform(&mut links, "save", &saved).unwrap();
    assert_eq!(perform(&mut links, "judge", &echo).unwrap()["verdict"], "echo");
    let pairs = links.to_value();
    assert_eq!(pairs.as_array().map(Vec::len), Some(1), "{pairs}");
    let foreign = json!({ "entity": "contact", "run": run(3), "crm": { "id": "010" }, "erp": { "id": "7" } });
    assert_eq!(perform(&mut links, "save", &foreign).unwrap_err().status, StatusCode::CONFLICT);
}

#[test]
fn an_invalid_value_is_refused_with_the_reason() {
    for (name, body) in [
        ("judge", json!({ "entity": "", "run": run(1), "side": "crm", "id": "1" })),
        ("judge", json!({ "entity": "a", "run": run(1), "side": "left", "id": "1" })),
        ("judge", json!({ "entity": "a", "run": run(1), "side": "crm", "id": "a\u{0}" })),
        ("judge", json!({ "entity": "a", "run": run(1), "side": "crm", "id": "1", "at": "yesterday" })),
        ("save", json!({ "entity": "a", "run": run(1) })),
        ("save", json!({ "entity": "a", "run": "me", "crm": { "id": "1" } })),
        ("plan", json!({ "entity": "a", "run": run(1), "crm": { "id": "1", "exists": true } })),
    ] {
        let refusal = Operation::parse(name, body.to_string().as_bytes(), &Arc::default()).unwrap_err();
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{body}: {refusal}");
    }
    assert_eq!(Operation::parse("drop", b"{}", &Arc::default()).unwrap_err().status, StatusCode::NOT_FOUND);
}

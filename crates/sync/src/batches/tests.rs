//! What a batch counts, keeps and refuses.

use super::ask::MESSAGE_CHARS_MAX;
use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000 + seconds, 0).expect("a time")
}

fn parsed(name: &str, body: &Value) -> Result<Operation, Refusal> {
    Operation::parse(name, body.to_string().as_bytes())
}

fn asked(batches: &mut Batches, name: &str, body: &Value, now: DateTime<Utc>) -> Result<Value, Refusal> {
    let forms = BTreeMap::from([("external".to_owned(), Form::CaseInsensitive)]);
    batches.perform(&parsed(name, body)?, &forms, now)
}

fn begun(batches: &mut Batches, run: u128) -> Value {
    let body = json!({ "name": "catalog", "mode": "full", "run": Uuid::from_u128(run) });
    asked(batches, "begin", &body, at(0)).expect("begun")
}

fn report(batch: &Value, cursor: &str, keys: &[&str], failed: &[&str]) -> Value {
    let failed: Vec<Value> =
        failed.iter().map(|key| json!({ "key": key, "message": "no name", "row": { "id": key } })).collect();
    json!({ "batch": batch["id"], "cursor": cursor, "keys": keys, "failed": failed })
}

#[test]
fn a_report_that_is_sent_twice_counts_once() {
    let mut batches = Batches::default();
    let batch = begun(&mut batches, 7);
    assert_eq!(begun(&mut batches, 7), batch, "the answer was lost: the same batch");
    let told = report(&batch, "1", &["a", "b", "c"], &["b"]);
    let first = asked(&mut batches, "report", &told, at(1)).expect("counted");
    assert_eq!((&first["done"], &first["failed"]), (&json!(3), &json!(1)));
    assert_eq!(asked(&mut batches, "report", &told, at(2)), Ok(first), "the answer was lost");
    let row = &batches.to_value()["failed"]["catalog"]["b"];
    assert_eq!(row, &json!({ "message": "no name", "row": { "id": "b" }, "attempts": 1 }));
}

#[test]
fn a_row_stays_failed_until_it_went_well_in_whichever_batch() {
    let mut batches = Batches::default();
    let first = begun(&mut batches, 1);
    asked(&mut batches, "report", &report(&first, "1", &["a", "b", "c"], &["a", "b"]), at(1)).expect("counted");
    asked(&mut batches, "end", &json!({ "batch": first["id"] }), at(2)).expect("ended");
    let second = begun(&mut batches, 2);
    assert_ne!(first["id"], second["id"]);
    asked(&mut batches, "report", &report(&second, "1", &["a", "b"], &["b"]), at(3)).expect("counted");
    let left = asked(&mut batches, "rows", &json!({ "name": "catalog" }), at(4)).expect("rows");
    let row = json!({ "key": "b", "message": "no name", "row": { "id": "b" }, "attempts": 2 });
    assert_eq!(left, json!({ "rows": [row], "left": 1, "next": null }));
    let others = asked(&mut batches, "rows", &json!({ "name": "other" }), at(4)).expect("rows");
    assert_eq!(others, json!({ "rows": [], "left": 0, "next": null }));
}

#[test]
fn keys_of_a_batch_get_the_form_that_is_declared_for_it() {
    let mut batches = Batches::default();
    let begin = json!({ "name": "external", "mode": "full", "run": Uuid::from_u128(1) });
    let batch = asked(&mut batches, "begin", &begin, at(0)).expect("begun");
    asked(&mut batches, "report", &report(&batch, "1", &["ITEM-A", "Item-B"], &["ITEM-A", "Item-B"]), at(1))
        .expect("counted");
    asked(&mut batches, "report", &report(&batch, "2", &["item-a"], &[]), at(2)).expect("counted");
    let left = asked(&mut batches, "rows", &json!({ "name": "external" }), at(3)).expect("rows");
    assert_eq!((&left["left"], &left["rows"][0]["key"]), (&json!(1), &json!("item-b")), "{left}");
    let after = asked(&mut batches, "rows", &json!({ "name": "external", "after": "ITEM-B" }), at(3)).expect("rows");
    assert_eq!(after["left"], 0, "{after}");
    let twice = asked(&mut batches, "report", &report(&batch, "3", &["x", "X"], &[]), at(4)).expect_err("one key");
    assert_eq!(twice.status, StatusCode::BAD_REQUEST, "{twice}");
    assert!(
        asked(&mut batches, "report", &report(&batch, "3", &["x"], &[]), at(5)).is_ok(),
        "a refused report was not told"
    );
}

#[test]
fn failed_rows_come_page_by_page_while_they_are_mended() {
    let mut batches = Batches::default();
    let batch = begun(&mut batches, 1);
    let keys = ["a", "b", "c", "d", "e"];
    asked(&mut batches, "report", &report(&batch, "0", &keys, &keys), at(1)).expect("counted");
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let body = json!({ "name": "catalog", "limit": 2 });
        let body =
            after.as_ref().map_or(body.clone(), |after| json!({ "name": "catalog", "limit": 2, "after": after }));
        let page = asked(&mut batches, "rows", &body, at(2)).expect("rows");
        let rows: Vec<&str> =
            page["rows"].as_array().expect("a list").iter().filter_map(|r| r["key"].as_str()).collect();
        seen.extend(rows.iter().map(|key| (*key).to_owned()));
        asked(&mut batches, "report", &report(&batch, rows[0], &rows, &[]), at(3)).expect("counted");
        let Some(next) = page["next"].as_str() else { break };
        after = Some(next.to_owned());
    }
    assert_eq!(seen, keys);
}

#[test]
fn a_second_batch_of_a_name_waits_for_the_first() {
    let Ok(Operation::Begin(begin)) =
        parsed("begin", &json!({ "name": "catalog", "mode": "full", "run": Uuid::from_u128(2) }))
    else {
        panic!("not read")
    };
    let refusal = Batch::begin(&begin, Uuid::nil(), &[Uuid::from_u128(1)], at(0)).expect_err("one is under way");
    assert_eq!(refusal.status, StatusCode::LOCKED);
    assert!(refusal.retry_after.is_some(), "worth another try: {refusal}");
}

#[test]
fn the_rest_is_foretold_from_the_time_at_work_without_the_pauses() {
    let begin = Begin { name: "catalog".into(), mode: "full".into(), run: Uuid::nil() };
    let mut batch = Batch::begin(&begin, Uuid::nil(), &[], at(0)).expect("begun");
    assert_eq!((batch.rate(), batch.rest_seconds()), (None, None), "nothing to tell it by");
    let chunk = |cursor: u32| Report {
        batch: Uuid::nil(),
        cursor: cursor.to_string(),
        keys: (0..200).map(|n| format!("{cursor}-{n}")).collect(),
        failed: Vec::new(),
        total: Some(1_000),
    };
    batch.count(&chunk(0), at(2)).expect("counted");
    // The CRM is unavailable for ten hours.
    batch.count(&chunk(1), at(36_000)).expect("counted");
    batch.count(&chunk(2), at(36_004)).expect("counted");
    assert_eq!((batch.done, batch.rate(), batch.rest_seconds()), (600, Some(100.0), Some(4)));
    batch.count(&chunk(3), at(30_000)).expect("a clock that went back");
    assert_eq!(batch.changed_at, at(36_004));
    batch.end(at(36_006));
    assert_eq!((batch.total, batch.rest_seconds()), (Some(800), None), "fewer rows than there were at the beginning");
    let ended = batch.clone();
    batch.end(at(40_000));
    assert_eq!(batch, ended);
    assert_eq!(batch.count(&chunk(4), at(40_000)).expect_err("over").status, StatusCode::CONFLICT);
}

#[test]
fn a_total_is_never_less_than_what_is_done() {
    let begin = Begin { name: "catalog".into(), mode: "full".into(), run: Uuid::nil() };
    let mut batch = Batch::begin(&begin, Uuid::nil(), &[], at(0)).expect("begun");
    let keys: Vec<String> = (0..3).map(|n| n.to_string()).collect();
    let mut chunk = Report { batch: Uuid::nil(), cursor: "1".into(), keys, failed: Vec::new(), total: Some(2) };
    batch.count(&chunk, at(1)).expect("counted");
    assert_eq!(batch.total, Some(3));
    chunk.total = None;
    batch.count(&chunk, at(2)).expect("counted");
    assert_eq!((batch.done, batch.total), (6, Some(6)));
}

#[test]
fn an_invalid_value_is_refused_with_the_reason() {
    let id = Uuid::nil();
    let many: Vec<String> = (0..1_001).map(|n| n.to_string()).collect();
    let failed = |key: &str, row: Value| json!([{ "key": key, "message": "m", "row": row }]);
    for (name, body) in [
        ("begin", json!({ "name": "", "mode": "full", "run": id })),
        ("begin", json!({ "name": "a\0", "mode": "full", "run": id })),
        ("begin", json!({ "name": "a", "mode": "full", "run": "no id" })),
        ("begin", json!({ "name": "a", "mode": "full", "run": id, "more": 1 })),
        ("report", json!({ "batch": id, "cursor": "1", "keys": many })),
        ("report", json!({ "batch": id, "cursor": "1", "keys": ["a", "a"] })),
        ("report", json!({ "batch": id, "cursor": "1", "keys": ["a"], "total": -1 })),
        ("report", json!({ "batch": id, "cursor": "1", "keys": ["a"], "failed": failed("b", json!(1)) })),
        ("report", json!({ "batch": id, "cursor": "1", "keys": ["a"], "failed": failed("a", json!("\0")) })),
        (
            "report",
            json!({ "batch": id, "cursor": "1", "keys": ["a"], "failed": failed("a", json!("x".repeat(20_000))) }),
        ),
        ("rows", json!({ "name": "a", "limit": 0 })),
        ("rows", json!({ "name": "a", "limit": 1_001 })),
        ("end", json!({})),
    ] {
        assert_eq!(parsed(name, &body).expect_err("bad").status, StatusCode::BAD_REQUEST, "{name} {body}");
    }
    assert_eq!(parsed("drop", &json!({})).expect_err("unknown").status, StatusCode::NOT_FOUND);
    let mut batches = Batches::default();
    let nowhere = report(&json!({ "id": id }), "1", &["a"], &[]);
    assert_eq!(asked(&mut batches, "report", &nowhere, at(0)).expect_err("none").status, StatusCode::NOT_FOUND);
}

#[test]
fn a_message_of_any_length_is_kept_short() {
    let failed = Failed { key: "a".into(), message: "ä".repeat(5_000), row: Value::Null };
    assert_eq!(failed.told().chars().count(), MESSAGE_CHARS_MAX);
}

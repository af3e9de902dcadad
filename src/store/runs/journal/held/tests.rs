//! Values stored elsewhere are back when a row is read.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::*;
use crate::machine::{Actor, Change, Record, Time};
use crate::store::nodes::formats::{HELD, NEWEST, ONE_DECISION};
use crate::store::runs::commit::{self, Beginning, NewEvent, NewRun};
use crate::store::runs::journal::{encode, encode_from, export, genesis, imported, stored};
use crate::store::{definitions, fixture};

fn started(input: Value) -> Record {
    let change = Change::RunStarted {
        input: Arc::new(input),
        transformed: None,
        key: None,
        event: None,
        parent: None,
        deadline: None,
        environment: None,
        queued: false,
    };
    Record { actor: Actor("source:\"kind\":\"run.started\"".into()), ..Record::of_engine(Time::UNIX_EPOCH, change) }
}

fn completed(output: Value) -> Record {
    Record::of_engine(Time::UNIX_EPOCH, Change::RunCompleted { output: Arc::new(output) })
}

fn row_of(record: &Record, source: Option<&Source<'_>>) -> NewRow {
    let (mut rows, _) = encode_from(std::slice::from_ref(record), 0, [0; 32], NEWEST, source).unwrap();
    rows.remove(0)
}

fn large(letter: char) -> String {
    letter.to_string().repeat(LARGE)
}

/// Reassembles the columns `data` and `held` as the database does, for payloads.
fn whole(row: &NewRow) -> String {
    let (kept, held) = (row.kept().into_owned(), row.held().unwrap_or_default());
    let (mut whole, mut taken, mut held) = (String::new(), 0, held.as_slice());
    while !held.is_empty() {
        let hole = u32::from_be_bytes(held[..4].try_into().unwrap()) as usize;
        assert_eq!((held[4], &kept[hole..hole + 4]), (b'p', "null"));
        let (_, body) = row.payloads().find(|(hash, _)| hash.as_slice() == &held[5..37]).unwrap();
        whole += &kept[taken..hole];
        whole += body;
        (taken, held) = (hole + 4, &held[37..]);
    }
    whole + &kept[taken..]
}

/// Values, some of them large, with names and texts that look like JSON.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z\"\\\\{}\\[\\]:,]{0,12}".prop_map(Value::from),
        ("[a-z\"\\\\é]", 60_000_usize..90_000).prop_map(|(c, n)| Value::from(c.repeat(n))),
        Just(json!([])),
        any::<i32>().prop_map(Value::from),
    ];
    text.prop_recursive(4, 24, 6, |inner| {
        let name = prop_oneof!["[a-z\"\\\\]{0,6}", Just("n".repeat(70_000))];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::hash_map(name, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_row_without_its_large_values_is_json_and_gets_them_back(values in prop::collection::vec(value(), 1..4)) {
        for value in values {
            let row = row_of(&completed(value), None);
            let kept: Value = serde_json::from_str(&row.kept()).unwrap();
            prop_assert!(kept.is_array());
            prop_assert_eq!(whole(&row), row.data.clone());
            prop_assert_eq!(row.format, if row.holes.is_empty() { ONE_DECISION } else { HELD });
            // Apart from names, which are not values, the rest is small unless many values together are large.
            prop_assert!(row.payloads().all(|(_, body)| body.len() >= LARGE));
        }
    }

    #[test]
    fn a_compacted_text_is_what_the_parser_would_write(value in value()) {
        prop_assert_eq!(compact(&serde_json::to_string_pretty(&value).unwrap()), value.to_string());
    }
}

#[test]
fn a_large_value_is_held_once_however_it_is_wrapped() {
    let answer = json!({ "rows": [large('a'), 1] });
    let first = row_of(&completed(json!({ "body": answer, "status": 200 })), None);
    let second = row_of(&completed(json!([{ "deep": { "er": answer } }, "small"])), None);
    let hashes = |row: &NewRow| row.payloads().map(|(hash, _)| *hash).collect::<Vec<_>>();
    assert_eq!(hashes(&first).len(), 1);
    assert_eq!(hashes(&first), hashes(&second));
    assert!(first.kept().len() < 300, "{}", first.kept().len());
    // Many small values are stored together.
    let many = row_of(&completed(json!({ "items": (0..40_000).collect::<Vec<_>>(), "big": large('b') })), None);
    assert_eq!((hashes(&many).len(), many.kept().len() < 300), (2, true));
    // A value just below the minimum size stays in the row.
    assert!(row_of(&completed(json!("x".repeat(LARGE - 3))), None).holes.is_empty());
    assert!(!row_of(&completed(json!("x".repeat(LARGE - 2))), None).holes.is_empty());
}

#[test]
fn nodes_of_the_format_before_write_whole_rows() {
    let (rows, _) = encode(&[completed(json!(large('a')))], 0, [0; 32], ONE_DECISION).unwrap();
    assert_eq!((rows[0].format, rows[0].held()), (ONE_DECISION, None));
}

#[test]
fn only_a_text_that_is_the_input_exactly_stands_for_it() {
    let event = Uuid::from_u128(7);
    let data = json!({ "name": "a  b", "text": "x".repeat(200) });
    let text = data.to_string();
    let pretty = serde_json::to_string_pretty(&data).unwrap();
    assert!(!Source::of(event, text.as_bytes(), None, &text).unwrap().is_compacted);
    assert!(Source::of(event, pretty.as_bytes(), None, &text).unwrap().is_compacted);
    assert!(!Source::of(event, b"envelope", Some(&text), &text).unwrap().is_compacted);
    let escaped = text.replace("a  b", "a  \\u0062");
    for other in [escaped.as_bytes(), b"\xff", b"", b"{}"] {
        assert!(Source::of(event, other, None, &text).is_none());
    }
    assert!(Source::of(event, b"{}", None, "{}").is_none(), "naming the event would take more");

    let source = Source::of(event, text.as_bytes(), None, &text).unwrap();
    for input in [data.clone(), json!([data]), json!([data, 1])] {
        let row = row_of(&started(input), Some(&source));
        assert_eq!((row.holes.len(), row.kept().contains("a  b")), (1, false));
    }
    for input in [json!([1, data]), json!({ "in": data }), json!([[data]])] {
        let row = row_of(&started(input), Some(&source));
        assert!(row.kept().contains("a  b"), "{}", row.kept());
    }
}

async fn definition(pool: &PgPool) {
    let (namespace, name, version, source, functions) = ("test", "a", "1.0.0", "", "{}");
    let new =
        definitions::NewDefinition { namespace, name, version, hash: &[1], source, functions, deployed_by: "test" };
    assert!(definitions::insert(pool, &new).await.unwrap());
}

/// Stores a run that an event started, and a second decision with large values. Returns the texts of its rows.
async fn store(pool: &PgPool, event: &NewEvent, input: &Value) -> (NewRun, Vec<String>) {
    let run = fixture::run(Uuid::now_v7());
    let text = input.to_string();
    let source = Source::of(event.id, &event.body, event.data.as_deref(), &text);
    let first = started(json!([input]));
    let (mut rows, head) = encode_from(&[first], 0, genesis(run.id), NEWEST, source.as_ref()).unwrap();
    let answer = json!({ "list": large('ß') });
    let again = [completed(answer.clone()), completed(json!({ "again": answer, "second": large('b') }))];
    rows.extend(encode(&again, 1, head, NEWEST).unwrap().0);
    let conn = &mut *pool.acquire().await.unwrap();
    let beginning = Beginning { run: &run, rows: &rows, with: Some(event.id) };
    assert_eq!(commit::accept(conn, None, &[event], &[beginning]).await.unwrap().stored.len(), 1);
    let with: Vec<_> = rows.iter().filter(|row| row.has_payloads()).map(|row| (run.id, row)).collect();
    keep(conn, &with).await.unwrap();
    keep(conn, &with).await.unwrap();
    (run, rows.into_iter().map(|row| row.data).collect())
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn an_event_and_what_is_large_stand_once_and_rows_are_read_whole(pool: PgPool) {
    definition(&pool).await;
    let input = json!({ "a  b": "\"\\ \t\u{e9}\u{2003} {[:, ]}", "n": [1.50, -0.0, 1e300, null, true], "text": "y".repeat(100) });
    let text = input.to_string();
    let pretty = serde_json::to_string_pretty(&input).unwrap();
    let bodies = [(text.clone(), None), (pretty, None), ("{ \"data\": 1 }".to_owned(), Some(text))];
    for (body, data) in bodies {
        let event = NewEvent { body: body.into(), data, ..fixture::event(Uuid::now_v7()) };
        let (run, texts) = store(&pool, &event, &input).await;
        let read = stored(&pool, run.id, 0, 100).await.unwrap();
        assert_eq!(read.iter().map(|row| row.data.clone()).collect::<Vec<_>>(), texts);
        let mut before = genesis(run.id).to_vec();
        for row in read {
            assert!(row.follows(&before));
            before.clone_from(&row.hash);
            row.records().unwrap();
        }
        let exported = export(&pool, run.id, 0, 100).await.unwrap();
        for (row, text) in exported.iter().zip(&texts) {
            let row: &serde_json::value::RawValue = serde_json::from_str(&row.row).unwrap();
            assert_eq!(&imported(run.id, row).unwrap().data, text);
        }
    }
    assert_eq!(count(&pool, "select count(*) from payloads").await, 6, "two for each run");
    assert_eq!(count(&pool, "select count(*) from journal where seq > 1 and length(data::text) > 200").await, 0);
    assert_eq!(count(&pool, "select count(*) from journal where seq = 1 and data::text like '%yyy%'").await, 0);
    let shown = "select count(*) from journal_records where length(data::text) > 65536 or data::text like '%yyy%'";
    assert_eq!(count(&pool, shown).await, 9);
    sqlx::query("delete from runs").execute(&pool).await.unwrap();
    assert_eq!(count(&pool, "select count(*) from payloads").await, 0, "a payload goes with its run");
}

#[sqlx::test]
async fn a_payload_or_an_event_that_is_missing_or_changed_is_found_and_never_passed_over(pool: PgPool) {
    definition(&pool).await;
    let input = json!({ "text": "y".repeat(200) });
    for (forge, is_readable) in [
        ("delete from payloads", false),
        ("update payloads set body = '\"other\"'", true),
        ("update journal set held = '\\x00ff' where held is not null", false),
        ("update journal set held = '\\xffffffff70' where held is not null", false),
        ("update journal set held = null where held is not null", true),
        ("delete from events", false),
        ("update events set body = '{\"text\":\"z\"}'", true),
    ] {
        sqlx::raw_sql("delete from runs; delete from journal").execute(&pool).await.unwrap();
        let event = NewEvent { body: input.to_string().into(), ..fixture::event(Uuid::now_v7()) };
        let (run, _) = store(&pool, &event, &input).await;
        sqlx::query(forge).execute(&pool).await.unwrap();
        let mut before = genesis(run.id).to_vec();
        let (mut follow, mut read) = (true, true);
        for row in stored(&pool, run.id, 0, 100).await.unwrap() {
            follow &= row.follows(&before);
            before.clone_from(&row.hash);
            read &= row.records().is_ok();
        }
        assert_eq!((follow, read), (false, is_readable), "{forge}");
    }
}

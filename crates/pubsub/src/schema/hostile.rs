//! Schemas and payloads that would crash the process.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Half the stack of a runtime thread.
const STACK_BYTES: usize = 1 << 20;

/// Runs `run` on a stack so small that deep recursion crashes the process.
fn on_a_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join().unwrap()
}

fn refused(schema: String, why: &str) {
    let error = on_a_small_stack(move || Schema::parse(&schema).map(drop)).unwrap_err().to_string();
    assert!(error.contains(why) && error.len() < 1_000, "{why}: {error}");
}

fn record(name: &str, fields: &Value) -> Value {
    json!({ "type": "record", "name": name, "fields": fields })
}

#[test]
fn a_record_that_contains_itself_is_refused() {
    let itself = record("A", &json!([{ "name": "a", "type": "A", "default": {} }]));
    refused(itself.to_string(), "contains itself");
    let in_turn = record("A", &json!([{ "name": "b", "type": record("B", &json!([{ "name": "a", "type": "A" }])) }]));
    refused(in_turn.to_string(), "contains itself");
    let perhaps = record("A", &json!([{ "name": "a", "type": ["null", "A"] }]));
    refused(perhaps.to_string(), "contains itself");
    let many = record("A", &json!([{ "name": "a", "type": { "type": "array", "items": "A" } }]));
    refused(many.to_string(), "contains itself");
}

#[test]
fn names_that_double_with_each_step_are_refused_where_they_become_too_many() {
    let doubled = |steps: usize| {
        let mut fields = vec![json!({ "name": "r0", "type": record("R0", &json!([{ "name": "n", "type": "null" }])) })];
        for step in 1..steps {
            let before = format!("R{}", step - 1);
            let twice = json!([{ "name": "a", "type": before }, { "name": "b", "type": before }]);
            fields.push(json!({ "name": format!("r{step}"), "type": record(&format!("R{step}"), &twice) }));
        }
        record("Doubled", &json!(fields)).to_string()
    };
    assert!(Schema::parse(&doubled(10)).is_ok());
    refused(doubled(20), "more than 20000 fields");
    refused(doubled(200), "more than 20000 fields");
}

#[test]
fn types_that_are_kept_once_more_under_each_name_around_them_are_refused() {
    let fields: Vec<Value> = (0..3_000).map(|n| json!({ "name": format!("f{n}"), "type": "int" })).collect();
    let mut of = record("R0", &json!(fields));
    assert!(Schema::parse(&of.to_string()).is_ok());
    for n in 1..10 {
        of = record(&format!("R{n}"), &json!([{ "name": "a", "type": of }]));
    }
    refused(of.to_string(), "more than 20000 fields");
}

#[test]
fn types_nested_too_deep_are_refused_whether_in_the_text_or_by_name() {
    let mut nested = json!("string");
    for _ in 0..40 {
        nested = json!({ "type": "array", "items": nested });
    }
    refused(record("A", &json!([{ "name": "a", "type": nested }])).to_string(), "nested more than 24 deep");
    let text = format!("{}{}", "{\"type\":".repeat(100_000), "}".repeat(100_000));
    refused(text, "recursion limit");
    let chained: Vec<Value> = (0..500)
        .map(|n| {
            let inner = if n == 0 { json!("string") } else { json!(format!("R{}", n - 1)) };
            json!({ "name": format!("f{n}"), "type": record(&format!("R{n}"), &json!([{ "name": "a", "type": inner }])) })
        })
        .collect();
    refused(record("A", &json!(chained)).to_string(), "nested more than 24 deep");
}

#[test]
fn what_is_too_large_in_itself_is_refused() {
    let fixed = json!({ "type": "fixed", "name": "F", "size": 4_000_000_000_u64 });
    refused(record("A", &json!([{ "name": "a", "type": fixed }])).to_string(), "at most 65536 bytes");
    let fields: Vec<Value> = (0..60_000).map(|n| json!({ "name": format!("{n:x}"), "type": "int" })).collect();
    refused(record("A", &json!(fields)).to_string(), "more than");
    let name = "n".repeat(300);
    refused(record("A", &json!([{ "name": name, "type": "int" }])).to_string(), "255 characters");
    refused(" ".repeat(2 << 20), "1048576 bytes");
}

#[test]
fn a_payload_that_claims_more_than_it_has_is_refused_before_anything_is_reserved() {
    let of =
        |schema: Value| Schema::parse(&record("A", &json!([{ "name": "a", "type": schema }])).to_string()).unwrap();
    let (texts, map) = (json!({ "type": "array", "items": "string" }), json!({ "type": "map", "values": "null" }));
    let billion = [0x80, 0xa8, 0xd6, 0xb9, 0x07];
    for (schema, payload, why) in [
        (json!("string"), &billion[..], "ends before"),
        (json!("bytes"), &billion[..], "ends before"),
        (texts.clone(), &billion[..], "1000000000 items"),
        (map, &billion[..], "1000000000 items"),
        (texts, &[0x01, 0x80, 0x80][..], "ends before"),
        (json!(["null", "string"]), &[0x08][..], "variant 4"),
        (json!("long"), &[0xff; 11][..], "more than ten bytes"),
    ] {
        let error = of(schema).decode(payload).unwrap_err().to_string();
        assert!(error.contains(why), "{why}: {error}");
    }
}

#[test]
fn a_small_payload_cannot_become_large_values() {
    // Each item takes one byte but has a thousand fields.
    let fields: Vec<Value> = (0..1_000).map(|n| json!({ "name": format!("field_{n}"), "type": "null" })).collect();
    let item = record(
        "Item",
        &json!([{ "name": "n", "type": "boolean" }, { "name": "all", "type": record("All", &json!(fields)) }]),
    );
    let schema = record("A", &json!([{ "name": "items", "type": { "type": "array", "items": item } }]));
    let schema = Schema::parse(&schema.to_string()).unwrap();
    let items = 100_000_usize;
    let payload = [&[0xc0, 0x9a, 0x0c][..], &vec![0; items], &[0]].concat();
    let error = schema.decode(&payload).unwrap_err().to_string();
    assert!(error.contains("would take more than"), "{error}");
    // A list in a million blocks; the library reallocates for each.
    let texts = record("A", &json!([{ "name": "a", "type": { "type": "array", "items": "boolean" } }]));
    let parts = [0x02, 0x00].repeat(500_000);
    let error = Schema::parse(&texts.to_string()).unwrap().decode(&parts).unwrap_err().to_string();
    assert!(error.contains("more than 64 parts"), "{error}");
}

#[test]
fn bitmaps_name_no_more_fields_than_a_record_can_have() {
    let texts = json!({ "type": "array", "items": "string" });
    let header = record("H", &json!([{ "name": "changedFields", "type": texts }]));
    let mut fields = vec![json!({ "name": "ChangeEventHeader", "type": header })];
    fields.extend((0..1_500).map(|n| json!({ "name": format!("f{n}"), "type": ["null", "string"] })));
    let schema = Schema::parse(&record("A", &json!(fields)).to_string()).unwrap();
    // A hundred bitmaps of 1,500 fields each.
    let bitmap = format!("0x{}", "F".repeat(375));
    let text = [&[0xf2, 0x05][..], bitmap.as_bytes()].concat();
    let payload = [&[0xc8, 0x01][..], &text.repeat(100), &[0], &[0; 1_500]].concat();
    let read = schema.decode(&payload).unwrap();
    let named = read["ChangeEventHeader"]["changedFields"].as_array().unwrap().len();
    assert!((5_000..10_000).contains(&named), "{named}");
}

/// Types that refer to others or to themselves by name.
fn types() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec!["A", "B", "C", "int", "string", "null", "bytes", "double", "boolean", "x.B"]);
    let size = prop_oneof![0..64_u64, Just(u64::MAX), Just(1 << 40)];
    let leaf = prop_oneof![
        6 => names.clone().prop_map(|name| json!(name)),
        1 => (names.clone(), size).prop_map(|(name, size)| json!({ "type": "fixed", "name": name, "size": size })),
        1 => names.clone().prop_map(|name| json!({ "type": "enum", "name": name, "symbols": ["one", "two"] })),
        1 => prop::sample::select(vec!["date", "decimal", "big-decimal", "uuid", "duration", "timestamp-millis"])
            .prop_flat_map(|logical| prop::sample::select(vec!["int", "long", "bytes", "string"])
                .prop_map(move |of| json!({ "type": of, "logicalType": logical, "precision": 5, "scale": 2 }))),
        1 => any::<i32>().prop_map(|other| json!(other)),
    ];
    leaf.prop_recursive(6, 64, 5, move |inner| {
        let fields = prop::collection::vec(("[a-d]{1,3}", inner.clone()), 0..5).prop_map(|fields| {
            fields.into_iter().map(|(name, of)| json!({ "name": name, "type": of, "default": {} })).collect::<Vec<_>>()
        });
        prop_oneof![
            inner.clone().prop_map(|items| json!({ "type": "array", "items": items })),
            inner.clone().prop_map(|values| json!({ "type": "map", "values": values })),
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            (names.clone(), fields)
                .prop_map(|(name, fields)| json!({ "type": "record", "name": name, "fields": fields })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_schema_and_no_payload_ends_the_process(
        of in types(),
        payload in prop::collection::vec(prop_oneof![3 => 0..16_u8, 1 => any::<u8>()], 0..200),
    ) {
        let schema = record("Whole", &json!([{ "name": "f", "type": of }])).to_string();
        let read = on_a_small_stack(move || Schema::parse(&schema).ok().and_then(|schema| schema.decode(&payload).ok()));
        // A small payload must not give a large value.
        prop_assert!(read.is_none_or(|read| read.to_string().len() < 1 << 20));
    }

    #[test]
    fn no_text_is_a_schema_that_ends_the_process(text in "[\\[\\]{}\":,a-z0-9]{0,300}") {
        let _ = on_a_small_stack(move || Schema::parse(&text).is_ok());
    }
}
